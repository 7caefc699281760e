"""Query: the rows of a table or a statement, as a user asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import narrowboat.data.sources.cut as cut
from narrowboat.data.columns import Column
from narrowboat.data.driven import Driven
from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources.conditions import Operator, asked
from narrowboat.data.sources.database import Database
from narrowboat.data.sources.placeholders import named
from narrowboat.data.sources.reading import Choice
from narrowboat.data.sources.relation import Named, Sql
from narrowboat.data.sources.visit import QueryVisit

if TYPE_CHECKING:
    from narrowboat.data.sources.advice import Missing


class Query(Driven):
    """Rows of one table or statement: a `Source`. Each method gives a new query; nothing connects before it is read.

    Made by `table` and `query`. Values are always bound, names are looked up in the catalogue and quoted.
    """

    __slots__ = ("choice", "database", "labels", "wanted")

    def __init__(
        self, database: Database, wanted: Named | Sql, choice: Choice, labels: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.database = database
        self.wanted = wanted
        self.choice = choice
        self.labels = labels

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        return f"Query{self._parts()}"

    def where(self, column: str = "", operator: Operator = "=", value: Any = None, /, **equal: Any) -> Query:
        """Rows that fit, as well as all conditions before.

        `where(city="Köln", status=["new", "open"])`: equal, or one of a list. `where("created_at", ">=", day)`: a
        column, one of = != < <= > >= like in "not in", a value. `where("deleted_at", "is null")`, or "is not null".
        A value of None drops its condition. Raises BadParameter for an operator or a list that cannot be.
        """
        return self._choosing(conditions=self.choice.conditions + asked(column, operator, value, equal))

    def columns(self, *columns: str | Column) -> Query:
        """These columns in this order: names, or Columns that also say label, type, scale, zone or currency."""
        return self._choosing(chosen=columns)

    def rename(self, labels: Mapping[str, str]) -> Query:
        """What stands above a column, by its name."""
        together = tuple({**dict(self.labels), **labels}.items())
        return Query(self.database, self.wanted, self.choice, together)

    def order_by(self, *columns: str) -> Query:
        """By these columns, `-name` for descending, and by the key within equal ones."""
        return self._choosing(order=columns)

    def limit(self, rows: int) -> Query:
        """At most so many rows. Raises BadParameter below 0."""
        return self._choosing(cut=cut.first(rows))

    def page(self, number: int, size: int) -> Query:
        """Page `number`, counted from 1, of `size` rows. Needs a key. Raises BadParameter for a page that cannot be."""
        return self._choosing(cut=cut.page(number, size))

    def shape(self) -> Shape:
        """Columns and resume key. Also raises UnknownColumn."""
        with closing(self.visit()) as visit:
            return visit.shape()

    def count(self) -> Count | None:
        """Rows that `open` would deliver: exact where that is quick, else an estimate or None."""
        with closing(self.visit()) as visit:
            return visit.count()

    def visit(self) -> QueryVisit:
        """Connect and look the columns up."""
        return QueryVisit(self.database.connect(), self.wanted, self.choice, self.labels)

    def load(self) -> None:
        """See `Driven.load`."""
        self.database.load()

    def missing_indexes(self) -> tuple[Missing, ...]:
        """Indexes that reading this would need and its table has not. Nothing is known of statements and views."""
        from narrowboat.data.sources.advice import missing

        if not isinstance(self.wanted, Named):
            return ()
        session = self.database.connect()
        try:
            known = session.indexes(self.wanted)
            return () if known is None else tuple(missing(session.relation(self.wanted), self.choice, known))
        finally:
            session.close()

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Connect and prepare. Also raises UnknownColumn, and NoResumeKey for a page without a key."""
        with closing(self.visit()) as visit:
            return visit.open(after=after, rows=rows, raw_text=raw_text)

    def _choosing(self, **changes: Any) -> Query:
        return Query(self.database, self.wanted, self.choice._replace(**changes), self.labels)

    def _parts(self) -> tuple[Any, ...]:
        return self.database, self.wanted, self.choice, self.labels


def table(database: str | Database, name: str, *, key: tuple[str, ...] = ()) -> Query:
    """All rows of a table or view.

    database: `sqlite:///path.db` or `postgresql://…`. name: as the database has it, on PostgreSQL also `schema.table`.
    key: columns that are unique and not NULL, where the catalogue does not say so (a view). Raises BadConfiguration.
    """
    return Query(_database(database), Named(name), Choice(key=key))


def query(
    database: str | Database, sql: str, parameters: Mapping[str, Any] | None = None, *, key: tuple[str, ...] = ()
) -> Query:
    """The rows of a `select`.

    parameters: the values of its `:name`s. key: columns of the result that are unique and not NULL; without one an
    interrupted run starts from zero. Raises BadConfiguration, and BadParameter for a name without value.
    """
    return Query(_database(database), named(sql, parameters or {}), Choice(key=key))


def _database(database: str | Database) -> Database:
    return database if isinstance(database, Database) else Database(database)
