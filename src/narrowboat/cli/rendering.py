"""Runs and their events, as the command line shows them: to people, and to programs as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from narrowboat.kernel.model import Event, Run

if TYPE_CHECKING:
    from narrowboat.kernel.outbox import Notice


def run_json(run: Run) -> dict[str, Any]:
    """A run as JSON, in the words of the HTTP interface. Moments are ISO 8601 in UTC; sizes are bytes."""
    file = run.artifact
    return {
        "id": run.id,
        "job": run.job,
        "state": run.state,
        "ended": run.ended,
        "owner": run.owner,
        "queue": run.queue,
        "done": run.counters.rows,
        "total": run.total,
        "total_estimated": run.total_estimated,
        "bytes": run.counters.bytes,
        "rejected": run.counters.rejected,
        "altered": run.counters.altered,
        "created_at": moment(run.created),
        "started_at": moment(run.started),
        "finished_at": moment(run.finished),
        "worker": run.worker,
        "parent": run.parent,
        "relation": run.relation,
        "error": error_json(run),
        "artifact": {"filename": file.path, "bytes": file.bytes, "sha256": file.sha256, "copy": file.copy}
        if file
        else None,
    }


def error_json(run: Run) -> dict[str, str | None] | None:
    """The run's error as JSON, if it has one."""
    return {"code": run.error_code, "message": run.error} if run.error_code else None


def event_json(event: Event) -> dict[str, Any]:
    """A transition as JSON."""
    return {
        "at": moment(event.at),
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "by": event.by,
    }


def notice_json(notice: Notice) -> dict[str, Any]:
    """Who is told, and what became of it, as JSON."""
    from narrowboat.kernel.outbox import NoticeState

    waits = notice.state is NoticeState.WAITING
    return {
        "channel": notice.channel,
        "recipient": notice.recipient or None,
        "state": notice.state,
        "tries": notice.tries,
        "next_at": moment(notice.next) if waits else None,
        "error": notice.error,
    }


def amount(run: Run) -> str:
    """How far it is: `12,000 of 33,407`."""
    total = f" of {'~' if run.total_estimated else ''}{run.total:,}" if run.total is not None else ""
    return f"{run.counters.rows:,}{total}"


def moment(at: float | None) -> str | None:
    """A point of time: ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def readable(size: int) -> str:
    """Bytes for people: `5.1 MB`."""
    for factor, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
