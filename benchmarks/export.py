"""Whole exports, ours and the peers', one process each, interleaved: CPU, memory, time, file size, ratios.

    python -m benchmarks.export [--rows 33407] [--repeat 5] [--only narrowboat,rustpy] [--json]

Ratios are of CPU seconds, round by round, and the median is shown: what else the machine did in a round
slowed all of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import tables
from benchmarks.data import TABLE, database
from benchmarks.install import install
from benchmarks.measure import Usage, run
from benchmarks.places import CACHE, OURS, PEERS, ROOT

XLSX, CSV = "narrowboat xlsx", "narrowboat csv"
PEER_NAMES = (
    "fetch alone",
    "csv.writer",
    "rustpy-xlsxwriter",
    "XlsxWriter constant_memory, write_row",
    "XlsxWriter constant_memory, by type",
    "XlsxWriter default",
    "openpyxl write-only",
    "openpyxl write-only + lxml",
    "pandas + openpyxl",
    "pandas + openpyxl + lxml",
)
NAMES = (XLSX, CSV, *PEER_NAMES)


class Target(NamedTuple):
    """At most this ratio of `ours` to `peer`."""

    ours: str
    peer: str
    most: float
    of: str = "cpu"


TARGETS = (
    Target(XLSX, "rustpy-xlsxwriter", 0.6),
    Target(XLSX, "XlsxWriter constant_memory, write_row", 1 / 12),
    Target(XLSX, "XlsxWriter constant_memory, by type", 1 / 12),
    Target(XLSX, "pandas + openpyxl", 1 / 35),
    Target(XLSX, "fetch alone", 4.0),
    Target(CSV, "csv.writer", 1.2),
    Target(XLSX, "XlsxWriter default", 1.15, of="size"),
)


class Export(NamedTuple):
    """One export that was run."""

    usage: Usage
    size: int


def command(name: str, database: Path, folder: Path) -> tuple[list[str | Path], Path]:
    """The command line of a contestant, and the file it makes."""
    if name in PEER_NAMES:
        out = folder / ("out.csv" if name == "csv.writer" else "out.xlsx")
        return [PEERS, ROOT / "benchmarks" / "peers.py", name, database, out], out
    out = folder / ("out.csv" if name == CSV else "out.xlsx")
    command = Path(OURS).with_name("narrowboat")
    return [command, "export", f"sqlite:///{database}", "--table", TABLE, "--to", out], out


def export(name: str, database: Path, folder: Path) -> Export:
    """Run one contestant and remove what it made. Raises RuntimeError with its last lines if it fails."""
    line, out = command(name, database, folder)
    log = folder / "log"
    out.unlink(missing_ok=True)
    usage = run(line, log=log)
    if usage.status:
        raise RuntimeError(f"{name} ended with status {usage.status}:\n{log.read_text()[-2000:]}")
    size = out.stat().st_size if out.exists() else 0
    out.unlink(missing_ok=True)
    return Export(usage, size)


def rounds(names: Sequence[str], leads: Path, repeat: int) -> dict[str, list[Export]]:
    """`repeat` rounds; in each, every contestant once, and each round begins with another."""
    sample = database(100)
    folder = CACHE / "out"
    folder.mkdir(exist_ok=True)
    made: dict[str, list[Export]] = {name: [] for name in names}
    for name in names:
        export(name, sample, folder)  # so that Python has compiled every module
    for number in range(repeat):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            made[name].append(export(name, leads, folder))
    return made


def ratio(ours: Sequence[Export], theirs: Sequence[Export], of: str) -> float:
    """The median over the rounds of ours / theirs."""
    if of == "size":
        return ours[-1].size / theirs[-1].size
    return median(a.usage.cpu / b.usage.cpu for a, b in zip(ours, theirs, strict=True))


def figures(made: dict[str, list[Export]]) -> list[tables.Record]:
    """One line a contestant."""
    return [
        {
            "export": name,
            "cpu s": median(e.usage.cpu for e in exports),
            "cpu min": min(e.usage.cpu for e in exports),
            "cpu max": max(e.usage.cpu for e in exports),
            "wall s": median(e.usage.wall for e in exports),
            "peak MB": max(e.usage.peak_mb for e in exports),
            "file MB": exports[-1].size / 1e6,
            "xlsx / this": ratio(made[XLSX], exports, "cpu") if XLSX in made and name != XLSX else None,
        }
        for name, exports in made.items()
    ]


def verdicts(made: dict[str, list[Export]]) -> list[tables.Record]:
    """Each target beside what was measured."""
    reached: list[tables.Record] = []
    for target in TARGETS:
        if target.ours in made and target.peer in made:
            got = ratio(made[target.ours], made[target.peer], target.of)
            name = f"{target.ours} / {target.peer}, {target.of}"
            reached.append({"ratio": name, "measured": got, "at most": target.most, "holds": got <= target.most})
    return reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=33407)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", default="", help="parts of names, separated by commas")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    wanted = [part for part in options.only.split(",") if part]
    names = [name for name in NAMES if not wanted or any(part in name for part in wanted)]
    install()
    made = rounds(names, database(options.rows), options.repeat)
    title = f"SQLite to a file, {options.rows:,} rows x 20, {options.repeat} rounds"
    tables.show(title, figures(made), as_json=options.json)
    tables.show("Targets", verdicts(made), as_json=options.json)


if __name__ == "__main__":
    main()
