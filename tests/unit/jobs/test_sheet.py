"""The sheet that a run reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from narrowboat.data.sheet import Block, Book
from narrowboat.data.sources.spreadsheet import open_book
from narrowboat.jobs.input import Input
from narrowboat.jobs.sheet import Sheet


class Opened:
    """A file whose openings are written down."""

    def __init__(self, path: Path) -> None:
        self._book = open_book(path)
        self.sheets, self.close = self._book.sheets, self._book.close
        self.after: list[int] = []

    def open(self, sheet: str | int, *, after: int = 0) -> Iterator[Block]:
        self.after.append(after)
        return self._book.open(sheet, after=after)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text("Customers of 2026\n\nname,city\n" + "".join(f"Ama {n},Accra\n" for n in range(2000)))
    return path


def opened(file: Path, header: int | None = None) -> tuple[Sheet, Opened]:
    books: list[Opened] = []

    def opener(path: Path) -> Book:
        books.append(Opened(path))
        return books[0]

    return Sheet(opener, Input.of(file, header=header)), books[0]


@pytest.mark.parametrize("header", [None, 3])
def test_finding_the_header_and_reading_all_rows_read_the_file_once(file: Path, header: int | None) -> None:
    sheet, book = opened(file, header)
    sheet.go_to(sheet.first)
    some, last = sheet.take(500)
    rest, ended = sheet.take(5000)
    sheet.close()
    assert (sheet.headers, sheet.first, last, ended) == (("name", "city"), 3, False, True)
    assert [(row, cells[0]) for row, cells in some + rest] == [(n + 4, f"Ama {n}") for n in range(2000)]
    assert book.after == [0]


def test_a_run_that_goes_on_reads_below_its_last_row(file: Path) -> None:
    sheet, book = opened(file)
    sheet.go_to(1500)
    rows, _ = sheet.take(2)
    sheet.close()
    assert [row for row, _ in rows] == [1501, 1502]
    assert book.after == [0, 1500]


def test_the_rows_can_be_read_again(file: Path) -> None:
    sheet, _ = opened(file)
    for _ in range(2):
        sheet.go_to(sheet.first)
        assert sheet.take(2)[0] == [(4, ("Ama 0", "Accra")), (5, ("Ama 1", "Accra"))]
    sheet.close()
