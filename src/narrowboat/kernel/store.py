"""Store: where runs live. The protocol both databases keep, under one conformance suite.

Rules every store keeps:
- A write that belongs to a lease is guarded by its fence: a stale worker gets LeaseLost and changes nothing.
- Every verb is one transaction. `conn` joins the caller's transaction instead, where it is offered.
- Every change of state is an edge of `TRANSITIONS` and leaves an event.
- Time is the database's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from narrowboat.kernel.model import (
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
    Submitted,
)

if TYPE_CHECKING:
    from narrowboat.kernel.figures import JobFigures, QueueFigures


class Store(Protocol):
    """Runs, chunks, events, artifacts and rejects. Safe to use from several threads."""

    def migrate(self) -> None:
        """Create or upgrade the tables. Safe to call from many processes at once."""
        ...

    def close(self) -> None: ...

    # what people ask

    def submit(self, new: NewRun, *, conn: Any = None) -> Submitted:
        """Queue a run, or give the identical or repeated one. Raises TooManyRuns, IdempotencyConflict."""
        ...

    def request(
        self, run_id: str, request: Request, *, by: str | None = None, key: str | None = None, conn: Any = None
    ) -> Run:
        """Pause, resume or cancel; harmless when repeated. Cancelling a shared run first lets go of one holder.

        key: of the owner's choice, for one holder's cancel: again, it lets go of no second one, until the run is asked
        for or resumed. Raises UnknownRun, IllegalTransition, IdempotencyConflict, and TooManyRuns where an ended run
        would exceed its owner's limit.
        """
        ...

    def get(self, run_id: str) -> Run:
        """Raises UnknownRun."""
        ...

    def find(self, which: Filter) -> Sequence[Run]:
        """Newest first."""
        ...

    def events(self, run_id: str) -> Sequence[Event]: ...

    def rejects(self, run_id: str, *, after: int = 0, limit: int = 1000) -> Sequence[Reject]:
        """In order of source row; `after` is the last row seen. A row is never cut in two: a few more may come."""
        ...

    def chunks(self, run_id: str, *, after: int = -1, row: int | None = None, limit: int = 1000) -> Sequence[ChunkRow]:
        """Committed chunks that hold bytes, in order; `after` is the last `seq` seen.

        row: begin with the chunk that holds this row, counted from 0 (not of a fanned-out run).
        """
        ...

    def versions(self, run_ids: Sequence[str]) -> Mapping[str, int]:
        """The version of each run that exists: one cheap question for all followers of a process."""
        ...

    # what workers do

    def due(self, queues: Sequence[str], *, limit: int) -> Sequence[str]:
        """Runs that may be claimed now: by priority, then fair between owners, then oldest first."""
        ...

    def claim(self, run_id: str, worker: str, *, seconds: float, per_owner: int | None = None) -> Lease | None:
        """A lease under a new fence; of the run, or of a part if it is fanned out. None if there is nothing to claim.

        The run becomes `running`, or `publishing` where its cursor says `done` (for a fanned-out run: all parts done).
        per_owner: None, or how many runs of one owner may be worked on at once.
        """
        ...

    def plan(self, lease: Lease, parts: Sequence[Mapping[str, Any]], cursor: Cursor, *, last: bool) -> Control:
        """Add parts to a fanned-out run. After `last`, workers claim them."""
        ...

    def commit(self, lease: Lease, chunk: Chunk, *, conn: Any = None) -> Control:
        """Commit one chunk and renew the lease. Raises LeaseLost."""
        ...

    def heartbeat(self, lease: Lease) -> Control:
        """Renew the lease. Raises LeaseLost."""
        ...

    def release(self, lease: Lease, outcome: Outcome) -> Run:
        """Give the lease back, with what became of the slice. Raises LeaseLost.

        After a part, the counters and the version of a run that goes on are without its parts: `get` sums them up.
        """
        ...

    # what every process looks after

    def reconcile(self, dead_workers: Sequence[str], *, barren_limit: int) -> Sequence[str]:
        """Interrupt what dead or sleeping workers left, end what is poisoned or past its deadline.

        barren_limit: claims without progress after which a run is poisoned. Returns the runs that changed.
        """
        ...

    def expired(self, finished_before: float, *, limit: int) -> Sequence[str]:
        """Ended runs older than the retention."""
        ...

    def forget(self, run_id: str) -> None:
        """Delete an ended run and all that belongs to it."""
        ...

    def figures(self) -> Sequence[QueueFigures]:
        """By queue, those with runs under way."""
        ...

    def totals(self) -> Sequence[JobFigures]:
        """By job and state: all runs that ever ended so, purged ones too, and those under way now."""
        ...

    def now(self) -> float:
        """The database's clock, in seconds since the epoch."""
        ...
