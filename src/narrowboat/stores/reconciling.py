"""What nobody looks after any more: dead workers, poison, deadlines. Many processes may do this at once."""

from __future__ import annotations

from narrowboat.errors import Poisoned
from narrowboat.kernel.model import CLAIMABLE, State
from narrowboat.stores.database import Row, Session
from narrowboat.stores.moves import blame, is_complete, is_late, move, settle, time_out


def mend(tx: Session, run_id: str, dead: list[str], barren_limit: int) -> bool:
    """Put one run right; True if that changed anything. A run that somebody has locked is in good hands."""
    run = tx.row("run_unless_locked", run=run_id)
    if run is None:
        return False
    reopened = tx.rows("parts_reopen_stale", run=run_id, dead=dead) if run["fan_out"] else []
    before = (run["state"], run["worker"])
    if run["worker"] is not None and (run["lease_until"] < run["now"] or run["worker"] in dead):
        _take_back(tx, run)
    barren = max((part["barren"] for part in reopened), default=run["barren"])
    if barren >= barren_limit and (reopened or run["state"] == State.INTERRUPTED):
        _poison(tx, run, barren)
    settle(tx, run)
    if _is_overdue(tx, run):
        time_out(tx, run)
    return bool(reopened) or before != (run["state"], run["worker"])


def _take_back(tx: Session, run: Row) -> None:
    """The lease of a dead or sleeping worker; parts of a planned run go on without it."""
    tx.change("run_unlease", run=run["id"])
    run["worker"] = None
    if run["state"] == State.PUBLISHING or (run["state"] == State.RUNNING and not run["planned"]):
        move(tx, run, State.INTERRUPTED)


def _poison(tx: Session, run: Row, barren: int) -> None:
    if run["state"] == State.CANCELLING:
        return
    blame(
        tx,
        run,
        Poisoned.code,
        f"{barren} workers in a row died on it or slept past their leases without committing anything, so it was "
        "stopped; what was committed before is kept. See the workers' logs for the cause, then resume it.",
    )
    move(tx, run, State.FAILED)


def _is_overdue(tx: Session, run: Row) -> bool:
    """Its deadline passed while nobody works on it; where somebody does, the next commit says so."""
    if not is_late(run) or is_complete(tx, run):
        return False
    if run["state"] in CLAIMABLE:
        return True
    idle = run["planned"] and run["worker"] is None and not tx.rows("parts_leased", run=run["id"])
    return bool(run["state"] == State.RUNNING and idle)
