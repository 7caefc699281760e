"""The writer: tables become sheets, blocks become rows, and each block leaves as bytes of a zip file at once."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from narrowboat.data.columns import Column
from narrowboat.data.format import Alterations, State, Table
from narrowboat.data.formats.declared import columns_of, columns_state, require_columns
from narrowboat.data.formats.xlsx import parts, text
from narrowboat.data.formats.xlsx.cells import START, Cells, marked
from narrowboat.data.formats.xlsx.columns import ColumnCells
from narrowboat.data.formats.xlsx.names import sheet_name
from narrowboat.data.formats.xlsx.rows import referenced_rows, rows
from narrowboat.data.formats.xlsx.styles import HEADER, Styles
from narrowboat.data.formats.xlsx.widths import widths
from narrowboat.data.formats.zip import ZipStream
from narrowboat.data.source import Row
from narrowboat.errors import NotRepresentable

__all__ = ["EXCEL", "Limits", "Mark", "XlsxWriter"]

_MOST_COLUMNS: Final = 16_384
_ENDING: Final = 1024
"""More bytes than a sheet's end has."""
_BOLD: Final = b'%b s="%d"' % (START, HEADER)
_CELLS_AT_ONCE: Final = 32_768
"""A block of very many columns is taken in pieces of about so many cells, to bound memory."""


class Limits(NamedTuple):
    """What a sheet may hold before the table goes on in the next one."""

    rows: int = 1_048_576
    """With the header."""
    xml: int = 0xFF00_0000
    """Bytes before compression, under 4 GiB, so that no sheet needs zip64."""


EXCEL: Final = Limits()


Mark: TypeAlias = tuple[int, int]
"""A cell: the place of its row in the block, and of its column in the table."""


class _Open:
    """The table being written, and where in it the writer is.

    row: rows of the table so far. sheet_row: rows of the open sheet so far, with the header.
    """

    __slots__ = ("cells", "columns", "name", "row", "sheet_row", "widths")

    def __init__(
        self, name: str, columns: tuple[Column, ...], widths: list[int], cells: list[ColumnCells],
        row: int = 0, sheet_row: int = 0,
    ) -> None:  # fmt: skip
        self.name, self.columns, self.widths, self.cells = name, columns, widths, cells
        self.row, self.sheet_row = row, sheet_row


class XlsxWriter:
    """Keeps `format.Writer`. The state is a few numbers, the table's columns, and a line for each finished sheet."""

    alterations: Alterations

    def __init__(self, *, references: bool, header: bool, limits: Limits, state: State | None = None) -> None:
        self.alterations = Alterations()
        self._references, self._header, self._limits = references, header, limits
        state = state or {"zip": None, "sheets": (), "formats": (), "table": None}
        self._zip = ZipStream(state["zip"])
        self._sheets: list[str] = list(state["sheets"])
        self._styles = Styles(state["formats"])
        self._table = self._opened(**state["table"]) if state["table"] else None

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        """Raises NotRepresentable for no columns, more than 16,384, or a currency that is no code."""
        require_columns(table)
        if len(table.columns) > _MOST_COLUMNS:
            raise NotRepresentable(
                f"The table {table.name!r} has {len(table.columns):,} columns, and a sheet holds {_MOST_COLUMNS:,}. "
                "Choose fewer columns, or write csv."
            )
        cells = [ColumnCells(column, self._styles) for column in table.columns]
        ending = self._end_sheet(self._table)
        self._table = _Open(table.name, table.columns, widths(table.columns, sample), cells)
        return ending + self._open_sheet(self._table)

    def block(self, rows: Sequence[Row], marks: Collection[Mark] = ()) -> bytes:
        """marks: cells that are pointed out, by a fill."""
        table = self._require_table()
        at_once = max(1, _CELLS_AT_ONCE // len(table.columns))
        out, start = [], 0
        while start < len(rows):
            if table.sheet_row >= self._limits.rows:
                out.append(self._end_sheet(table) + self._open_sheet(table))
            stop = start + min(at_once, self._limits.rows - table.sheet_row)
            out.append(self._piece(table, rows[start:stop], _between(marks, start, stop)))
            start = stop
        return b"".join(out)

    def end(self) -> bytes:
        out = self._end_sheet(self._table)
        if not self._sheets:
            out = self._start_sheet("Sheet", (), b"") + self._zip.write(parts.sheet_end(0, 0, header=False))
        for name, content in parts.closing_parts(self._sheets, self._styles.xml()):
            out += self._zip.add(name, content)
        return out + self._zip.end()

    def state(self) -> State:
        table = self._table
        return {
            "zip": self._zip.state(),
            "sheets": list(self._sheets),
            "formats": list(self._styles.added),
            "table": table
            and {
                "name": table.name,
                "columns": columns_state(table.columns),
                "widths": table.widths,
                "row": table.row,
                "sheet_row": table.sheet_row,
            },
        }

    def _opened(self, name: str, columns: list[dict[str, Any]], widths: list[int], row: int, sheet_row: int) -> _Open:
        chosen = columns_of(columns)
        return _Open(name, chosen, widths, [ColumnCells(column, self._styles) for column in chosen], row, sheet_row)

    def _require_table(self) -> _Open:
        if self._table is None:
            raise NotRepresentable("Rows came before their table; call `begin` first.")
        return self._table

    def _piece(self, table: _Open, rows: Sequence[Row], marks: Collection[Mark]) -> bytes:
        """Some rows that the open sheet has room for, unless their XML is too long for it."""
        by_column = zip(*rows, strict=True)
        columns = [cells.cells(values) for cells, values in zip(table.cells, by_column, strict=True)]
        for column in sorted({column for _, column in marks}):
            columns[column] = marked(
                columns[column], sorted(row for row, at in marks if at == column), self._styles.marked
            )
        self._note(table, columns, table.row + 1)
        xml, turn = self._xml(columns, table.sheet_row), b""
        if self._zip.member_size + len(xml) + _ENDING > self._limits.xml and table.sheet_row > self._header:
            turn = self._end_sheet(table) + self._open_sheet(table)
            xml = self._xml(columns, table.sheet_row)
        table.row += len(rows)
        table.sheet_row += len(rows)
        return turn + self._zip.write(xml)

    def _xml(self, columns: Sequence[Cells], above: int) -> bytes:
        """above: rows that stand above these in the sheet."""
        return referenced_rows(columns, above + 1) if self._references else rows(columns)

    def _note(self, table: _Open, columns: Sequence[Cells], row: int) -> None:
        """row: the number of the columns' first row."""
        notes = ((place, index, code) for index, column in enumerate(columns) for place, code in column.notes)
        for place, index, code in sorted(notes):
            self.alterations.add(row + place, table.columns[index].name, code)

    def _open_sheet(self, table: _Open) -> bytes:
        """The table's next sheet, with its header."""
        table.sheet_row, titles = 0, b""
        if self._header:
            columns = [text.of_str([column.header]) for column in table.columns]
            titles = self._xml([cells._replace(before=_BOLD + cells.before[len(START) :]) for cells in columns], 0)
            table.sheet_row = 1
            if not table.row:
                self._note(table, columns, 0)
        return self._start_sheet(table.name, table.widths, titles)

    def _start_sheet(self, name: str, widths: Sequence[int], titles: bytes) -> bytes:
        start = parts.sheet_start(widths, first=not self._sheets, header=bool(titles))
        self._sheets.append(sheet_name(name, self._sheets))
        return self._zip.open(parts.sheet_part(len(self._sheets))) + self._zip.write(start + titles)

    def _end_sheet(self, table: _Open | None) -> bytes:
        """The end of the open sheet, if there is one."""
        if table is None:
            return b""
        return self._zip.write(parts.sheet_end(len(table.columns), table.sheet_row, header=self._header))


def _between(marks: Collection[Mark], start: int, stop: int) -> list[Mark]:
    """Those of rows of a piece, by their place in it."""
    return [(row - start, column) for row, column in marks if start <= row < stop]
