"""Work: the contract between the kernel and the kinds of job."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from narrowboat.kernel.model import Artifact, Chunk, Control, Cursor, Extent, Lease, Run


class Work(Protocol):
    """One attempt at a run (or part), open at its cursor. Used by one thread, but for `interrupt`."""

    resumable: bool
    """False: the attempt is pinned; it does not yield, and starts from zero when broken."""

    def advance(self, blocks: int) -> Chunk:
        """Do the next `blocks` blocks, or fewer. When it returns, their bytes are on disk (fdatasync)."""
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


class Outlet(Protocol):
    """Where the artifacts of all jobs go."""

    def check(self) -> None:
        """Raises StorageFull where nothing more may be written. Cheap: called before every chunk."""
        ...

    def deliver(self, run: Run, artifact: Artifact, sent: Callable[[], None]) -> Artifact:
        """Keep a published artifact, and say where. Idempotent; goes on where it was interrupted.

        sent: called after every piece; what it raises stops the sending.
        """
        ...


@runtime_checkable
class Transactional(Protocol):
    """What a work has besides, if its chunks are changes in a database of its own or of the store."""

    def commit(self, save: Callable[[Any], Control]) -> Control:
        """Commit what `advance` left open, and save the chunk.

        save: commits the chunk in the store, as a part of the transaction of the connection it is given, or, given
        None, in one of its own. Raises LeaseLost; then nothing of the chunk may stay.
        """
        ...


class Planned(NamedTuple):
    """Some parts of a fanned-out run, and where planning goes on after them."""

    parts: Sequence[Mapping[str, Any]]
    """What each part's worker finds in `lease.part.payload`, as JSON."""
    cursor: Cursor
    last: bool


@runtime_checkable
class Planner(Protocol):
    """What a job has besides, if its runs are fanned out. A part is one chunk: `advance` is called once."""

    def plan(self, lease: Lease) -> Iterator[Planned]:
        """The parts from the lease's cursor on, some at a time; each is committed before the next is asked for."""
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
