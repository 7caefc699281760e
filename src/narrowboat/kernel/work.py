"""Work: the contract between the kernel and the kinds of job."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from narrowboat.kernel.model import Artifact, Chunk, Extent, Lease


class Work(Protocol):
    """One attempt at a run (or part), open at its cursor. Used by one thread, but for `interrupt`."""

    resumable: bool
    """False: the attempt is pinned; it does not yield, and starts from zero when broken."""

    def advance(self, blocks: int) -> Chunk:
        """Do the next `blocks` blocks. When it returns, their bytes are on disk (fdatasync)."""
        ...

    def publish(self, extents: Iterable[Extent]) -> Artifact | None:
        """Put the artifact made of these extents in its place and verify it. Idempotent."""
        ...

    def interrupt(self) -> None:
        """Stop the statement that is running, from another thread; `advance` then raises."""
        ...

    def close(self) -> None:
        """Give everything back. Idempotent."""
        ...


class Job(Protocol):
    """A definition: what a run of this name does."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def open(self, lease: Lease, folder: Path) -> Work:
        """Begin an attempt at the lease's cursor; files of the run live in `folder`.

        Where the cursor says that the last chunk is committed, only `publish` will be called.
        """
        ...
