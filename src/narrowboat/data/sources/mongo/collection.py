"""Collection: documents of MongoDB, as a user asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from narrowboat.data.columns import Column, choose
from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources import cut
from narrowboat.data.sources.conditions import Operator, asked
from narrowboat.data.sources.course import Course, Place, place
from narrowboat.data.sources.cut import Cut
from narrowboat.data.sources.declared import declared, fingerprint
from narrowboat.data.sources.mongo.choice import Choice, Wanted
from narrowboat.data.sources.mongo.filters import compared, matching
from narrowboat.data.sources.reader import QueryReader
from narrowboat.data.url import masked
from narrowboat.errors import BadConfiguration, BadParameter, MissingExtra, NoResumeKey, UnknownColumn

if TYPE_CHECKING:
    from narrowboat.data.sources.mongo.session import MongoSession

_URL: Final = r"mongodb(\+srv)?://[^/?]+/[^/?]+(\?.*)?"
_NO_KEY: Final = (
    "Nothing says which field of a pipeline's, a view's or a time series' documents is unique, so an interrupted run "
    "starts from zero. If one is, name it: aggregate(…, key=…)"
)


class Collection:
    """Documents of one collection as rows: a `Source`. Each method gives a new one; nothing connects before it is read.

    Made by `collection`. A column is a path (`address.city`, `items.sku`, `phones.0`); what it means for each type of
    value is on the page about MongoDB. Without `columns`, the fields of the first documents are the columns, and a
    document with another field fails.
    """

    __slots__ = ("_choice", "_name", "_url")

    def __init__(self, url: str, name: str, choice: Choice) -> None:
        self._url = url
        self._name = name
        self._choice = choice

    def __repr__(self) -> str:
        return f"Collection({masked(self._url)!r}, {self._name!r}, {self._choice!r})"

    def find(self, filter: Mapping[str, Any] | None = None, projection: Mapping[str, Any] | None = None) -> Collection:
        """Documents that match a filter, as well as all before. projection: as MongoDB has it."""
        found = self._choice.projection if projection is None else dict(projection)
        return self._choosing(filters=(*self._choice.filters, dict(filter or {})), projection=found)

    def aggregate(self, pipeline: Sequence[Mapping[str, Any]], *, key: str = "") -> Collection:
        """What a pipeline makes of the documents; `find` and `where` then hold for its results.

        key: a field of the results that is unique and never missing, in whose order they come; without one they come
        as the pipeline has them, and an interrupted run starts from zero. Raises BadParameter for a path.
        """
        if "." in key:
            raise BadParameter(f"The key {key!r} is a path: make it a field with $project or $set.")
        return self._choosing(pipeline=tuple(dict(stage) for stage in pipeline), key=key)

    def where(self, field: str = "", operator: Operator = "=", value: Any = None, /, **equal: Any) -> Collection:
        """Documents that fit, as well as all conditions before.

        `where(city="Köln", status=["new", "open"])`: equal, or one of a list. `where("created_at", ">=", day)`: a
        path, one of = != < <= > >= in "not in", a value. `where("deleted_at", "is null")`, or "is not null".
        A value of None drops its condition. Raises BadParameter for an operator or a list that cannot be.
        """
        added = asked(field, operator, value, equal)
        for condition in added:
            compared(condition)
        return self._choosing(conditions=self._choice.conditions + added)

    def columns(self, *columns: str | Column) -> Collection:
        """These paths in this order: names, or Columns that also say label, type, scale, zone or currency.

        A field that the first documents lack must be given as a Column, so that a slip of the pen is noticed.
        """
        return self._choosing(chosen=columns)

    def rename(self, labels: Mapping[str, str]) -> Collection:
        """What stands above a column, by its path."""
        return self._choosing(labels=tuple({**dict(self._choice.labels), **labels}.items()))

    def limit(self, rows: int) -> Collection:
        """At most so many rows. Raises BadParameter below 0."""
        return self._choosing(cut=cut.first(rows))

    def page(self, number: int, size: int) -> Collection:
        """Page `number`, counted from 1, of `size` rows. Needs a key. Raises BadParameter for a page that cannot be."""
        return self._choosing(cut=cut.page(number, size))

    def shape(self) -> Shape:
        """Columns and resume key. Also raises UnknownColumn."""
        session = self._connect()
        try:
            key = self._key(session)
            columns = tuple(self._columns(session))
        finally:
            session.close()
        return Shape(columns, (key,) if key else (), "" if key else _NO_KEY)

    def count(self) -> Count | None:
        """Exact where that takes less than 300 ms, else the figure that the collection keeps, None with conditions."""
        session = self._connect()
        try:
            counted = session.count(self._choice._replace(chosen=(), cut=Cut()).wanted(""))
            return self._choice.cut.counted(counted)
        finally:
            session.close()

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Connect and look for the columns. Also raises UnknownColumn, and NoResumeKey for a page without a key."""
        session = self._connect()
        try:
            return self._reader(session, after, rows)
        except BaseException:
            session.close()
            raise

    def _connect(self) -> MongoSession:
        try:
            from narrowboat.data.sources.mongo.session import MongoSession
        except ImportError as error:
            raise MissingExtra(
                f"MongoDB needs its driver, which cannot be imported ({error}): pip install narrowboat[mongo]"
            ) from error
        return MongoSession(self._url, self._name)

    def _reader(self, session: MongoSession, after: Position | None, rows: int) -> Reader:
        from narrowboat.data.sources.mongo.cells import Cells
        from narrowboat.data.sources.mongo.order import packed
        from narrowboat.data.sources.mongo.statement import MongoStatement

        choice, key, columns = self._choice, self._key(session), self._columns(session)
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
            session,
            self._statements(key, begun),
            Cells(columns, choice.separator, known),
            key,
            sparse=course.sparse,
            limit=choice.cut.left(course.delivered),
        )
        return QueryReader(statement, course, rows)

    def _statements(self, key: str, begun: Place | None) -> list[Wanted]:
        """One from the start; behind a place of a collection, one for its type and one for those that follow it."""
        from narrowboat.data.sources.mongo.order import behind, behind_result, unpacked

        wanted = self._choice.wanted(key)
        if begun is None:
            return [wanted]
        value = unpacked(begun.values[0])
        further = behind(value) if wanted.pipeline is None else [behind_result(key, value)]
        left = self._choice.cut.left(begun.delivered)
        return [wanted._replace(filter=matching([wanted.filter, one]), skip=0, limit=left) for one in further]

    def _key(self, session: MongoSession) -> str:
        if self._choice.pipeline is not None:
            return self._choice.key
        return "_id" if session.identified else ""

    def _columns(self, session: MongoSession) -> tuple[Column, ...]:
        choice, labels = self._choice, dict(self._choice.labels)
        sampled: tuple[Column, ...] = ()
        if not choice.chosen or any(isinstance(wish, str) for wish in choice.chosen):
            sampled = session.fields(choice.first(self._key(session)))
        if choice.chosen:
            columns = tuple(_chosen(wish, sampled, labels) for wish in choice.chosen)
        else:
            shown = [column for column in sampled if not (choice.hides_id and column.name == "_id")]
            columns = tuple(declared(column, column.name, labels) for column in shown)
        choose(columns, labels)
        return columns

    def _choosing(self, **changes: Any) -> Collection:
        return Collection(self._url, self._name, self._choice._replace(**changes))


def collection(url: str, name: str, *, sample: int = 1000, separator: str = ", ") -> Collection:
    """The documents of a collection or a view.

    url: `mongodb://user@host/database` or `mongodb+srv://…`. sample: how many of the first documents are looked at for
    columns, in the order of `_id`. separator: what stands between the elements of an array. Raises BadConfiguration.
    """
    if not re.fullmatch(_URL, url, flags=re.DOTALL):
        raise BadConfiguration(
            f"{masked(url)!r} does not name a database of MongoDB. Write mongodb://user@host/database."
        )
    if sample < 1:
        raise BadConfiguration(f"A sample of {sample} documents has no columns: give 1 or more.")
    return Collection(url, name, Choice(sample, separator))


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
