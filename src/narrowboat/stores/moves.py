"""Changes of state: one edge of the transition table, one event."""

from __future__ import annotations

from collections.abc import Mapping

from narrowboat.errors import (
    DeadlinePassed,
    IllegalTransition,
    SinkUnavailable,
    SourceUnavailable,
    TargetUnavailable,
    UnknownRun,
)
from narrowboat.kernel.model import DURATIONS, ENDED, STILL, Run, State, check_transition
from narrowboat.stores import notices
from narrowboat.stores.database import Row, Session
from narrowboat.stores.rows import to_run, to_text

_AWAY: Mapping[str | None, str] = {
    SourceUnavailable.code: "the data source",
    TargetUnavailable.code: "the data's destination",
    SinkUnavailable.code: "the place where files are kept",
}
"""What a run waits for that was last stopped by such an error."""


def view(tx: Session, run_id: str) -> Run:
    """The run as people see it. Raises UnknownRun."""
    row = tx.row("run", run=to_text(run_id))
    if row is None:
        raise unknown(run_id)
    return run_of(tx, row)


def unknown(run_id: str) -> UnknownRun:
    """The error for an id that is none, or none any more."""
    return UnknownRun(f"There is no run {to_text(run_id)}; it may have been purged after its retention.")


def run_of(tx: Session, row: Row) -> Run:
    """A row as a run, with the sums of its parts where it is fanned out."""
    return to_run(row, tx.row("parts_sum", run=row["id"]) if row["fan_out"] else None)


def move(tx: Session, run: Row, after: State, *, by: str | None = None) -> None:
    """Take one edge; `run` is a locked row and follows. Raises IllegalTransition where there is no such edge."""
    before = State(run["state"])
    reason = check_transition(run["id"], before, after)
    ended, still = int(after in ENDED), int(before in STILL)
    if not tx.change("run_move", run=run["id"], before=before.value, after=after.value, ended=ended, still=still):
        raise IllegalTransition(f"Run {run['id']} is not {before} any more: it changed meanwhile. Ask again.")
    record(tx, run["id"], before, after, reason, by)
    run["state"] = after.value
    if after in ENDED:
        add_up(tx, run["id"])
        notices.fall_due(tx, run["id"], after)
    if run["fan_out"] and after in ENDED:
        tx.change("parts_reopen", run=run["id"])


def add_up(tx: Session, run_id: str) -> None:
    """One more run ended: what it did goes to the totals of its job. One that is resumed ends, and counts, again."""
    run = view(tx, run_id)
    seconds = run.took(now=0.0)
    tx.change(
        "total_add",
        job=run.job,
        state=run.state.value,
        rows=run.counters.rows,
        rejected=run.counters.rejected,
        bytes=run.counters.bytes,
        seconds=seconds,
        **{f"within_{edge}": int(seconds <= edge) for edge in DURATIONS},
        begun=int(run.first_rows is not None),
        first_rows_seconds=run.first_rows_took,
        memory=run.memory,
    )


def record(tx: Session, run_id: str, before: State | None, after: State, reason: str, by: str | None) -> None:
    """The event of a transition."""
    name = None if before is None else before.value
    tx.change("event_insert", run=run_id, before=name, after=after.value, reason=reason, by=to_text(by))


def blame(tx: Session, run: Row, code: str, message: str) -> None:
    """Say why a run does not go on."""
    tx.change("run_blame", run=run["id"], code=code, message=to_text(message))


def time_out(tx: Session, run: Row) -> None:
    """The time is up: say so, and what helps."""
    limit = f" of {run['time_limit']:g} s" if run["time_limit"] is not None else ""
    advice = "Resume it to go on with its time anew, or ask for fewer rows."
    if away := _AWAY.get(run["error_code"]):
        limit += f" while {away} could not be reached,"
        advice = "Resume it when that is back; it then has its time anew."
    message = f"The run reached its time limit{limit} and was stopped; what was committed is kept. {advice}"
    blame(tx, run, DeadlinePassed.code, message)
    move(tx, run, State.TIMED_OUT)


def settle(tx: Session, run: Row) -> None:
    """A run that is asked to stop has stopped when nobody holds it or a part of it."""
    after = {State.PAUSING: State.PAUSED, State.CANCELLING: State.CANCELLED}.get(State(run["state"]))
    if after and run["worker"] is None and not tx.rows("parts_leased", run=run["id"]):
        move(tx, run, after)


def is_late(run: Row) -> bool:
    """Its deadline has passed."""
    return bool(run["deadline_at"] is not None and run["deadline_at"] < run["now"])


def is_complete(tx: Session, run: Row) -> bool:
    """Its last chunk, or all its parts, are committed; what is left is to publish, which no deadline forbids."""
    return bool(run["done"] or (run["planned"] and tx.row("parts_undone", run=run["id"]) is None))
