"""Validator: blocks of a spreadsheet's rows become records and rejects. Made once for a run, fast for each block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from narrowboat.data.records.cells import CONVERTERS, Refused, converted, stripped, text
from narrowboat.data.records.field import Field, Lookup
from narrowboat.data.records.manners import Manners
from narrowboat.data.records.mapping import Columns
from narrowboat.data.records.problem import Problem, shown
from narrowboat.data.records.record import Cells, Record, Rejected
from narrowboat.errors import BadConfiguration, NarrowboatError

Find: TypeAlias = Callable[[Lookup, Sequence[Any]], Mapping[Any, Any]]
"""Distinct values of a lookup's column to what they stand for; those that stand for nothing are left out."""
Check: TypeAlias = Callable[[Sequence[Any]], "tuple[Any, ...] | list[Problem]"]


class Validator:
    """Checks rows by the fields, then by `check` (a pydantic model's) where one is given.

    find: asks where the target is; needed where a field has a lookup.
    """

    def __init__(
        self, fields: Sequence[Field], columns: Columns, manners: Manners, *, check: Check | None, find: Find
    ) -> None:
        for field in fields:
            if field.type not in CONVERTERS:
                raise BadConfiguration(f"The field {field.name!r} cannot be of the type {field.type}.")
        self._columns, self._manners, self._check, self._find = columns, manners, check, find
        self._fields = tuple(
            field._replace(values={key.casefold(): value for key, value in field.values.items()}) for field in fields
        )
        self._width = len(columns.headers)
        self._titles = [
            field.title if place is None else columns.headers[place]
            for field, place in zip(fields, columns.places, strict=True)
        ]

    def validate(self, rows: Sequence[tuple[int, Cells]]) -> tuple[list[Record], list[Rejected]]:
        """The rows that are as they must be, and the others; both in the file's order."""
        cells = self._turned([row for _, row in rows])
        values = [self._column(n, cells) for n in range(len(self._fields))]
        faulty = [n for n, column in enumerate(values) if Problem in set(map(type, column))]
        for n in faulty:
            values[n] = _named(values[n], self._titles[n])
        judge = self._row if faulty else self._checked
        records, rejects = [], []
        for (number, row), made in zip(rows, zip(*values, strict=True), strict=True):
            found = judge(made)
            if isinstance(found, tuple):
                records.append(Record(number, found, row))
            else:
                rejects.append(Rejected(number, row, tuple(found)))
        return records, rejects

    def _turned(self, rows: list[Cells]) -> list[list[Any]]:
        """Columns of cells. A row may be shorter or longer than the header."""
        width = self._width
        if any(len(row) != width for row in rows):
            rows = [row[:width] + (None,) * (width - len(row)) for row in rows]
        return list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in range(width)]

    def _column(self, n: int, cells: list[list[Any]]) -> list[Any]:
        """One field of all rows: values, None and Problems."""
        field, place = self._fields[n], self._columns.places[n]
        if place is None:
            return [field.default] * (len(cells[0]) if cells else 0)
        column = stripped(cells[place])
        if field.values:
            column = [_meant(field.values, cell) for cell in column]
        if field.transform:
            column = [_asked(field.transform, cell) for cell in column]
        column = converted(column, field.lookup.type if field.lookup else field.type, self._manners)
        if field.lookup:
            column = self._looked_up(field.lookup, column)
        if field.default is not None:
            column = [field.default if value is None else value for value in column]
        elif field.required and _GAP in set(map(type, column)):  # `None in` asks each Decimal, which takes its time
            column = [_REQUIRED if value is None else value for value in column]
        if field.check:
            column = [_asked(field.check, value) for value in column]
        return column

    def _looked_up(self, lookup: Lookup, column: list[Any]) -> list[Any]:
        wanted = {value for value in column if value is not None and type(value) is not Problem}
        known = self._find(lookup, sorted(wanted, key=str)) if wanted else {}
        return [known[value] if value in known else _unknown(lookup, value) for value in column]

    def _row(self, values: tuple[Any, ...]) -> tuple[Any, ...] | list[Problem]:
        return [value for value in values if type(value) is Problem] or self._checked(values)

    def _checked(self, values: tuple[Any, ...]) -> tuple[Any, ...] | list[Problem]:
        """What the model makes of values that are as their fields want them."""
        found = values if self._check is None else self._check(values)
        if isinstance(found, tuple):
            return found
        return [problem._replace(column=self._header(problem.column)) for problem in found]

    def _header(self, name: str | None) -> str | None:
        """A field as the person knows it."""
        return next((t for f, t in zip(self._fields, self._titles, strict=True) if f.name == name), name)


_REQUIRED = Problem("required", "is required")
_GAP = type(None)


def _named(column: list[Any], title: str) -> list[Any]:
    """Its problems with the name of the column in which they are."""
    return [value._replace(column=title) if type(value) is Problem else value for value in column]


def _meant(values: Mapping[str, Any], cell: Any) -> Any:
    return cell if cell is None else values.get(text(cell, Manners()).casefold(), cell)


def _asked(function: Callable[[Any], Any], value: Any) -> Any:
    """What a function of the job's definition makes of a value."""
    if value is None or type(value) is Problem:
        return value
    try:
        return function(value)
    except NarrowboatError:
        raise
    except Refused as refused:
        return Problem(refused.code, str(refused))
    except ValueError as error:
        return Problem("invalid", str(error) or f"{shown(value)} is not valid")


def _unknown(lookup: Lookup, value: Any) -> Any:
    if value is None or type(value) is Problem:
        return value
    return Problem("not-found", f"there is no {shown(value)} among the {lookup.by} of {lookup.table}")
