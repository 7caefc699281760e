"""The spool a Parquet file is made from: an Arrow IPC stream of text, then what each column's values need.

A column may show only in its last row that it holds a number too large or a moment without zone. So values are
spooled as text (raw bytes as they are), and each column gets its type at the end, when all its values are known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import calcsize, pack, unpack
from typing import Any, Final

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alterations, State, Table
from narrowboat.data.formats.blocks import BlockText, turned
from narrowboat.data.formats.cells import Form, Rendered, repaired
from narrowboat.data.formats.declared import columns_of, columns_state, require_columns, require_distinct_names
from narrowboat.data.formats.joint import Texts
from narrowboat.data.formats.scalars import zone_of
from narrowboat.data.formats.tally import Tally, parsed
from narrowboat.data.source import Row
from narrowboat.errors import NotRepresentable

__all__ = ["SpoolWriter", "assemble"]

_END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"
_LENGTH: Final = "<Q"
_GROUP_ROWS: Final = 1 << 15
_GROUP_BYTES: Final = 1 << 25
"""A row group ends at the first block with which it has as many rows or bytes."""


class SpoolWriter:
    """Writes the spool of one table. State: the columns, their tallies, and the rows written."""

    __slots__ = ("_block", "_rows", "_schema", "_tallies", "alterations")

    def __init__(self, state: State | None = None) -> None:
        self.alterations = Alterations()
        self._tallies: list[Tally] = []
        self._rows = 0
        if state and state["columns"]:
            self._open(columns_of(state["columns"]), state["rows"], state["tallies"])

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        """Raises NotRepresentable for a second table, for one without columns and for equal column names."""
        if self._tallies:
            raise NotRepresentable(f"A Parquet file holds one table; {table.name!r} would be the second.")
        require_columns(table)
        require_distinct_names(table)
        for column in table.columns:
            zone_of(column)
        self._open(table.columns, 0, [[[], 0, 0]] * len(table.columns))
        return bytes(self._schema.serialize())

    def block(self, rows: Sequence[Row]) -> bytes:
        """One record batch."""
        if not rows:
            return b""
        cells = turned(rows, len(self._tallies), self._rows)
        rendered = self._block.render(cells, self._rows, self.alterations)
        columns = [self._fitted(k, cells[k], column.texts) for k, column in enumerate(rendered)]
        self._rows += len(rows)
        return bytes(pa.record_batch(columns, schema=self._schema).serialize())

    def _fitted(self, k: int, cells: Sequence[Any], texts: Sequence[bytes | None]) -> Any:
        tally = self._tallies[k]
        unfit = tally.note(cells, texts)
        if unfit:
            texts = list(texts)
            for i in unfit:
                texts[i] = None
                self.alterations.add(self._rows + i + 1, tally.column.name, "left-empty")
        return pa.array(texts, self._schema.field(k).type)

    def end(self) -> bytes:
        """The end of the stream and the tallies with their length."""
        tallies = json.dumps(self.state()).encode()
        stream = _END_OF_STREAM if self._tallies else b""
        return stream + tallies + pack(_LENGTH, len(tallies))

    def state(self) -> State:
        return {
            "columns": columns_state(tally.column for tally in self._tallies),
            "tallies": [[sorted(tally.kinds), tally.whole, tally.scale] for tally in self._tallies],
            "rows": self._rows,
        }

    def _open(self, columns: tuple[Column, ...], rows: int, tallies: Sequence[Sequence[Any]]) -> None:
        self._rows = rows
        self._tallies = _tallies(columns, tallies)
        self._block = BlockText([column._replace(zone=None) for column in columns], _Style())
        self._schema = pa.schema([(column.name, _spooled(column)) for column in columns])


def _tallies(columns: Sequence[Column], tallies: Sequence[Sequence[Any]]) -> list[Tally]:
    together = zip(columns, tallies, strict=True)
    return [Tally(column, kinds, whole, scale) for column, (kinds, whole, scale) in together]


def _spooled(column: Column) -> Any:
    return pa.binary() if column.type is Type.BINARY else pa.string()


class _Style:
    """Text as it is, without quotes; aware moments in UTC. Implements `cells.Style`."""

    null: Any = None
    empty = b""
    base64 = False
    separator = "T"
    point = "."

    def text(self, cells: Texts, joint: bytes) -> Rendered:
        cells, notes = repaired(cells, joint)
        return Rendered(cells, Form.TEXT, notes)

    def floats(self, line: bytes) -> Rendered:
        return Rendered(line.split(b", "), Form.BARE)

    def finish(self, texts: Texts, form: Form) -> Texts:
        return texts


def assemble(spool: Path, out: Path) -> None:
    """Make the Parquet file. Reads one row group at a time."""
    with pa.OSFile(str(spool)) as file:
        tallies = _read_tallies(file)
        schema = pa.schema([(tally.column.name, tally.arrow_type()) for tally in tallies])
        file.seek(0)
        with pa.parquet.ParquetWriter(str(out), schema, compression="zstd") as writer:
            for group in _groups(file) if tallies else ():
                columns = [parsed(column, kind) for column, kind in zip(group.columns, schema.types, strict=True)]
                writer.write_table(pa.table(columns, schema=schema), row_group_size=group.num_rows)


def _read_tallies(file: Any) -> list[Tally]:
    size = calcsize(_LENGTH)
    file.seek(file.size() - size)
    (length,) = unpack(_LENGTH, file.read(size))
    file.seek(file.size() - size - length)
    state = json.loads(file.read(length))
    return _tallies(columns_of(state["columns"]), state["tallies"])


def _groups(file: Any) -> Iterator[Any]:
    """The spool's batches, as many as make a row group at a time."""
    batches: list[Any] = []
    rows = size = 0
    for batch in pa.ipc.open_stream(file):
        batches.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(batches)
            batches, rows, size = [], 0, 0
    if batches:
        yield pa.Table.from_batches(batches)
