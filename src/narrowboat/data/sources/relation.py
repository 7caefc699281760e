"""What a database says of a table or a query, and the session that asks it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from narrowboat.data.columns import Column
from narrowboat.data.source import Count, Row
from narrowboat.errors import UnknownColumn

MARK = "\0"
"""Stands for a parameter in the text of an `Sql`; no statement can hold this character."""


class Sql(NamedTuple):
    """A piece of a statement: text with a MARK for each parameter, and the parameters in that order."""

    text: str
    parameters: tuple[Any, ...] = ()

    def __add__(self, other: "Sql") -> "Sql":  # type: ignore[override]  # grows as a statement, not as a tuple
        return Sql(self.text + other.text, self.parameters + other.parameters)


class Select(NamedTuple):
    """A statement that reads rows.

    values: what is selected, without parameters. rows: ` from … where …`. ending: ` order by … limit …`.
    every: whether these are all rows of a table, by no condition and without a limit.
    """

    values: tuple[str, ...]
    rows: Sql
    ending: str
    every: bool = False

    @property
    def rest(self) -> Sql:
        """From `from` on."""
        return self.rows + Sql(self.ending)

    def whole(self) -> Sql:
        return Sql(f"select {', '.join(self.values)}") + self.rest


def joined(pieces: Sequence[Sql], separator: str) -> Sql:
    """The pieces with `separator` between them."""
    parameters = tuple(parameter for piece in pieces for parameter in piece.parameters)
    return Sql(separator.join(piece.text for piece in pieces), parameters)


class Named(NamedTuple):
    """A table or view, by its name."""

    name: str


class Field(NamedTuple):
    """A column as its database handles it.

    sql: its name, quoted. value: what is selected for a cell. bound: a parameter that is compared with it.
    exact: what is selected for a position, where the delivered cell would not tell the value exactly.
    order: what rows are sorted by and compared with in that order, where it is not `sql`.
    raw: what is selected for a cell where text may come as its bytes, if that is not `value`.
    take: the cell (of `exact` if there is one) as a value that can be bound again.
    """

    column: Column
    sql: str
    value: str
    take: Callable[[Any], Any]
    bound: str = MARK
    exact: str | None = None
    order: str | None = None
    raw: str | None = None


class KeyPart(NamedTuple):
    """A column of a resume key. collation: the clause that makes the order that of the key's index, or empty."""

    name: str
    collation: str = ""


Key: TypeAlias = tuple[KeyPart, ...]


class Relation(NamedTuple):
    """A table or query that was found. keys: those the catalogue guarantees, the best first.

    stored: whether its database keeps these rows as they are; not so for a view, a statement or a virtual table.
    """

    source: Sql
    fields: tuple[Field, ...]
    keys: tuple[Key, ...] = ()
    no_key_because: str = ""
    nulls_high: bool = False
    """Whether NULL sorts above every value, as in PostgreSQL, or below, as in SQLite."""
    stored: bool = False

    def field(self, name: str) -> Field:
        """Raises UnknownColumn, naming those there are."""
        for field in self.fields:
            if field.column.name == name:
                return field
        raise UnknownColumn(
            f"There is no column {name!r}. Columns: {', '.join(field.column.name for field in self.fields)}."
        )


class Known(NamedTuple):
    """The indexes of a table that cover all its rows, and the words with which its database makes one."""

    indexes: Sequence[tuple[str | None, ...]]
    """The columns of each in order; None for an expression."""
    create: str


class Session(Protocol):
    """One connection. Used by one thread, but for `interrupt`.

    Everything it reads belongs to one snapshot, from the first statement on.
    Each verb raises SourceUnavailable or SourceFailed.
    """

    def relation(self, wanted: Named | Sql) -> Relation:
        """Look up a table, or describe a statement without running it."""
        ...

    def indexes(self, wanted: Named) -> Known | None:
        """The indexes of a table; None for what is none."""
        ...

    def count(self, counted: Sql) -> Count | None:
        """How many rows `from …` has: exact where that is quick, else estimated."""
        ...

    def start(self, statement: Select, raw_text: bool) -> None:
        """Get the statement ready. What takes time happens in `fetch`."""
        ...

    def fetch(self, rows: int) -> list[Row]:
        """The next rows, exactly as many as asked for unless these are the last."""
        ...

    def interrupt(self) -> None:
        """Stop what runs now, if anything does. Safe from another thread."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...
