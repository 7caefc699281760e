"""Example: a file that an import takes, made from its definition, to be filled in by people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from narrowboat.data.records.field import Field
from narrowboat.data.records.rules import Rules
from narrowboat.errors import UnknownFormat
from narrowboat.jobs.importer import Import

FORMATS: Final = ("xlsx", "csv")
NAMES: Final = {
    Type.ANY: "anything",
    Type.TEXT: "text",
    Type.INTEGER: "whole number",
    Type.FLOAT: "number",
    Type.DECIMAL: "number",
    Type.MONEY: "amount of money",
    Type.DATE: "date",
    Type.DATETIME: "date and time",
    Type.TIME: "time",
    Type.BOOLEAN: "yes or no",
}
"""What people call a type."""
_SAMPLES: Final = {
    Type.INTEGER: 1,
    Type.FLOAT: 1.5,
    Type.DECIMAL: 1.5,
    Type.MONEY: 1.5,
    Type.DATE: date(2025, 1, 31),
    Type.DATETIME: datetime(2025, 1, 31, 9, 30),
    Type.TIME: time(9, 30),
    Type.BOOLEAN: True,
}
_DESCRIBED: Final = ("Column", "What it takes", "Required", "Unique", "Allowed values", "Empty means", "Other names")


def example(job: Import, extension: str) -> bytes:
    """The file: a header and a sample row; in a workbook, a second sheet says what each column takes.

    Raises UnknownFormat.
    """
    if extension not in FORMATS:
        raise UnknownFormat(f"An example comes as {' or '.join(FORMATS)}, not as {extension!r}.")
    writer = format_named(extension).writer()
    made = bytearray()
    tables = [_filled(job), _described(job)] if extension == "xlsx" else [_filled(job)]
    for table, rows in tables:
        made += writer.begin(table, rows) + writer.block(rows)
    return bytes(made + writer.end())


def _filled(job: Import) -> tuple[Table, list[tuple[Any, ...]]]:
    allowed = job.allowed
    columns = tuple(Column(f.name, Type.TEXT if f.name in allowed else f.type, f.title) for f in job.asked)
    return Table("Example", columns), [tuple(_sample(field, allowed) for field in job.asked)]


def _sample(field: Field, allowed: Mapping[str, Sequence[Any]]) -> Any:
    if field.name in allowed:
        return str(allowed[field.name][0])
    if field.lookup:
        return f"{field.lookup.by} of {field.lookup.table}"
    return _SAMPLES.get(field.type, field.title)


def _described(job: Import) -> tuple[Table, list[tuple[Any, ...]]]:
    columns = tuple(Column(name, Type.TEXT) for name in _DESCRIBED)
    return Table("What each column takes", columns), [tuple(_about(job, field)) for field in job.asked]


def _about(job: Import, field: Field) -> Iterator[str | None]:
    yield field.title
    yield _taken(field)
    yield "yes" if field.required else "no"
    yield _unique(job.unique, field.name)
    yield ", ".join(map(str, job.allowed.get(field.name, ()))) or None
    yield None if field.default is None else str(field.default)
    yield ", ".join(dict.fromkeys(other for other in field.aliases if other != field.title)) or None


def _taken(field: Field) -> str:
    """What the column takes, with the rules that hold for it."""
    kind = f"{field.lookup.by} of {field.lookup.table}" if field.lookup else NAMES.get(field.type, str(field.type))
    return f"{kind}, {field.check}" if isinstance(field.check, Rules) else kind


def _unique(keys: Sequence[tuple[str, ...]], name: str) -> str | None:
    for key in keys:
        if name in key:
            others = [other for other in key if other != name]
            return f"together with {' and '.join(others)}" if others else "yes"
    return None
