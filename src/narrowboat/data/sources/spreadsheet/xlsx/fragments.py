"""Rows by expat: every shape that XML allows. Slower than `rows`, which calls it for what it does not know."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final, NamedTuple

from narrowboat.data.letters import column_of
from narrowboat.data.sheet import Cell, Cells
from narrowboat.data.sources.spreadsheet.limits import CELL_TEXT, COLUMNS, ROWS
from narrowboat.data.sources.spreadsheet.xlsx.cells import Meanings
from narrowboat.data.sources.spreadsheet.xlsx.markup import Attributes, Markup, unescaped
from narrowboat.errors import FileBroken

_REFERENCE: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?[0-9]{0,7}")
TRUE: Final = ("1", "true", "on")


class Found(NamedTuple):
    """A row as it stands in the file."""

    number: int | None
    """None: the row does not say, so it is the next one."""
    hidden: bool
    cells: Cells


class Fragments:
    """A sheet's rows, fed in pieces that end anywhere. One parser for all: making one costs as much as a row."""

    def __init__(self, part: str, prefix: str, meanings: Meanings) -> None:
        self.done = False
        self._part, self._meanings = part, meanings
        self._rows: list[Found] = []
        self._number: int | None = None
        self._hidden = False
        self._cells: list[Cell] = []
        self._column = -1
        self._cell: Attributes = {}
        self._value_text: list[str] = []
        self._inline_text: list[str] = []
        self._into: list[str] | None = None
        self._phonetic = False
        self._markup = Markup(part, self._start, self._end, self._characters)
        self._markup.feed(f"<{prefix}sheetData>")

    def feed(self, text: str) -> list[Found]:
        """The rows that end in `text`. Raises FileBroken."""
        if not self.done:
            with suppress(_End):
                self._markup.feed(text)
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._column = self._place(attributes.get("r"))
            self._cell, self._value_text, self._inline_text = attributes, [], []
        elif name in ("v", "t") and not self._phonetic:
            self._into = self._value_text if name == "v" else self._inline_text
        elif name == "rPh":
            self._phonetic = True
        elif name == "row":
            self._number = self._row_number(attributes.get("r"))
            self._hidden = attributes.get("hidden") in TRUE
            self._cells, self._column = [], -1

    def _end(self, name: str) -> None:
        if name == "c":
            self._put(self._value(self._text()))
        elif name in ("v", "t"):
            self._into = None
        elif name == "rPh":
            self._phonetic = False
        elif name == "row":
            self._rows.append(Found(self._number, self._hidden, trimmed(self._cells)))
        elif name == "sheetData":
            self.done = True
            raise _End

    def _characters(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)

    def _text(self) -> str:
        """A cell has a value or a text within; where it has both, its type says which counts."""
        inline, value = "".join(self._inline_text), "".join(self._value_text)
        return inline or value if self._cell.get("t") == "inlineStr" else value or inline

    def _place(self, reference: str | None) -> int:
        if reference is None:
            column = self._column + 1
        elif found := _REFERENCE.fullmatch(reference):
            column = column_of(found[1].upper())
        else:
            raise FileBroken(f"{self._part} has a cell called {reference!r}. Save the file anew.")
        if column >= COLUMNS:
            raise FileBroken(f"{self._part} has more than {COLUMNS:,} columns, which is all that Excel knows.")
        return column

    def _row_number(self, number: str | None) -> int | None:
        if number is None:
            return None
        try:
            return int(number)
        except ValueError:
            raise FileBroken(f"{self._part} has a row numbered {number!r}. Save the file anew.") from None

    def _value(self, text: str) -> Cell:
        if not text:
            return None
        kind = self._cell.get("t", "n")
        if kind in ("str", "inlineStr", "e"):
            text = unescaped(text)
        if len(text) > CELL_TEXT:
            raise self._broken(f"holds {len(text):,} characters; a cell of Excel holds {CELL_TEXT:,}")
        try:
            return self._meanings.of(kind, self._cell.get("s", ""))(text)
        except FileBroken as error:
            raise self._broken(str(error)) from None
        except ValueError:
            raise self._broken(f"says it is a {kind!r} and holds {text[:40]!r}") from None
        except KeyError:
            raise self._broken(f"is of a type that nobody knows: {kind!r}") from None

    def _broken(self, why: str) -> FileBroken:
        where = self._cell.get("r") or f"number {self._column + 1} of row {self._number or 'without number'}"
        return FileBroken(f"{self._part}: cell {where} {why}. Save the file anew.")

    def _put(self, value: Cell) -> None:
        if value is not None:
            self._cells.extend([None] * (self._column + 1 - len(self._cells)))
            self._cells[self._column] = value


class _End(Exception):
    pass


def trimmed(cells: list[Cell] | Cells) -> Cells:
    """Without the empty cells at the end."""
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return tuple(cells[:end])


def checked(number: int, before: int, part: str) -> int:
    """A row's number. Raises FileBroken where rows are out of order or more than a sheet has."""
    if not before < number <= ROWS:
        raise FileBroken(
            f"{part} has row {number} after row {before}; a sheet has rows 1 to {ROWS:,}, in order. Save the file anew."
        )
    return number
