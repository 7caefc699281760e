"""The local folder as a sink: a finished file stays where it grew."""

from __future__ import annotations

from collections.abc import Callable

from narrowboat.data.room import KEEP_FREE, Room
from narrowboat.data.sink import Finished, Place
from narrowboat.errors import SinkFailed


class Folder:
    """The default. quota, keep_free: bytes, see `data.room.Room`."""

    keep_local: float | None = None
    redirect = False

    def __init__(self, *, quota: int | None = None, keep_free: int = KEEP_FREE) -> None:
        self.room = Room(quota, keep_free)

    def put(self, file: Finished, sent: Callable[[], None]) -> Place | None:
        """Nothing is left to do: publishing gave the file its name by one rename."""
        return None

    def url(self, place: Place, *, media_type: str, disposition: str) -> str:
        """Raises SinkFailed: what has a place is a copy that was made under another configuration."""
        raise elsewhere(place)

    def remove(self, place: Place) -> None:
        """As `url`."""
        raise elsewhere(place)

    def abandon(self, folder: str) -> None:
        """What an interrupted publishing left lies in the run's folder, and goes with it."""


def elsewhere(place: Place) -> SinkFailed:
    """The error for a copy that the configured sink knows nothing of."""
    where = ", ".join(f"{name} {value}" for name, value in place.items())
    return SinkFailed(f"This copy was kept elsewhere ({where}). Configure that sink again to reach it.")
