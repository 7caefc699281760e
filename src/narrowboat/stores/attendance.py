"""SqlAttendance: who follows runs, in the database of the runs."""

from __future__ import annotations

from collections.abc import Sequence

from narrowboat.errors import NobodyFollows
from narrowboat.kernel.model import REQUESTS, Request, Run, State
from narrowboat.stores.database import Database, Row, Session
from narrowboat.stores.moves import blame, move, settle, view
from narrowboat.stores.rows import to_text


class SqlAttendance:
    """A `kernel.attendance.Attendance` over SQLite or PostgreSQL; see there for what each verb promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def attend(self, run_ids: Sequence[str]) -> None:
        with self._database.write() as tx:
            tx.change("attend", runs=list(run_ids))

    def abandon(self, *, watched: float) -> Sequence[str]:
        with self._database.read() as tx:
            candidates = [row["id"] for row in tx.rows("unattended", watched=watched)]
        return [run_id for run_id in candidates if self._abandon(run_id)]

    def _abandon(self, run_id: str) -> bool:
        with self._database.write() as tx:
            run = tx.row("run_locked", run=run_id)
            if run is None or not _is_abandoned(run):
                return False
            _cancel(tx, run)
            return True

    def to_background(self, run_id: str) -> Run:
        with self._database.write() as tx:
            tx.change("run_to_background", run=to_text(run_id))
            return view(tx, run_id)


def _is_abandoned(run: Row) -> bool:
    """Still so, now that it is locked."""
    return (
        run["state"] in (State.QUEUED, State.RUNNING, State.INTERRUPTED)
        and run["unfollowed"] is not None
        and run["followed_at"] + run["unfollowed"] <= run["now"]
    )


def _cancel(tx: Session, run: Row) -> None:
    message = (
        f"Nobody followed this run for {run['unfollowed']:g} s, so it was stopped; what was committed is kept. "
        "Resume it to go on where it stopped, and send it to the background if nobody will watch."
    )
    blame(tx, run, NobodyFollows.code, message)
    move(tx, run, REQUESTS[Request.CANCEL][State(run["state"])])
    settle(tx, run)
