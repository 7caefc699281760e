"""Sink: where a finished file is kept and served from. The protocol every sink in `sinks/` keeps."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from narrowboat.data.room import Room

Place: TypeAlias = Mapping[str, str]
"""Where a copy is, as JSON; opaque to everyone but its sink. It holds no credentials."""


class Finished(NamedTuple):
    """A complete, verified file on the local disk, which is to be kept."""

    key: str
    """Its name in the sink: unique, relative, with `/` between its parts."""
    path: Path
    media_type: str
    bytes: int
    sha256: str


class Sink(Protocol):
    """Used by several threads and processes at once."""

    @property
    def room(self) -> Room:
        """What the local disk, where every file grows, must have room for."""
        ...

    @property
    def keep_local(self) -> float | None:
        """Seconds after the end of its run for which a file stays on the local disk; None: as long as the run."""
        ...

    @property
    def redirect(self) -> bool:
        """Send every download to the copy; else only those whose file is not on the local disk."""
        ...

    def put(self, file: Finished, sent: Callable[[], None]) -> Place | None:
        """Keep the file, and give the place of the copy; None where the local file itself stays.

        Nobody sees the copy before it is whole and verified. Idempotent; what an interrupted `put` of the same file
        had sent is not sent again. sent: called after every piece; what it raises stops the sending.
        Raises SinkUnavailable (try again), SinkFailed, MissingExtra.
        """
        ...

    def url(self, place: Place, *, media_type: str, disposition: str) -> str:
        """An address that gives the copy to whoever has it, for some minutes, with these two headers."""
        ...

    def remove(self, place: Place) -> None:
        """Delete a copy. Nothing happens if it is gone. Raises SinkUnavailable, SinkFailed."""
        ...

    def abandon(self, folder: str) -> None:
        """Give back what an unfinished `put` of keys in `folder` left. Raises SinkUnavailable, SinkFailed."""
        ...
