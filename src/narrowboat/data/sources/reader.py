"""Reads a statement block by block: the same for every database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from narrowboat.data.source import Block, Row
from narrowboat.data.sources.course import Course
from narrowboat.data.sources.fetching import Fetching, Statement
from narrowboat.data.sources.relation import Select, Session
from narrowboat.errors import SourceFailed


class Prepared:
    """A statement that a session starts when its first rows are wanted."""

    def __init__(self, session: Session, statement: Select, raw_text: bool) -> None:
        self._session = session
        self._statement: Select | None = statement
        self._raw_text = raw_text

    def fetch(self, rows: int) -> list[Row]:
        if self._statement is not None:
            self._session.start(self._statement, self._raw_text)
            self._statement = None
        return self._session.fetch(rows)

    def interrupt(self) -> None:
        self._session.interrupt()

    def close(self) -> None:
        self._session.close()


class QueryReader:
    """A `Reader` over one statement, which it owns."""

    def __init__(self, statement: Statement, course: Course, rows: int) -> None:
        self._fetching = Fetching(statement)
        self._course = course
        self._rows = rows
        self._last: Row | None = None

    def blocks(self) -> Iterator[Block]:
        """The rows. Raises SourceUnavailable once cancelled, and SourceFailed where a promised key is none."""
        course, delivered, full = self._course, self._course.delivered, True
        while full and (rows := self._fetching.next(self._rows)):
            full = len(rows) == self._rows
            delivered += len(rows)
            if course.promised:
                self._check_promise(rows)
            position = course.position(rows[-1], delivered)
            yield Block(course.shown(rows), position)

    def cancel(self) -> None:
        """Returns when the statement has stopped."""
        self._fetching.cancel()

    def close(self) -> None:
        self._fetching.close()

    def _check_promise(self, rows: Sequence[Row]) -> None:
        """Rows come in order, so equal ones are neighbours, if not within a block then across its edge."""
        places = [self._course.values(row) for row in (rows if self._last is None else [self._last, *rows])]
        self._last = rows[-1]
        key = ", ".join(self._course.names[index] for index in self._course.promised)
        if len(set(places)) < len(places):
            raise SourceFailed(f"The key ({key}) is not unique: two rows have the same value. Name another key.")
        if any(place[index] is None for place in places for index in self._course.promised):
            raise SourceFailed(f"The key ({key}) is NULL in a row, which has no place in the order. Name another key.")
