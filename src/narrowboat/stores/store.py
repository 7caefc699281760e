"""SqlStore: the verbs of the store, each one transaction over named statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from narrowboat.errors import IllegalTransition
from narrowboat.kernel.model import (
    ENDED,
    Chunk,
    ChunkRow,
    Control,
    Cursor,
    Event,
    Filter,
    Lease,
    NewRun,
    Outcome,
    Reject,
    Request,
    Run,
    State,
    Submitted,
)
from narrowboat.stores import asking, leasing, notices, reconciling, releasing
from narrowboat.stores.database import Database
from narrowboat.stores.moves import run_of, view
from narrowboat.stores.rows import to_chunk_row, to_event, to_reject, to_text

if TYPE_CHECKING:
    from narrowboat.kernel.figures import JobFigures, QueueFigures


class SqlStore:
    """A `kernel.store.Store` over SQLite or PostgreSQL; see there for what each verb promises."""

    def __init__(self, database: Database, *, keep_rejects: int = 1000, keep_characters: int = 4 << 20) -> None:
        """keep_rejects: how many refused rows of one run are kept, and keep_characters: how much of them at most; the
        counters count all of them."""
        self._database = database
        self._keep = leasing.Bound(keep_rejects, keep_characters)

    def migrate(self) -> None:
        self._database.migrate()

    def close(self) -> None:
        self._database.close()

    def submit(self, new: NewRun, *, conn: Any = None) -> Submitted:
        with self._database.write(conn) as tx:
            return asking.submit(tx, new)

    def request(
        self, run_id: str, request: Request, *, by: str | None = None, key: str | None = None, conn: Any = None
    ) -> Run:
        with self._database.write(conn) as tx:
            return asking.ask(tx, run_id, request, by, key)

    def get(self, run_id: str) -> Run:
        with self._database.read() as tx:
            return view(tx, run_id)

    def find(self, which: Filter) -> Sequence[Run]:
        created, run_id = which.before or (None, None)
        with self._database.read() as tx:
            rows = tx.rows(
                "find",
                owner=to_text(which.owner),
                job=to_text(which.job),
                states=[state.value for state in which.states] or None,
                before_created=created,
                before_id=run_id,
                limit=which.limit,
            )
            return [run_of(tx, row) for row in rows]

    def events(self, run_id: str) -> Sequence[Event]:
        with self._database.read() as tx:
            return [to_event(row) for row in tx.rows("events", run=run_id)]

    def rejects(self, run_id: str, *, after: int = 0, limit: int = 1000) -> Sequence[Reject]:
        with self._database.read() as tx:
            return [to_reject(row) for row in tx.rows("rejects", run=run_id, after=after, limit=limit)]

    def chunks(self, run_id: str, *, after: int = -1, row: int | None = None, limit: int = 1000) -> Sequence[ChunkRow]:
        with self._database.read() as tx:
            if row is not None and (found := tx.row("chunk_at", run=run_id, row=row)):
                after = found["seq"] - 1
            return [to_chunk_row(row) for row in tx.rows("chunks", run=run_id, after=after, limit=limit)]

    def versions(self, run_ids: Sequence[str]) -> Mapping[str, int]:
        with self._database.read() as tx:
            return {row["id"]: row["version"] for row in tx.rows("versions", runs=list(run_ids))}

    def due(self, queues: Sequence[str], *, limit: int) -> Sequence[str]:
        with self._database.read() as tx:
            return [row["id"] for row in tx.rows("due", queues=list(queues), limit=limit)]

    def claim(self, run_id: str, worker: str, *, seconds: float, per_owner: int | None = None) -> Lease | None:
        with self._database.write() as tx:
            return leasing.claim(tx, run_id, worker, seconds, per_owner)

    def plan(self, lease: Lease, parts: Sequence[Mapping[str, Any]], cursor: Cursor, *, last: bool) -> Control:
        with self._database.write() as tx:
            return leasing.plan(tx, lease, parts, cursor, last=last)

    def commit(self, lease: Lease, chunk: Chunk, *, conn: Any = None) -> Control:
        with self._database.write(conn) as tx:
            return leasing.commit(tx, lease, chunk, keep=self._keep)

    def heartbeat(self, lease: Lease) -> Control:
        with self._database.write() as tx:
            return leasing.heartbeat(tx, lease)

    def release(self, lease: Lease, outcome: Outcome) -> Run:
        with self._database.write() as tx:
            return releasing.release(tx, lease, outcome)

    def reconcile(self, dead_workers: Sequence[str], *, barren_limit: int) -> Sequence[str]:
        dead = list(dead_workers)
        with self._database.read() as tx:
            candidates = [row["id"] for row in tx.rows("stale", dead=dead)]
        return [run_id for run_id in candidates if self._mend(run_id, dead, barren_limit)]

    def _mend(self, run_id: str, dead: list[str], barren_limit: int) -> bool:
        with self._database.write() as tx:
            return reconciling.mend(tx, run_id, dead, barren_limit)

    def expired(self, finished_before: float, *, limit: int) -> Sequence[str]:
        with self._database.read() as tx:
            return [row["id"] for row in tx.rows("expired", before=finished_before, limit=limit)]

    def forget(self, run_id: str) -> None:
        """Harmless when the run is gone already. Raises IllegalTransition while it has not ended."""
        with self._database.write() as tx:
            run = tx.row("run_locked", run=run_id)
            if run is None:
                return
            if run["state"] not in ENDED:
                raise IllegalTransition(f"Run {run_id} is {run['state']}; only a run that has ended can be deleted.")
            for table in ("chunks", "parts", "events", "rejects", "keys", "links", "run"):
                tx.change(f"forget_{table}", run=run_id)
            notices.forget(tx, run_id)
            tx.change("forget_owner", owner=run["owner"])

    def figures(self) -> Sequence[QueueFigures]:
        from narrowboat.kernel.figures import QueueFigures

        with self._database.read() as tx:
            return [QueueFigures(**row) for row in tx.rows("figures")]

    def totals(self) -> Sequence[JobFigures]:
        from narrowboat.kernel.figures import JobFigures

        with self._database.read() as tx:
            return [JobFigures(**{**row, "state": State(row["state"])}) for row in tx.rows("totals")]

    def now(self) -> float:
        with self._database.read() as tx:
            (row,) = tx.rows("now")
        at: float = row["now"]
        return at
