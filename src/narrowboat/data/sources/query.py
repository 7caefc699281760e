"""Query: the rows of a table or a statement, as a user asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources.conditions import Condition, Operator, selection
from narrowboat.data.sources.database import Database
from narrowboat.data.sources.placeholders import named
from narrowboat.data.sources.reader import QueryReader
from narrowboat.data.sources.reading import Choice, chosen_fields, reading, resume_keys
from narrowboat.data.sources.relation import Named, Relation, Sql
from narrowboat.errors import BadParameter

_LISTS = (list, tuple, set, frozenset)


class Query:
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
        added = [_condition(column, operator, value)]
        added += [_condition(name, "in" if isinstance(one, _LISTS) else "=", one) for name, one in equal.items()]
        conditions = self.choice.conditions + tuple(one for one in added if one is not None)
        return self._choosing(conditions=conditions)

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
        if rows < 0:
            raise BadParameter(f"A limit of {rows} rows cannot be: give 0 or more.")
        return self._choosing(size=rows, skip=None)

    def page(self, number: int, size: int) -> Query:
        """Page `number`, counted from 1, of `size` rows. Needs a key. Raises BadParameter for a page that cannot be."""
        if number < 1 or size < 1:
            raise BadParameter(f"Page {number} of {size} rows cannot be: pages count from 1 and hold at least a row.")
        return self._choosing(size=size, skip=(number - 1) * size)

    def shape(self) -> Shape:
        """Columns and resume key. Also raises UnknownColumn."""
        session = self.database.connect()
        try:
            return self._shape(session.relation(self.wanted))
        finally:
            session.close()

    def count(self) -> Count | None:
        """Rows that `open` would deliver: exact where that is quick, else an estimate or None."""
        session = self.database.connect()
        try:
            counted = session.count(selection(session.relation(self.wanted), self.choice.conditions))
        finally:
            session.close()
        if counted is None:
            return None
        left, size = max(counted.rows - (self.choice.skip or 0), 0), self.choice.size
        return Count(left if size is None else min(left, size), counted.estimated)

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Connect and prepare. Also raises UnknownColumn, and NoResumeKey for a page without a key."""
        session = self.database.connect()
        try:
            relation = session.relation(self.wanted)
            return QueryReader(session, reading(relation, self.choice, after), rows, raw_text)
        except BaseException:
            session.close()
            raise

    def _choosing(self, **changes: Any) -> Query:
        return Query(self.database, self.wanted, self.choice._replace(**changes), self.labels)

    def _parts(self) -> tuple[Any, ...]:
        return self.database, self.wanted, self.choice, self.labels

    def _shape(self, relation: Relation) -> Shape:
        fields = chosen_fields(relation, self.choice)
        labels = dict(self.labels)
        for name in labels:
            relation.field(name)
        asked = self.choice.chosen or tuple(field.column.name for field in fields)
        columns = [_declared(field.column, wish, labels) for field, wish in zip(fields, asked, strict=True)]
        candidates = resume_keys(relation, self.choice)
        key = tuple(part.name for part in candidates[0]) if candidates else ()
        return Shape(tuple(columns), key, "" if key else relation.no_key_because)


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


def _condition(column: str, operator: Operator, value: Any) -> Condition | None:
    if operator not in get_args(Operator):
        raise BadParameter(f"There is no operator {operator!r}. Operators: {', '.join(get_args(Operator))}.")
    if operator in ("is null", "is not null"):
        return Condition(column, operator, ())
    if value is None:
        return None
    wants_list = operator in ("in", "not in")
    if wants_list is not isinstance(value, _LISTS):
        raise BadParameter(f"The operator {operator!r} on {column!r} needs {'a list' if wants_list else 'one value'}.")
    values = tuple(value) if wants_list else (value,)
    if None in values:
        raise BadParameter(f"NULL in a list for {column!r} never fits. Ask with where({column!r}, 'is null').")
    return Condition(column, operator, values)


def _declared(found: Column, wish: str | Column, labels: Mapping[str, str]) -> Column:
    """The catalogue's column with what the user declared over it."""
    given = wish if isinstance(wish, Column) else Column(found.name)
    return Column(
        name=found.name,
        type=found.type if given.type is Type.ANY else given.type,
        label=labels.get(found.name, given.label),
        zone=given.zone,
        currency=given.currency,
        scale=found.scale if given.scale is None else given.scale,
    )
