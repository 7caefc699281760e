"""Preview: what an import would read in a file, before anything is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, NamedTuple

from narrowboat.data.records.field import Field
from narrowboat.data.records.mapping import Columns, Match, check_columns, look_for_columns
from narrowboat.data.records.problem import Problem
from narrowboat.data.records.validator import Validator
from narrowboat.data.sheet import Book, SheetInfo, SheetRow
from narrowboat.errors import MissingColumns
from narrowboat.isolation import MIB, Confinement
from narrowboat.jobs.filling import filled, filling
from narrowboat.jobs.importer import Import
from narrowboat.jobs.input import Input
from narrowboat.jobs.sheet import Sheet
from narrowboat.people.requester import NOBODY, Requester

ROWS: Final = 20
SAMPLES: Final = 3
"""Values of a column that are shown."""
SHOWN: Final = 200
"""Characters of a value that are shown."""
CONFINEMENT: Final = Confinement(cpu=30, silence=20, frame=8 * MIB)
"""Somebody waits for it, in a process that serves others too."""


class PreviewedColumn(NamedTuple):
    """A column of the file. samples: its first values."""

    match: Match
    samples: tuple[Any, ...]


class PreviewedRow(NamedTuple):
    """A row as it would be read. cells: one a column of the preview; values: by field, where it is as it must be."""

    row: int
    cells: tuple[Any, ...]
    values: Mapping[str, Any] | None
    problems: tuple[Problem, ...]


class Preview(NamedTuple):
    """What would be read. header: the number of its row, 0 where the format has names without one."""

    sheets: Sequence[SheetInfo]
    sheet: SheetInfo
    header: int
    columns: tuple[PreviewedColumn, ...]
    rows: tuple[PreviewedRow, ...]
    missing: str | None
    """Why the import would refuse the file as it is mapped now."""
    warnings: tuple[str, ...]


def opened(path: Path) -> Book:
    """Read in a child process, with less patience than a run has."""
    from narrowboat.data.sources.spreadsheet import open_isolated

    return open_isolated(path, confinement=CONFINEMENT)


def preview(job: Import, given: Input, requester: Requester = NOBODY) -> Preview:
    """What `job` would read in the file for this person.

    Raises what reading raises, BadParameter, MissingAttribute, and what the target raises.
    """
    fields = filled(job.fields, filling(job.fields, requester))
    sheet = Sheet(opened, given)
    try:
        sheet.go_to(sheet.first)
        rows, _ = sheet.take(ROWS)
    finally:
        sheet.close()
    found = look_for_columns(sheet.headers, fields, given.mapping, guess=given.guess)
    read, warnings = _read(job, fields, found, rows)
    said = (*warnings, *found.warnings())
    columns, missing = _columns(found, rows), _missing(job, fields, found)
    return Preview(sheet.sheets, sheet.info, sheet.first, columns, read, missing, said)


def _missing(job: Import, fields: Sequence[Field], found: Columns) -> str | None:
    try:
        check_columns(found, fields)
        found.confirm({name for key in job.unique for name in key})
    except MissingColumns as error:
        return str(error)
    return None


def _columns(found: Columns, rows: Sequence[SheetRow]) -> tuple[PreviewedColumn, ...]:
    made = []
    for place, match in enumerate(found.matches):
        if not match.header:
            continue
        cells = (row[place] for _, row in rows if place < len(row) and row[place] is not None)
        made.append(
            PreviewedColumn(match, tuple(as_json(cell) for cell, _ in zip(cells, range(SAMPLES), strict=False)))
        )
    return tuple(made)


def _read(
    job: Import, fields: Sequence[Field], found: Columns, rows: Sequence[SheetRow]
) -> tuple[tuple[PreviewedRow, ...], Sequence[str]]:
    """The rows, and what the target says before anything is written to it."""
    loading = job.into.open(job.wish("preview", 0, dry_run=True))
    try:
        warnings = loading.warnings()
        validator = Validator(fields, found, job.manners, check=job.check(), find=loading.find)
        records, rejects = validator.validate(rows)
    finally:
        loading.rollback()
        loading.close()
    names = [field.name for field in fields]
    good = {one.row: dict(zip(names, map(as_json, one.values), strict=True)) for one in records}
    bad = {one.row: one.problems for one in rejects}
    return tuple(
        PreviewedRow(number, _named(found.headers, cells), good.get(number), bad.get(number, ()))
        for number, cells in rows
    ), warnings


def _named(headers: Sequence[str], cells: Sequence[Any]) -> tuple[Any, ...]:
    """The cells of columns that have a name, as `columns` has them."""
    return tuple(as_json(cell) for header, cell in zip(headers, cells, strict=False) if header)


def advice(job: Import) -> Sequence[str]:
    """What a person should know before the first run: unique keys without an index. Raises what the target raises."""
    loading = job.into.open(job.wish("advice", 0, dry_run=True))
    try:
        return loading.warnings()
    finally:
        loading.close()


def as_json(value: Any) -> Any:
    """A cell or a value for people: short, and as JSON."""
    if isinstance(value, str) and len(value) > SHOWN:
        return value[: SHOWN - 1] + "…"
    if isinstance(value, bool | int | float | None):
        return value
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
