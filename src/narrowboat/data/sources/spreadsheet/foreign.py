"""xls, xlsb and ods through python-calamine, which holds a whole sheet in memory: the child's limit bounds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from narrowboat.data.sheet import Block, Cell, Cells, SheetInfo, place_of
from narrowboat.data.sources.spreadsheet.limits import BLOCK_CELLS, BLOCK_ROWS
from narrowboat.errors import FileBroken, FileEncrypted, FileNotSupported, MissingExtra

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_EXACT: Final = 2**53


class ForeignBook:
    """A Book over a format that is not ours to read. Dates are moments; an error in a cell is an empty cell."""

    def __init__(self, file: BinaryIO, kind: str) -> None:
        self._file = file
        self._book = _load(file, kind)
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        self._infos = [
            SheetInfo(found.name, found.visible != SheetVisibleEnum.Visible)
            for found in self._book.sheets_metadata
            if found.typ == SheetTypeEnum.WorkSheet
        ]
        if not self._infos:
            raise FileNotSupported("The workbook has no sheet with cells.")

    def sheets(self) -> Sequence[SheetInfo]:
        return self._infos

    def open(self, sheet: str | int, *, after: int = 0) -> Iterator[Block]:
        return self._blocks(self._infos[place_of(sheet, self._infos)].name, after)

    def close(self) -> None:
        self._book.close()
        self._file.close()

    def _blocks(self, name: str, after: int) -> Iterator[Block]:
        try:
            sheet = self._book.get_sheet_by_name(name)
        except Exception as error:
            raise FileBroken(f"Sheet {name!r} cannot be read: {error}. Save the file as xlsx.") from error
        width = max(sheet.width or 1, 1)
        _, left = sheet.start or (0, 0)
        rows = enumerate(sheet.iter_rows(), 1)  # from the first row, but from the first column that is used
        while block := list(islice(rows, max(1, min(BLOCK_ROWS, BLOCK_CELLS // width)))):
            filled = [(number, _cells(row, left)) for number, row in block if number > after]
            if filled := [row for row in filled if row[1]]:
                yield Block(filled)


def _load(file: BinaryIO, kind: str) -> CalamineWorkbook:
    try:
        from python_calamine import CalamineError, PasswordError, load_workbook
    except ImportError as error:
        raise MissingExtra(f"To read {kind} files: pip install narrowboat[spreadsheets]") from error
    try:
        return load_workbook(f"/dev/fd/{file.fileno()}")
    except PasswordError as error:
        raise FileEncrypted("The workbook is protected by a password. Remove it and upload the file again.") from error
    except (CalamineError, OSError, ValueError) as error:
        told = str(error).replace("Cannot detect file format", "it is damaged, or written in an unusual way")
        raise FileBroken(f"The {kind} file cannot be read: {told}. Save it as xlsx.") from error


def _cells(row: list[Any], left: int) -> Cells:
    cells: list[Cell] = [None] * left + [_cell(value) for value in row]
    while cells and cells[-1] is None:
        cells.pop()
    return tuple(cells)


def _cell(value: Any) -> Cell:
    """These formats have no integers, only floats that are whole."""
    if type(value) is float and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return None if value == "" else value
