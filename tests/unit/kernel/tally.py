"""A job small enough to see through: it counts to a number, one block a step, and can be told to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from narrowboat.errors import SourceUnavailable
from narrowboat.kernel.model import Artifact, Chunk, Counters, Extent, Lease, NewRun, Reject, Run


@dataclass
class Tally:
    """Counts to `upto`. Implements `kernel.work.Job`."""

    upto: int = 10
    resumable: bool = True
    before: Callable[[int], None] = lambda number: None
    """Called before each number: to raise, wait or ask something."""
    rejects: frozenset[int] = frozenset()
    name: str = "tally"
    kind: str = "tally"
    opened: int = 0
    published: int = 0
    artifact: Artifact | None = None
    seen: list[int] = field(default_factory=list)
    extents: list[Extent] = field(default_factory=list)

    def open(self, lease: Lease, folder: Path) -> Counting:
        self.opened += 1
        return Counting(self, lease)

    def request(self, owner: str = "ann", **more: object) -> NewRun:
        return NewRun(job=self.name, kind=self.kind, params={}, owner=owner, **more)  # type: ignore[arg-type]


class Counting:
    """One attempt at a tally. Implements `kernel.work.Work`."""

    def __init__(self, job: Tally, lease: Lease) -> None:
        self._job, self._lease = job, lease
        self.resumable = job.resumable
        self._restart = not job.resumable and lease.run.seq > 0
        self._at = 0 if self._restart else (lease.run.cursor or {}).get("at", 0)
        self._interrupted = threading.Event()

    def advance(self, blocks: int) -> Chunk:
        first, restart = self._at, self._restart
        rejects = []
        while self._at < min(first + blocks, self._job.upto):
            self._job.before(self._at + 1)
            if self._interrupted.is_set():
                raise SourceUnavailable("the statement was cancelled")
            self._at += 1
            self._job.seen.append(self._at)
            if self._at in self._job.rejects:
                rejects.append(Reject(self._at, "number", "unlucky", f"{self._at} is unlucky", {"number": self._at}))
        self._restart = False
        done = self._at == self._job.upto
        return Chunk(
            cursor={"at": self._at, "done": done},
            counters=Counters(rows=self._at - first, rejected=len(rejects)),
            extent=Extent("tally", first, self._at - first, 0),
            rejects=tuple(rejects),
            last=done,
            total=(self._job.upto, False) if first == 0 else None,
            restart=restart,
        )

    def wait(self) -> None:
        """What a slow statement does: nothing, until it is interrupted."""
        assert self._interrupted.wait(10), "nobody interrupted the statement"

    def publish(self, extents: Iterable[Extent]) -> Artifact | None:
        self._job.published += 1
        self._job.extents = list(extents)
        return self._job.artifact

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None: ...


@dataclass
class Shelf:
    """Keeps artifacts in pieces. Implements `kernel.work.Outlet`."""

    pieces: int = 1
    kept: int = 0
    before: Callable[[int], None] = lambda number: None
    """Called before each piece: to raise, or ask something."""
    check: Callable[[], None] = lambda: None

    def deliver(self, run: Run, artifact: Artifact, sent: Callable[[], None]) -> Artifact:
        while self.kept < self.pieces:
            self.before(self.kept + 1)
            self.kept += 1
            sent()
        return artifact._replace(copy={"shelf": run.id})
