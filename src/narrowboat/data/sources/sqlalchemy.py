"""Any database that SQLAlchemy knows, by a statement in its language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from narrowboat.data.columns import Column
from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources import cut
from narrowboat.data.sources.cut import Cut
from narrowboat.errors import MissingExtra, NoResumeKey

if TYPE_CHECKING:
    from sqlalchemy import Engine, Select

    from narrowboat.data.sources.sqlalchemy_plan import Plan
    from narrowboat.data.sources.sqlalchemy_session import AlchemySession

_NO_KEY: Final = (
    "Nothing says which columns of a statement are unique, so an interrupted run starts from zero. Name them with key=…"
)


class Selection:
    """The rows of a `select`: a `Source`. Each method gives a new one; nothing connects before it is read.

    Made by `select_rows`. A reading is one statement with a cursor on the server, where the dialect has one. What it
    sees of rows that change meanwhile is up to the engine's isolation level.
    """

    __slots__ = ("_chosen", "_cut", "_engine", "_key", "_labels", "_statement")

    def __init__(self, engine: str | Engine, statement: Select[Any], key: tuple[str, ...]) -> None:
        self._engine = engine
        self._statement = statement
        self._key = key
        self._chosen: tuple[str | Column, ...] = ()
        self._labels: tuple[tuple[str, str], ...] = ()
        self._cut = Cut()

    def columns(self, *columns: str | Column) -> Selection:
        """These columns in this order: names, or Columns that also say label, type, scale, zone or currency."""
        return self._with(chosen=columns)

    def rename(self, labels: Mapping[str, str]) -> Selection:
        """What stands above a column, by its name."""
        return self._with(labels=tuple({**dict(self._labels), **labels}.items()))

    def limit(self, rows: int) -> Selection:
        """At most so many rows. Raises BadParameter below 0."""
        return self._with(cut=cut.first(rows))

    def page(self, number: int, size: int) -> Selection:
        """Page `number`, counted from 1, of `size` rows. Needs a key. Raises BadParameter for a page that cannot be."""
        return self._with(cut=cut.page(number, size))

    def shape(self) -> Shape:
        """Columns and resume key, from the statement: it is not run. Raises UnknownColumn."""
        columns = self._plan().columns
        return Shape(columns, self._key, "" if self._key else _NO_KEY)

    def count(self) -> Count | None:
        """Exact: `select count(*)` over the statement, however long that takes."""
        statement = self._plan().counting()
        session = self._connect()
        try:
            return self._cut.counted(session.count(statement))
        finally:
            session.close()

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Connect. Text stays `str`. Raises UnknownColumn, and NoResumeKey for a page without a key."""
        from narrowboat.data.sources.reader import QueryReader

        if self._cut.skip is not None and not self._key:
            raise NoResumeKey(f"Pages need a total order. {_NO_KEY}")
        statement, course = self._plan().reading(after, self._cut)
        session = self._connect()
        session.prepare(statement)
        return QueryReader(session, course, rows)

    def _plan(self) -> Plan:
        try:
            from narrowboat.data.sources.sqlalchemy_plan import Plan
        except ImportError as error:
            raise _missing(error) from error
        return Plan.of(self._statement, self._key, self._chosen, dict(self._labels))

    def _connect(self) -> AlchemySession:
        from narrowboat.data.sources.sqlalchemy_session import AlchemySession

        return AlchemySession(self._engine)

    def _with(self, **changes: Any) -> Selection:
        made = Selection.__new__(Selection)
        for name in self.__slots__:
            setattr(made, name, changes.get(name[1:], getattr(self, name)))
        return made


def select_rows(engine: str | Engine, statement: Select[Any], *, key: Sequence[str] = ()) -> Selection:
    """The rows of a SQLAlchemy `select`.

    engine: an Engine, or the URL of one that is made and disposed of for each reading. key: columns of the result that
    are unique and not NULL; without one an interrupted run starts from zero.
    """
    return Selection(engine, statement, tuple(key))


def _missing(error: ImportError) -> MissingExtra:
    return MissingExtra(f"SQLAlchemy cannot be imported ({error}): pip install narrowboat[sqlalchemy]")
