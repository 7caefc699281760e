"""Account: what became of the rows of an import, as JSON. Pure: made of a run and its rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from narrowboat.jobs.importer import UNDO
from narrowboat.kernel.model import Reject, Run, State


def account(run: Run, rejects: Sequence[Reject]) -> dict[str, Any]:
    """All that is known of an import (or of a run that took one back).

    rejects: those that the store keeps, in order of row; `rejects_kept` says how many rows they are of. Of a run that
    took another back, `removed` and `restored` say how many records went and how many are as they were before.
    """
    cursor, counters, undone = run.cursor or {}, run.counters, run.kind == UNDO
    rows = _by_row(rejects)
    return {
        "id": run.id,
        "job": run.job,
        "kind": run.kind,
        "state": run.state.value,
        "complete": run.state in (State.SUCCEEDED, State.PARTIAL),
        "dry_run": bool(run.params.get("input", {}).get("dry_run")),
        "message": message(run),
        "rows": counters.rows,
        "created": 0 if undone else counters.created,
        "updated": 0 if undone else counters.updated,
        "removed": counters.created if undone else 0,
        "restored": counters.updated if undone else 0,
        "skipped": counters.skipped,
        "rejected": counters.rejected,
        "columns": cursor.get("columns", []),
        "warnings": [*cursor.get("warnings", []), *_not_kept(run, rows)],
        "rejects_kept": len(rows),
        "rejects": [_reject(found) for found in rows],
    }


def plain_account(run: Run, rejects: Sequence[Reject]) -> dict[str, Any]:
    """The same facts under the names that a simple import's answer has: `success`, `message`, `total_…`, `failed_…`."""
    counters, rows = run.counters, _by_row(rejects)
    one = run.job.removesuffix("s")
    return {
        "success": run.state is State.SUCCEEDED,
        "message": " ".join([message(run), *_not_kept(run, rows)]),
        "total_attempted": counters.rows,
        "total_created": counters.created,
        "total_failed": counters.rejected,
        f"failed_{run.job}": [
            {
                "source_row_number": found[0].row,
                "error": "; ".join(told(one.column, one.code, one.message) for one in found),
                f"{one}_data": found[0].data,
            }
            for found in rows
        ],
    }


def message(run: Run) -> str:
    """What became of the rows, in a sentence or two."""
    counters = run.counters
    if run.kind == UNDO:
        did = [(counters.created, "removed"), (counters.updated, "put back"), (counters.rejected, "left as they are")]
    else:
        did = [
            (counters.created, "created"),
            (counters.updated, "updated"),
            (counters.skipped, "skipped"),
            (counters.rejected, "rejected"),
        ]
    told = ", ".join(f"{number:,} {what}" for number, what in did if number) or "nothing to do"
    would = "Dry run, nothing was changed: " if run.params.get("input", {}).get("dry_run") else ""
    end = f" {run.error}" if run.error else ("" if run.ended else " It is not finished yet.")
    return f"{would}{counters.rows:,} rows: {told}.{end}"


def _not_kept(run: Run, rows: Sequence[object]) -> list[str]:
    """A sentence where the store has not all of them."""
    left = run.counters.rejected - len(rows)
    return [f"{left:,} of the refused rows are not listed; the file of rejects has all of them."] if left > 0 else []


def _by_row(rejects: Sequence[Reject]) -> list[list[Reject]]:
    return [list(found) for _, found in groupby(rejects, lambda reject: reject.row)]


def _reject(found: Sequence[Reject]) -> Mapping[str, Any]:
    return {
        "row": found[0].row,
        "problems": [{"column": one.column, "code": one.code, "message": one.message} for one in found],
        "data": found[0].data,
    }


def told(column: str | None, code: str, message: str | None) -> str:
    """A problem of a row in a sentence."""
    said = message or code
    return f"{column}: {said}" if column else said
