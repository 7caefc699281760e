"""JSON Lines: one object a row, UTF-8, `\\n` behind each.

Exact decimals (DECIMAL, MONEY, and Decimal values anywhere) are strings, since most readers would make binary
fractions of them; integers are numbers with all their digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from json.encoder import encode_basestring
from pathlib import Path
from typing import Final

from narrowboat.data.columns import Column
from narrowboat.data.format import Alterations, Options, State, Table
from narrowboat.data.formats.blocks import BlockText, turned
from narrowboat.data.formats.cells import Form, Rendered, repaired
from narrowboat.data.formats.declared import columns_of, columns_state, require_columns, require_distinct_names
from narrowboat.data.formats.joint import Texts
from narrowboat.data.formats.options import Choices
from narrowboat.data.source import Row
from narrowboat.errors import NotRepresentable

__all__ = ["JsonLines", "JsonLinesWriter"]


class JsonLines:
    """The format `jsonl`. Keys are the columns' names; it has no options."""

    extension = "jsonl"
    media_type = "application/x-ndjson"
    raw_text = True
    several_tables = False
    spools = False
    codec = ""

    @classmethod
    def with_options(cls, options: Options) -> JsonLines:
        """Raises BadParameter for any option."""
        Choices("jsonl", options).end()
        return cls()

    def writer(self, state: State | None = None) -> JsonLinesWriter:
        return JsonLinesWriter(state)

    def assemble(self, spool: Path, out: Path) -> None:
        """What the writer wrote is the file."""
        spool.rename(out)


class JsonLinesWriter:
    """Writes one table. State: the columns, and the rows written."""

    __slots__ = ("_block", "_columns", "_keys", "_rows", "alterations")

    def __init__(self, state: State | None = None) -> None:
        self.alterations = Alterations()
        self._columns: tuple[Column, ...] = ()
        self._rows = 0
        if state and state["columns"]:
            self._open(columns_of(state["columns"]), state["rows"])

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        """Raises NotRepresentable for a second table, for none and for equal column names."""
        if self._columns:
            raise NotRepresentable(
                f"A JSON Lines file holds one table; {table.name!r} is the second. Ask for jsonl.zip."
            )
        require_columns(table)
        require_distinct_names(table)
        self._open(table.columns, 0)
        return b""

    def block(self, rows: Sequence[Row]) -> bytes:
        """One line for each row."""
        if not rows:
            return b""
        cells = turned(rows, len(self._columns), self._rows)
        rendered = self._block.render(cells, self._rows, self.alterations)
        self._rows += len(rows)
        template = self._template(rendered)
        return b"".join(map(template.__mod__, zip(*(column.texts for column in rendered), strict=True)))

    def end(self) -> bytes:
        """Nothing: the last line has its end already."""
        return b""

    def state(self) -> State:
        return {"columns": columns_state(self._columns), "rows": self._rows}

    def _open(self, columns: tuple[Column, ...], rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._block = BlockText(columns, _Style())
        self._keys = [_quoted(column.name.encode("utf-8", "replace")).replace(b"%", b"%%") for column in columns]

    def _template(self, rendered: Sequence[Rendered]) -> bytes:
        cells = (b'"%b"' if column.form in _QUOTED else b"%b" for column in rendered)
        return b"{" + b",".join(b"%b:%b" % pair for pair in zip(self._keys, cells, strict=True)) + b"}\n"


_QUOTED: Final = {Form.TEXT, Form.PLAIN}
_SPECIAL: Final = bytes(range(32)) + b'"\\'
_HAS_SPECIAL: Final = re.compile(rb'[\x00-\x1f"\\]')


class _Style:
    """How values stand in JSON. Implements `cells.Style`."""

    null = b"null"
    empty = b""
    base64 = True
    separator = "T"
    point = "."

    def text(self, cells: Texts, joint: bytes) -> Rendered:
        cells, notes = repaired(cells, joint)
        if len(joint.translate(None, _SPECIAL)) + len(cells) + 1 != len(joint):
            cells = [_quoted(cell)[1:-1] if _HAS_SPECIAL.search(cell) else cell for cell in cells]
        return Rendered(cells, Form.TEXT, notes)

    def floats(self, line: bytes) -> Rendered:
        numbers = line.split(b", ")
        if b"n" not in line:
            return Rendered(numbers, Form.BARE)
        infinite = [i for i, number in enumerate(numbers) if b"n" in number]  # nan, inf, -inf
        for i in infinite:
            numbers[i] = self.null
        return Rendered(numbers, Form.BARE, [(i, "not-finite") for i in infinite])

    def finish(self, texts: Texts, form: Form) -> Texts:
        return [b'"%b"' % text for text in texts] if form in _QUOTED else texts


def _quoted(text: bytes) -> bytes:
    return encode_basestring(text.decode()).encode()
