"""csv, tsv and other delimited text, record by record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO, Final

from narrowboat.data.sheet import Block, Cells, SheetInfo, SheetRow, place_of
from narrowboat.data.sources.spreadsheet.dialect import declared, find_delimiter
from narrowboat.data.sources.spreadsheet.encoding import find_encoding, known
from narrowboat.data.sources.spreadsheet.limits import BLOCK_CELLS, BLOCK_ROWS, COLUMNS, FileLimits
from narrowboat.errors import FileBroken, FileTooLarge

_SAMPLE: Final = 64 * 1024
_LINE: Final = 16 * 1024 * 1024
"""Characters of a line at most."""
_END: Final = "\x1a\x1anarrowboat"
"""A last line of our own: it is a record by itself unless a quote before it was never closed."""


class DelimitedText:
    """A Book of one sheet. All cells are text; what is a number or a date is for the column to say.

    A row's number counts records, as a spreadsheet program shows it: a text with line breaks in quotes is one row.
    """

    def __init__(self, file: BinaryIO, limits: FileLimits, encoding: str | None = None) -> None:
        self._file, self._limits = file, limits
        self._encoding, guessed = (known(encoding), False) if encoding else find_encoding(file)
        self._skipped = 0
        """Lines before the first row."""
        self._delimiter = self._find_delimiter()
        found = {"delimiter": self._delimiter}
        if guessed:
            found["encoding"] = self._encoding
        self._info = SheetInfo("", guessed=found)

    def sheets(self) -> Sequence[SheetInfo]:
        return (self._info,)

    def open(self, sheet: str | int, *, after: int = 0) -> Iterator[Block]:
        place_of(sheet, self.sheets())
        return self._blocks(after)

    def close(self) -> None:
        self._file.close()

    def _blocks(self, after: int) -> Iterator[Block]:
        rows: list[SheetRow] = []
        cells = 0
        for number, record in enumerate(self._records(), 1):
            if number <= after or not (row := _trimmed(record)):
                continue
            if len(row) > COLUMNS:
                raise FileBroken(f"Row {number} has {len(row):,} fields; a spreadsheet has {COLUMNS:,} columns.")
            rows.append((number, row))
            cells += len(row)
            if len(rows) >= BLOCK_ROWS or cells >= BLOCK_CELLS:
                yield Block(rows)
                rows, cells = [], 0
        if rows:
            yield Block(rows)

    def _records(self) -> Iterator[list[str]]:
        lines = _Lines(self._text())
        limit = csv.field_size_limit(self._limits.text)  # the module has one for all; it is put back
        reader = csv.reader(chain(islice(lines, self._skipped, None), (_END,)), delimiter=self._delimiter)
        started = 1
        try:
            for record in reader:
                if record == [_END]:
                    return
                if record and record[-1].endswith(_END):
                    raise FileBroken(f"A quote is opened on line {started} and never closed. Mend it and upload again.")
                yield record
                started = reader.line_num + 1 + self._skipped
        except csv.Error as error:
            raise FileTooLarge(
                f"A field that begins on line {started} has more than {self._limits.text:,} characters; perhaps a "
                f"quote there is never closed ({error})."
            ) from error
        except UnicodeDecodeError as error:
            raise FileBroken(f"Line {lines.number + 1} has bytes that are no {self._encoding}.") from error
        finally:
            csv.field_size_limit(limit)

    def _text(self) -> io.TextIOWrapper:
        self._file.seek(0)
        # A wrapper closes what it wraps when it is collected; this one does not own it.
        raw = open(self._file.fileno(), "rb", closefd=False)
        return io.TextIOWrapper(raw, self._encoding, newline="")

    def _find_delimiter(self) -> str:
        try:
            sample = self._text().read(_SAMPLE)
        except UnicodeDecodeError as error:
            raise FileBroken(f"The text is no {self._encoding}: {error.reason} at byte {error.start}.") from error
        first = sample.partition("\n")[0]
        if said := declared(first):
            self._skipped = 1
            return said
        whole = sample[: sample.rfind("\n") + 1] if len(sample) >= _SAMPLE else sample
        return find_delimiter(whole or sample)


class _Lines:
    """The lines of a text, with their ends; none longer than allowed, none with NUL."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(_LINE):
            self.number += 1
            if len(line) >= _LINE:
                raise FileTooLarge(f"Line {self.number} has more than {_LINE:,} characters.")
            if "\0" in line:
                raise FileBroken(f"Line {self.number} has a NUL character, which no text has. Save the file anew.")
            yield line


def _trimmed(record: list[str]) -> Cells:
    """Empty fields are None, and those at the end are left out."""
    cells = tuple([field or None for field in record])
    if not cells or cells[-1] is not None:
        return cells
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return cells[:end]
