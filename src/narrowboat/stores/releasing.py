"""How a slice ends: one `match` on its outcome decides what becomes of the run."""

from __future__ import annotations

from narrowboat.kernel.model import (
    ENDED,
    WORKING,
    Artifact,
    Control,
    Failed,
    Finished,
    Later,
    Lease,
    Outcome,
    Part,
    Run,
    State,
    Stopped,
    Yielded,
)
from narrowboat.stores.database import Row, Session
from narrowboat.stores.leasing import lost
from narrowboat.stores.moves import blame, move, run_of, settle, time_out, view
from narrowboat.stores.rows import from_artifact, to_run

MAX_TRIES = 10
"""After so many passing faults without progress between them a run has failed."""


def release(tx: Session, lease: Lease, outcome: Outcome) -> Run:
    """Give back a run or a part. After a part the counters of a run that goes on are not summed up: nobody looks."""
    if lease.part is None:
        _release_run(tx, lease, outcome)
        return view(tx, lease.run.id)
    _release_part(tx, lease, lease.part, outcome)
    row = tx.row("run", run=lease.run.id)
    assert row is not None  # noqa: S101  the part is there
    return run_of(tx, row) if row["state"] in ENDED else to_run(row)


def _release_run(tx: Session, lease: Lease, outcome: Outcome) -> None:
    run = tx.row("run_locked", run=lease.run.id)
    if run is None or run["fence"] != lease.fence or run["worker"] != lease.worker or run["state"] not in WORKING:
        raise lost(lease)
    tx.change("run_unlease", run=run["id"])
    tx.change("run_not_barren", run=run["id"])
    tx.change("served", owner=run["owner"], grain=0.0)
    run["worker"] = None
    _end_slice(tx, run, outcome)


def _end_slice(tx: Session, run: Row, outcome: Outcome) -> None:
    state = State(run["state"])
    match outcome:
        case _ if state is State.CANCELLING:
            settle(tx, run)
        case Finished(artifact):
            _finish(tx, run, artifact)
        case Failed(code, message):
            _fail(tx, run, code, message)
        case Stopped(Control.TIMED_OUT) if state is not State.PUBLISHING:
            time_out(tx, run)
        case Later(_, code, message) if run["tries"] + 1 >= MAX_TRIES and state is not State.PAUSING:
            _fail(tx, run, code, message)
        case Later(seconds, code, message):
            blame(tx, run, code, message)
            tx.change("run_postpone", run=run["id"], seconds=seconds)
            _wait(tx, run)
        case _:
            _wait(tx, run)


def _finish(tx: Session, run: Row, artifact: Artifact | None) -> None:
    if artifact is not None:
        tx.change("run_artifact", run=run["id"], artifact=from_artifact(artifact))
    move(tx, run, State.PARTIAL if run_of(tx, run).counters.rejected else State.SUCCEEDED)


def _fail(tx: Session, run: Row, code: str, message: str) -> None:
    blame(tx, run, code, message)
    move(tx, run, State.FAILED)


def _wait(tx: Session, run: Row) -> None:
    """For the next slice; a planned run stays running, its parts wait."""
    if run["state"] == State.PAUSING:
        settle(tx, run)
    elif run["state"] == State.PUBLISHING or not run["planned"]:
        move(tx, run, State.QUEUED)


def _release_part(tx: Session, lease: Lease, part: Part, outcome: Outcome) -> None:
    """A done part of a running run needs nothing more: then the run's row is not even locked."""
    held = _part_held(tx, lease, part)
    seen = tx.row("run", run=lease.run.id)
    if held["state"] == "done" and isinstance(outcome, Yielded | Finished) and seen and seen["state"] == State.RUNNING:
        return
    run = tx.row("run_locked", run=lease.run.id)
    held = _part_held(tx, lease, part)
    if held["state"] != "done":
        later = outcome if isinstance(outcome, Later) else None
        tx.change(
            "part_open",
            run=lease.run.id,
            seq=part.seq,
            tries=1 if later else 0,
            seconds=later.seconds if later else 0.0,
        )
    if run is not None and run["state"] in WORKING - {State.PUBLISHING}:
        _end_part(tx, run, outcome, held["tries"])


def _part_held(tx: Session, lease: Lease, part: Part) -> Row:
    held = tx.row("part_held", run=lease.run.id, seq=part.seq, fence=lease.fence, worker=lease.worker)
    if held is None:
        raise lost(lease)
    return held


def _end_part(tx: Session, run: Row, outcome: Outcome, tries: int) -> None:
    match outcome:
        case _ if run["state"] == State.CANCELLING:
            settle(tx, run)
        case Failed(code, message):
            _fail(tx, run, code, message)
        case Stopped(Control.TIMED_OUT):
            time_out(tx, run)
        case Later(_, code, message) if tries + 1 >= MAX_TRIES and run["state"] != State.PAUSING:
            _fail(tx, run, code, message)
        case _:
            settle(tx, run)
