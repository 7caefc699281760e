"""Refused: the rows that an import refused, as text: made of the workbook that its run has made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.data.formats.csv import Csv
from narrowboat.data.sheet import Book, Cells
from narrowboat.data.sources.spreadsheet import FileLimits, open_book
from narrowboat.durable import storing

OWN = FileLimits(file=1 << 60, expanded=1 << 60, ratio=1 << 30)
"""The workbook is of our own making, so it is as large as it is."""


def write_csv(workbook: Path, target: Path) -> None:
    """Write a csv file with the workbook's columns and rows; memory is one block. Raises StorageFull.

    Text that a spreadsheet would run has an apostrophe before it, as in every csv file.
    """
    book = open_book(workbook, limits=OWN)
    try:
        with storing(target), open(target, "wb") as file:
            file.writelines(_pieces(book))
    finally:
        book.close()


def _pieces(book: Book) -> Iterator[bytes]:
    headers = next(cells for block in book.open(0) for _, cells in block.rows)
    columns = tuple(Column(f"c{place}", Type.ANY, str(header)) for place, header in enumerate(headers))
    writer = Csv.with_options({}).writer()
    yield writer.begin(Table("Rejects", columns), ())
    for place in range(len(book.sheets())):
        for block in book.open(place, after=1):
            yield writer.block([_filled(cells, len(columns)) for _, cells in block.rows])
    yield writer.end()


def _filled(cells: Cells, width: int) -> tuple[Any, ...]:
    return (*cells, *[None] * (width - len(cells)))
