"""Fetches rows, and stops when told to from another thread: the same for every source that has a connection."""

from __future__ import annotations

from threading import Lock
from time import monotonic
from typing import Final, Protocol

from narrowboat.data.source import Row
from narrowboat.errors import SourceFailed, SourceUnavailable

_AGAIN: Final = 0.05
"""Seconds between two attempts to stop a statement: one that comes just before it starts has no effect."""
_PATIENCE: Final = 10.0
"""Seconds after which a statement is left to itself: the way to its server is cut."""


class Statement(Protocol):
    """A statement on its own connection. Used by one thread, but for `interrupt`."""

    def fetch(self, rows: int) -> list[Row]:
        """The next rows, exactly as many as asked for unless these are the last; the first call starts it."""
        ...

    def interrupt(self) -> None:
        """Stop what runs now, if anything does. Safe from another thread."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


class Fetching:
    """Owns a statement."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._at_work = Lock()
        self._cancelled = False

    def next(self, rows: int) -> list[Row]:
        """Raises SourceFailed, and SourceUnavailable: also once cancelled."""
        with self._at_work:
            if self._cancelled:
                raise SourceUnavailable("The reading was cancelled.")
            try:
                fetched = self._statement.fetch(rows)
            except (SourceFailed, SourceUnavailable) as error:
                if self._cancelled:
                    raise SourceUnavailable("The reading was cancelled.") from error
                raise
            if self._cancelled:  # they may be fewer for that reason
                raise SourceUnavailable("The reading was cancelled.")
            return fetched

    def cancel(self) -> None:
        """Returns when the statement has stopped."""
        self._cancelled = True
        end = monotonic() + _PATIENCE
        while monotonic() < end:
            if self._at_work.acquire(timeout=_AGAIN):
                self._at_work.release()
                return
            self._statement.interrupt()

    def close(self) -> None:
        self._statement.close()
