"""Book: a file of rows that somebody made by hand. The protocol of every reader in `sources/spreadsheet/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Protocol, TypeAlias

from narrowboat.errors import UnknownSheet


class CellError(NamedTuple):
    """What a spreadsheet shows where it could compute nothing: `#N/A`, `#DIV/0!`."""

    text: str

    def __str__(self) -> str:
        return self.text


Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | CellError | None
"""None: empty, also where the file has a text without characters. A moment has no zone: the file knows none."""

Cells: TypeAlias = tuple[Cell, ...]
"""From column A to the last cell that is not empty. So rows of one sheet differ in length."""

SheetRow: TypeAlias = tuple[int, Cells]
"""The row's number as the spreadsheet program shows it, from 1, and its cells."""


class SheetInfo(NamedTuple):
    """What is known of a sheet before its rows are read."""

    name: str
    """Empty for a file that has no sheets (csv, jsonl)."""
    hidden: bool = False
    rows: int | None = None
    """The number of the last row, as the file says; a hint, since some files say it wrong. None: it does not say."""
    names: tuple[str, ...] | None = None
    """The columns' names where the format has them (jsonl), which then has no header row. Else None."""
    hidden_columns: tuple[int, ...] = ()
    """Columns that the file's maker hid, from 0. They are read like all others."""
    guessed: Mapping[str, str] = {}
    """What the file does not say and the reader found by looking: the `encoding` and `delimiter` of a csv."""


class Block(NamedTuple):
    """Some rows, in order. A row without any filled cell is left out."""

    rows: Sequence[SheetRow]
    hidden: frozenset[int] = frozenset()
    """Numbers of those rows that are hidden, by hand or by a filter."""


class Book(Protocol):
    """One open file. Used by one thread. All methods raise FileBroken, FileTooLarge or FileTookTooLong."""

    def sheets(self) -> Sequence[SheetInfo]:
        """The sheets with cells, in the file's order: never empty. Charts and macros are left out."""
        ...

    def open(self, sheet: str | int, *, after: int = 0) -> Iterator[Block]:
        """The rows of a sheet, by name or by place from 0, that stand below row number `after`.

        The same file gives the same rows with the same numbers each time. One sheet at a time: opening another ends
        the iterator before. Raises UnknownSheet.
        """
        ...

    def close(self) -> None:
        """Give back files and processes. Idempotent."""
        ...


def place_of(sheet: str | int, sheets: Sequence[SheetInfo]) -> int:
    """Where a sheet stands, by name or by place. Raises UnknownSheet, naming those there are."""
    for place, info in enumerate(sheets):
        if sheet in (place, info.name):
            return place
    there = ", ".join(repr(info.name) for info in sheets)
    raise UnknownSheet(f"There is no sheet {sheet!r}. Sheets: {there}.")
