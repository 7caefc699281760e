"""Converting: rows that are there already, as a file of another format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from narrowboat.data.format import Format, Table
from narrowboat.data.formats.arrays import decoded
from narrowboat.durable import storing

BLOCK_ROWS = 500
"""Rows of a block: those of an export, so that the file is the same."""


def converted(blocks: Iterable[bytes], table: Table, format: Format) -> Iterator[bytes]:
    """The file, piece by piece, none of them empty; memory is one block.

    blocks: whole lines of `data.formats.arrays`.
    """
    return filter(None, _pieces(blocks, table, format))


def _pieces(blocks: Iterable[bytes], table: Table, format: Format) -> Iterator[bytes]:
    writer, begun = format.writer(), False
    for lines in blocks:
        rows = decoded(lines, table.columns)
        if not begun:
            yield writer.begin(table, rows)
            begun = True
        yield writer.block(rows)
    if not begun:
        yield writer.begin(table, ())
    yield writer.end()


def make(blocks: Iterable[bytes], table: Table, format: Format, folder: Path) -> Path:
    """The whole file, in a folder of its own: where its length must be known, or it is made at the end.

    Raises StorageFull.
    """
    spool, made = folder / "spool", folder / "made"
    with storing(spool):
        with open(spool, "wb") as file:
            file.writelines(converted(blocks, table, format))
        if format.spools:
            format.assemble(spool, made)
    return made if format.spools else spool
