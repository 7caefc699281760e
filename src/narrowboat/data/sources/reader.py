"""Reads a statement block by block: the same for every database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock
from time import monotonic

from narrowboat.data.source import Block, Row
from narrowboat.data.sources.reading import Reading
from narrowboat.data.sources.relation import Session
from narrowboat.errors import SourceFailed, SourceUnavailable

_AGAIN = 0.05
"""Seconds between two attempts to stop a statement: one that comes just before it starts has no effect."""
_PATIENCE = 10.0
"""Seconds after which a statement is left to itself: the way to its server is cut."""


class QueryReader:
    """A `Reader` over one session, which it owns."""

    def __init__(self, session: Session, reading: Reading, rows: int, raw_text: bool) -> None:
        self._session = session
        self._reading = reading
        self._rows = rows
        self._raw_text = raw_text
        self._at_work = Lock()
        self._started = False
        self._cancelled = False
        self._last: Row | None = None

    def blocks(self) -> Iterator[Block]:
        """The rows. Raises SourceUnavailable once cancelled, and SourceFailed where a promised key is none."""
        reading, delivered, full = self._reading, self._reading.delivered, True
        while full and (rows := self._next()):
            full = len(rows) == self._rows
            delivered += len(rows)
            if reading.promised:
                self._check_promise(rows)
            position = reading.position(rows[-1], delivered)
            yield Block([row[: -reading.hidden] for row in rows] if reading.hidden else rows, position)

    def cancel(self) -> None:
        """Returns when the statement has stopped."""
        self._cancelled = True
        end = monotonic() + _PATIENCE
        while monotonic() < end:
            if self._at_work.acquire(timeout=_AGAIN):
                self._at_work.release()
                return
            self._session.interrupt()

    def close(self) -> None:
        self._session.close()

    def _next(self) -> list[Row]:
        with self._at_work:
            if self._cancelled:
                raise SourceUnavailable("The reading was cancelled.")
            try:
                if not self._started:
                    self._session.start(self._reading.statement, self._raw_text)
                    self._started = True
                return self._session.fetch(self._rows)
            except (SourceFailed, SourceUnavailable) as error:
                if self._cancelled:
                    raise SourceUnavailable("The reading was cancelled.") from error
                raise

    def _check_promise(self, rows: Sequence[Row]) -> None:
        """Rows come in order, so equal ones are neighbours, if not within a block then across its edge."""
        places = [self._reading.values(row) for row in (rows if self._last is None else [self._last, *rows])]
        self._last = rows[-1]
        key = ", ".join(self._reading.names[index] for index in self._reading.promised)
        if len(set(places)) < len(places):
            raise SourceFailed(f"The key ({key}) is not unique: two rows have the same value. Name another key.")
        if any(place[index] is None for place in places for index in self._reading.promised):
            raise SourceFailed(f"The key ({key}) is NULL in a row, which has no place in the order. Name another key.")
