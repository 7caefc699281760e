"""Plain tables, and JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | None
Record: TypeAlias = Mapping[str, Cell]


def show(title: str, records: Sequence[Record], *, as_json: bool) -> None:
    """Print records under a title: aligned columns, or one JSON object on a line."""
    if as_json:
        print(json.dumps({"title": title, "machine": machine(), "rows": list(records)}), flush=True)
    elif records:
        print(f"\n{title}\n{table(records)}", flush=True)


def table(records: Sequence[Record]) -> str:
    """Records as aligned columns, the first to the left and the others to the right."""
    names = list(dict.fromkeys(name for record in records for name in record))
    lines = [names, *([text(record.get(name)) for name in names] for record in records)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )


def text(cell: Cell) -> str:
    """A cell as a person reads it."""
    match cell:
        case None:
            return "-"
        case bool():
            return "yes" if cell else "NO"
        case float():
            return f"{cell:.3f}" if abs(cell) < 10 else f"{cell:,.1f}"
        case int():
            return f"{cell:,}"
        case _:
            return cell


def machine() -> dict[str, str]:
    """What the figures were taken on, and how busy it was."""
    return {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cpu": f"{os.cpu_count()} x {_cpu_model()}",
        "load": f"{os.getloadavg()[0]:.2f}",
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
