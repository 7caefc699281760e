"""A field: what one cell of a row means, where its column may be found, and what must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from narrowboat.data.columns import Column, Type
from narrowboat.errors import BadConfiguration

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Lookup(NamedTuple):
    """A cell that names a record of another table: `Lookup("cities", by="name")` gives the city's `id`.

    Looked up where the target is, one query for the distinct values of a chunk. `by` should be unique and indexed.
    """

    table: str
    by: str
    gives: str = "id"
    type: Type = Type.TEXT
    """What the cell is before it is looked up."""
    where: Mapping[str, str] = NOTHING
    """Only among these records: a column to the requester's attribute that it must be, or `id`."""
    among: Mapping[str, Any] = NOTHING
    """The same with values, in a run."""


class Field(NamedTuple):
    """One field of a record. Within a pydantic model, `Annotated[int, Field(lookup=…)]` adds what pydantic lacks."""

    name: str = ""
    type: Type = Type.ANY
    required: bool = False
    aliases: tuple[str, ...] = ()
    """Other names that its column may have. Case, accents, blanks and punctuation never matter."""
    values: Mapping[str, Any] = NOTHING
    """What stands in the file to what is meant: `{"male": "m", "homme": "m"}`. Case does not matter."""
    default: Any = None
    """For an empty cell, and for a file without the column."""
    transform: Callable[[Any], Any] | None = None
    """Called with a cell that is not empty, before it is understood. A ValueError's text is told to the person."""
    check: Callable[[Any], Any] | None = None
    """Called with the value; gives the value to keep. A ValueError's text is told to the person. `Rules` are checks."""
    lookup: Lookup | None = None
    nullable: bool = True
    """Whether null may be written where the field is not required."""
    label: str = ""
    """What people call it; the name if empty."""
    requester: str = ""
    """Filled from who asks, and never from the file: by this attribute of theirs, or `id`. A record in which it is
    another one is not found by any key."""
    made: bool = False
    """A value is made where the file has none: it is written also without a column."""

    @property
    def always(self) -> bool:
        """Whether it is written also where the file has no column for it."""
        return self.made or self.default is not None

    @property
    def title(self) -> str:
        return self.label or self.name


def declared(given: Field | Column | str) -> Field:
    """A field as a job's definition may write it. Raises BadConfiguration."""
    match given:
        case Field(name="") | "":
            raise BadConfiguration("A field of an import needs a name.")
        case Field():
            return given
        case Column():
            return Field(given.name, given.type, label=given.label or "", aliases=_labels(given))
        case _:
            return Field(given)


def _labels(column: Column) -> tuple[str, ...]:
    return (column.label,) if column.label else ()
