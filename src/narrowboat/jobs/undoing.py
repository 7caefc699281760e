"""Undoing: one attempt at taking an import back, the last row first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from narrowboat.data.records.record import Rejected
from narrowboat.data.target import Image, Outcome, Reversible, What
from narrowboat.errors import BadConfiguration
from narrowboat.jobs.importer import UNDO, Import
from narrowboat.jobs.rejecting import Rejecting
from narrowboat.jobs.settling import Settling
from narrowboat.kernel.model import Artifact, Chunk, Control, Counters, Cursor, Extent, Lease

HEADERS = ("Record",)
START: Cursor = {"row": None, "rejected": 0, "writer": None, "done": False}


class Undoing:
    """Implements `kernel.work.Work` and `kernel.work.Transactional`.

    Rows that the import created count as `created` again, though they are removed now, and those that it changed as
    `updated`. The cursor holds: `row`, the number of the last row dealt with; the writer's state; `done`.
    """

    resumable = True

    def __init__(self, job: Import, lease: Lease, folder: Path) -> None:
        if not isinstance(job.into, Reversible):
            raise BadConfiguration(f"Runs of {job.name!r} cannot be taken back: its target keeps no images.")
        self._job, self._lease = job, lease
        self._cursor: Cursor = lease.run.cursor or START
        wish = job.wish(lease.run.id, lease.fence)
        self._restoring = job.into.reopen(wish, lease.run.params[UNDO])
        self._settling = Settling(self._restoring, lease, shared=job.into.is_in(job.home()))
        try:
            self._prepare()
        except BaseException:
            self._restoring.close()
            raise
        self._rejecting = Rejecting(lease, folder, HEADERS, self._cursor["writer"])

    def _prepare(self) -> None:
        """What the target has already of this run, and how much there is to do."""
        self._pending = None if self._cursor["done"] else self._settling.pending()
        if self._pending:
            self._cursor = self._pending.cursor
        self._total = self._restoring.count() if self._lease.run.seq == 0 and not self._pending else None

    def advance(self, blocks: int) -> Chunk:
        """See `kernel.work.Work`. The transaction stays open for `commit`."""
        if self._pending:
            chunk, self._pending = self._pending, None
            return self._settling.hold(chunk, settled=True)
        limit = blocks * self._lease.run.block_rows
        images = self._restoring.images(self._cursor["row"], limit)
        last = len(images) < limit
        outcomes = self._restoring.restore(images) if images else ()
        rejects = [rejected(image, one) for image, one in zip(images, outcomes, strict=True) if one.problem]
        extent = self._rejecting.write(rejects, last=last)
        counted = Counter(one.what for one in outcomes)
        self._cursor = {
            "row": images[-1].row if images else self._cursor["row"],
            "rejected": self._cursor["rejected"] + len(rejects),
            "writer": self._rejecting.state(),
            "done": last,
        }
        total, self._total = self._total, None
        counters = Counters(
            rows=len(images),
            created=counted[What.CREATED],
            updated=counted[What.UPDATED],
            rejected=len(rejects),
            bytes=extent.length if extent else 0,
        )
        kept = self._rejecting.kept(rejects)
        told = None if total is None else (total, False)
        return self._settling.hold(Chunk(self._cursor, counters, extent, kept, last=last, total=told))

    def commit(self, save: Callable[[Any], Control]) -> Control:
        """See `kernel.work.Transactional`."""
        return self._settling.commit(save)

    def publish(self, extents: Iterable[Extent]) -> Artifact | None:
        """See `kernel.work.Work`. The artifact is the file of what was not taken back, if there is any."""
        facts = {"rows": self._cursor["rejected"], "tables": [self._cursor["rejected"]]}
        made = self._rejecting.publish(list(extents), self._job.filename(self._lease.run), facts)
        self._settling.finish()
        return made

    def interrupt(self) -> None:
        """See `kernel.work.Work`."""
        self._restoring.interrupt()

    def close(self) -> None:
        """See `kernel.work.Work`."""
        self._restoring.close()
        self._rejecting.close()


def rejected(image: Image, outcome: Outcome) -> Rejected:
    """What is told of a record that was left as it is."""
    assert outcome.problem is not None  # noqa: S101  it was chosen for having one
    return Rejected(image.row, (image.record,), (outcome.problem,))
