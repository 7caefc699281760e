"""Resubmitting: refused rows that somebody put right, as a file that an import reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from narrowboat.errors import BadParameter, IllegalTransition
from narrowboat.jobs.input import Input
from narrowboat.kernel.model import Run

MOST = 1000
"""Rows at once: as many rejects as the store keeps of a run."""
_LAST = 1 << 24
"""A row's number at most, since each is a line of the file."""


def choices_of(run: Run, kind: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How the rows are to be read: as those of `run` were. Raises BadParameter, IllegalTransition."""
    if run.kind != kind or not run.ended:
        raise IllegalTransition(f"Run {run.id} is no import that has ended; only such a one has rows to put right.")
    if not 1 <= len(rows) <= MOST:
        raise BadParameter(f"Send 1 to {MOST:,} rows at once. For more, upload the file of rejects, put right.")
    given = Input.parse(run.params["input"])
    headers = {header for row in rows for header in row["data"]}
    mapping = {header: field for header, field in given.mapping.items() if header in headers}
    return {"mapping": mapping, "guess": given.guess}


def lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """JSON, one object a line, each on the line of its number: so reports name it as the person knows it.

    Raises BadParameter where two rows have one number.
    """
    made, at = [], 0
    for row in sorted(rows, key=lambda one: one["row"]):
        if not at < row["row"] <= _LAST:
            raise BadParameter(
                f"There are two rows {row['row']}." if row["row"] == at else f"Row {row['row']} is no row."
            )
        made.append("\n" * (row["row"] - at - 1) + json.dumps(row["data"], allow_nan=False) + "\n")
        at = row["row"]
    return "".join(made).encode()
