"""CSV after RFC 4180, in the dialects that spreadsheets and Unix tools read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, count
from pathlib import Path
from typing import Final, NamedTuple

from narrowboat.data.columns import Column
from narrowboat.data.format import Alterations, Options, State, Table
from narrowboat.data.formats.blocks import BlockText, turned
from narrowboat.data.formats.cells import Form, Rendered, repaired
from narrowboat.data.formats.declared import columns_of, columns_state, require_columns
from narrowboat.data.formats.formulas import escaped
from narrowboat.data.formats.joint import UNIT, Texts, join
from narrowboat.data.formats.options import Choices
from narrowboat.data.source import Row
from narrowboat.errors import BadParameter, NotRepresentable

__all__ = ["DIALECTS", "Csv", "CsvWriter", "Dialect"]

_BOM: Final = b"\xef\xbb\xbf"


class Dialect(NamedTuple):
    """What one family of readers expects."""

    delimiter: bytes = b","
    line_end: bytes = b"\r\n"
    point: str = "."
    """Between the whole and the fraction of a number."""
    bom: bool = False
    extension: str = "csv"
    media_type: str = "text/csv; charset=utf-8"


DIALECTS: Final = {
    "excel": Dialect(bom=True),
    "excel-semicolon": Dialect(delimiter=b";", point=",", bom=True),
    "tsv": Dialect(delimiter=b"\t", extension="tsv", media_type="text/tab-separated-values; charset=utf-8"),
    "unix": Dialect(line_end=b"\n"),
}


class Csv:
    """The format `csv`. One table a file; see docs/reference/formats.md for the options.

    null: what stands for null. formulas: whether text that a spreadsheet would run is kept as it is.
    """

    raw_text = True
    several_tables = False
    spools = False
    codec = ""
    __slots__ = ("bom", "dialect", "formulas", "header", "null", "quote_all")

    def __init__(
        self, dialect: Dialect, *, bom: bool, header: bool, null: str, quote_all: bool, formulas: bool
    ) -> None:
        self.dialect, self.bom, self.header = dialect, bom, header
        self.null, self.quote_all, self.formulas = null, quote_all, formulas

    @classmethod
    def with_options(cls, options: Options) -> Csv:
        """Raises BadParameter for an unknown option or value."""
        choices = Choices("csv", options)
        dialect = DIALECTS[choices.choice("dialect", list(DIALECTS))]
        format = cls(
            dialect,
            bom=choices.flag("bom", dialect.bom),
            header=choices.flag("header", True),
            null=choices.text("null", ""),
            quote_all=choices.choice("quote", ["minimal", "all"]) == "all",
            formulas=choices.choice("formulas", ["escape", "keep"]) == "keep",
        )
        choices.end()
        if not set(format.null).isdisjoint('"\r\n' + dialect.delimiter.decode()):
            raise BadParameter(
                f"The option 'null' is {format.null!r}; give text without quotes, line ends and delimiters."
            )
        return format

    @property
    def extension(self) -> str:
        return self.dialect.extension

    @property
    def media_type(self) -> str:
        return self.dialect.media_type

    def writer(self, state: State | None = None) -> CsvWriter:
        return CsvWriter(self, state)

    def assemble(self, spool: Path, out: Path) -> None:
        """What the writer wrote is the file."""
        spool.rename(out)


class CsvWriter:
    """Writes one table. State: the columns, and the rows written."""

    __slots__ = ("_block", "_columns", "_format", "_rows", "_style", "alterations")

    def __init__(self, format: Csv, state: State | None = None) -> None:
        self.alterations = Alterations()
        self._format = format
        self._columns: tuple[Column, ...] = ()
        self._rows = 0
        if state and state["columns"]:
            self._open(columns_of(state["columns"]), state["rows"])

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        """Raises NotRepresentable for a second table, and for one without columns."""
        if self._columns:
            raise NotRepresentable(f"A CSV file holds one table; {table.name!r} would be the second. Ask for csv.zip.")
        require_columns(table)
        self._open(table.columns, 0)
        start = _BOM if self._format.bom else b""
        return start + self._header() if self._format.header else start

    def block(self, rows: Sequence[Row]) -> bytes:
        """Lines, each with its line end."""
        if not rows:
            return b""
        cells = turned(rows, len(self._columns), self._rows)
        rendered = self._block.render(cells, self._rows, self.alterations)
        self._rows += len(rows)
        return self._lines([self._quoted(texts, form) for texts, form, _ in rendered])

    def end(self) -> bytes:
        """Nothing: the last line has its end already."""
        return b""

    def state(self) -> State:
        return {"columns": columns_state(self._columns), "rows": self._rows}

    def _open(self, columns: tuple[Column, ...], rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._style = _Style(self._format, alone=len(columns) == 1)
        self._block = BlockText(columns, self._style)

    def _header(self) -> bytes:
        labels = [column.header.encode("utf-8", "surrogatepass") for column in self._columns]
        texts, form, notes = self._style.text(labels, join(labels))
        for k, code in notes:
            self.alterations.add(0, self._columns[k].name, code)
        first, *others = self._quoted(texts, form)
        if first.startswith(b"ID") and not self._format.bom:
            first = _quote(first)  # or Excel takes the file for one in SYLK format
        return self._lines([(text,) for text in (first, *others)])

    def _quoted(self, texts: Texts, form: Form) -> Texts:
        return self._style.finish(texts, form) if self._format.quote_all else texts

    def _lines(self, columns: Sequence[Texts]) -> bytes:
        delimiter, end = self._format.dialect.delimiter, self._format.dialect.line_end
        return end.join(map(delimiter.join, zip(*columns, strict=True))) + end


class _Style:
    """How cells stand in a CSV file. Implements `cells.Style`.

    Null is what `null` says, unquoted; text that would look the same is quoted, and so is empty text.
    """

    base64 = True
    __slots__ = (
        "_escapes",
        "_null_text",
        "_ordinary",
        "_quote_all",
        "_suspects",
        "empty",
        "null",
        "point",
        "separator",
    )

    def __init__(self, format: Csv, *, alone: bool) -> None:
        """alone: the table has one column, where an empty line would be no row to most readers."""
        null = self._null_text = format.null.encode()
        special = b'"\r\n' + format.dialect.delimiter
        self._escapes, self._quote_all = not format.formulas, format.quote_all
        self._ordinary = bytes(set(range(256)) - set(special + UNIT))
        self._suspects = (*(bytes([byte]) for byte in special), *((b"\x1f%b\x1f" % null,) if null else ()))
        self.empty = b"" if format.quote_all else b'""'
        self.null = b'""' if alone and not null else null
        self.separator, self.point = " ", format.dialect.point

    def text(self, cells: Texts, joint: bytes) -> Rendered:
        cells, notes = repaired(cells, joint)
        if self._escapes:
            cells, risky = escaped(cells, join(cells) if notes else joint)
            notes += risky
        if self._quote_all:
            return Rendered(cells, Form.TEXT, notes)
        if notes:
            joint = join(cells)
        return Rendered(self._where_needed(cells, joint), Form.TEXT, notes)

    def _where_needed(self, cells: Texts, joint: bytes) -> Texts:
        """The cells, quoted where a reader would not find them else."""
        if all(cells) and not any(map(joint.__contains__, self._suspects)):
            return cells
        marks = joint.translate(None, self._ordinary).split(UNIT)[1:-1]
        if len(marks) != len(cells):  # UNIT is in a cell
            marks = [cell.translate(None, self._ordinary + UNIT) for cell in cells]
        texts, null = list(cells), self._null_text
        for i in compress(count(), marks):
            texts[i] = _quote(cells[i])
        if all(cells) and not (null and null in cells):
            return texts
        return [_quote(text) if not text or text == null else text for text in texts]

    def floats(self, line: bytes) -> Rendered:
        if self.point != ".":
            line = line.replace(b".", self.point.encode())
        return Rendered(line.split(b", "), Form.BARE)

    def finish(self, texts: Texts, form: Form) -> Texts:
        return list(map(_quote, texts)) if self._quote_all and form is not Form.DONE else texts


def _quote(text: bytes) -> bytes:
    return b'"%b"' % text.replace(b'"', b'""')
