"""A declared column: what a cell means, whatever the driver handed over."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from narrowboat.errors import UnknownColumn


class Type(StrEnum):
    """What a column's cells mean. A format renders by this; a cell that does not fit is written as text."""

    ANY = "any"
    """Nothing declared: each cell is rendered by its own Python type."""
    TEXT = "text"
    """Text, also when it looks like a number: `007` stays `007`."""
    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    """Exact decimal; `scale` digits after the point if given."""
    MONEY = "money"
    """Exact decimal with a currency; two digits after the point unless `scale` says otherwise."""
    DATE = "date"
    DATETIME = "datetime"
    """A moment. An aware value is shown in the column's `zone` (UTC if none)."""
    TIME = "time"
    BOOLEAN = "boolean"
    BINARY = "binary"
    """Raw bytes, written as base64 text."""


class Column(NamedTuple):
    """One column of a source and of the file made from it.

    name: as the source knows it. label: as the person reads it (the name if None).
    zone: IANA name, for DATETIME. currency: ISO 4217 code, for MONEY. scale: digits after the point.
    """

    name: str
    type: Type = Type.ANY
    label: str | None = None
    zone: str | None = None
    currency: str | None = None
    scale: int | None = None

    @property
    def header(self) -> str:
        """What stands in the file's first row."""
        return self.name if self.label is None else self.label


def choose(available: Sequence[Column], names: Iterable[str]) -> tuple[Column, ...]:
    """The columns called `names`, in that order.

    Raises UnknownColumn, naming the column and those there are.
    """
    by_name = {column.name: column for column in available}
    chosen = []
    for name in names:
        if name not in by_name:
            raise UnknownColumn(f"There is no column {name!r}. Columns: {', '.join(by_name)}.")
        chosen.append(by_name[name])
    return tuple(chosen)
