"""A visit to a collection: what it has, how many documents, and the rows, over one connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from narrowboat.data.columns import Column, choose
from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources.course import Course, Place, place
from narrowboat.data.sources.cut import Cut
from narrowboat.data.sources.declared import declared, fingerprint
from narrowboat.data.sources.mongo.cells import Cells
from narrowboat.data.sources.mongo.choice import Choice, Wanted
from narrowboat.data.sources.mongo.filters import matching
from narrowboat.data.sources.mongo.order import behind, behind_result, packed, unpacked
from narrowboat.data.sources.mongo.session import MongoSession
from narrowboat.data.sources.mongo.statement import MongoStatement
from narrowboat.data.sources.reader import QueryReader
from narrowboat.errors import NoResumeKey, UnknownColumn

_NO_KEY: Final = (
    "Nothing says which field of a pipeline's, a view's or a time series' documents is unique, so an interrupted run "
    "starts from zero. If one is, name it: aggregate(…, key=…)"
)


class MongoVisit:
    """Implements `data.source.Visit`."""

    def __init__(self, url: str, name: str, choice: Choice) -> None:
        self._session = MongoSession(url, name)
        self._opened = False
        self._choice = choice
        self._key = "_id" if choice.pipeline is None and self._session.identified else choice.key

    def shape(self) -> Shape:
        """Raises UnknownColumn."""
        return Shape(self._columns, (self._key,) if self._key else (), "" if self._key else _NO_KEY)

    def count(self) -> Count | None:
        """Exact where that is quick, else an estimate or None."""
        cut = self._choice.cut
        counted = Cut(cut.end or None)  # MongoDB has no limit of 0
        return cut.counted(self._session.count(self._choice._replace(chosen=(), cut=counted).wanted("")))

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Prepare. Raises UnknownColumn, and NoResumeKey for a page without a key."""
        choice, key, columns = self._choice, self._key, self._columns
        if choice.cut.skip is not None and not key:
            raise NoResumeKey(f"Pages need a total order. {_NO_KEY}")
        same = fingerprint(columns)
        begun = None if after is None else place(after, same)
        course = Course(
            names=(key,) if key else (),
            cells=((len(columns), packed),) if key else (),
            hidden=1 if key else 0,
            promised=(0,) if choice.key else (),
            fingerprint=same,
            delivered=begun.delivered if begun else 0,
            sparse=not choice.key,
        )
        known = None if choice.chosen else frozenset(column.name for column in columns) | {"_id"}
        statement = MongoStatement(
            self._session,
            self._statements(key, begun),
            Cells(columns, choice.separator, known),
            key,
            sparse=course.sparse,
            limit=choice.cut.left(course.delivered),
        )
        self._opened = True
        return QueryReader(statement, course, rows)

    def close(self) -> None:
        if not self._opened:
            self._session.close()

    def _statements(self, key: str, begun: Place | None) -> list[Wanted]:
        """One from the start; behind a place of a collection, one for its type and one for those that follow it."""
        wanted = self._choice.wanted(key)
        if begun is None:
            return [wanted]
        value = unpacked(begun.values[0])
        further = behind(value) if wanted.pipeline is None else [behind_result(key, value)]
        left = self._choice.cut.left(begun.delivered)
        return [wanted._replace(filter=matching([wanted.filter, one]), skip=0, limit=left) for one in further]

    @cached_property
    def _columns(self) -> tuple[Column, ...]:
        choice, labels = self._choice, dict(self._choice.labels)
        sampled: tuple[Column, ...] = ()
        if not choice.chosen or any(isinstance(wish, str) for wish in choice.chosen):
            sampled = self._session.fields(choice.first(self._key))
        if choice.chosen:
            columns = tuple(_chosen(wish, sampled, labels) for wish in choice.chosen)
        else:
            shown = [column for column in sampled if not (choice.hides_id and column.name == "_id")]
            columns = tuple(declared(column, column.name, labels) for column in shown)
        choose(columns, labels)
        return columns


def _chosen(wish: str | Column, sampled: Sequence[Column], labels: Mapping[str, str]) -> Column:
    """A path as the first documents have it. Raises UnknownColumn for a name, not a Column, whose field they lack."""
    if isinstance(wish, Column):
        return declared(Column(wish.name), wish, labels)
    field = wish.partition(".")[0]
    if sampled and all(column.name != field for column in sampled):
        names = ", ".join(column.name for column in sampled)
        raise UnknownColumn(
            f"There is no column {wish!r}. The first documents have: {names}. If others have it, give Column({wish!r})."
        )
    found = next((column for column in sampled if column.name == wish), Column(wish))
    return declared(found, wish, labels)
