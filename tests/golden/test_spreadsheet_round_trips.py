"""What XlsxWriter and our own writer write is read as it was, in this process and by the child, from any row on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from narrowboat.data.columns import Column
from narrowboat.data.format import Table
from narrowboat.data.formats.xlsx.format import Xlsx
from narrowboat.data.sheet import Book, SheetRow
from narrowboat.data.sources.spreadsheet import open_book, open_isolated
from narrowboat.data.sources.spreadsheet.packing import pack, unpack
from narrowboat.data.sources.spreadsheet.xlsx import strings as shared
from tests.golden.binary import xlsb
from tests.golden.office import needs_office, to_xlsx
from tests.golden.workbooks import package, parts, sheet
from tests.golden.workbooks import strings as table

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
CELL: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-1e307, 1e307),
    TEXT,
    st.sampled_from(["", " ", "_x0041_", "&amp;", "<b>", "]]>", "=1+1", "a\r\nb", "\x7f", "\x80", "00233", "1e5"]),
    st.dates(date(1900, 3, 1)),
    st.datetimes(datetime(1900, 3, 1)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    st.times().map(lambda clock: clock.replace(microsecond=0)),
)
ROWS = st.lists(st.lists(CELL, max_size=6), max_size=30)


def read(path: Path, *, isolated: bool = False, after: int = 0) -> list[SheetRow]:
    book = (open_isolated if isolated else open_book)(path)
    try:
        return list(rows_of(book, after))
    finally:
        book.close()


def rows_of(book: Book, after: int = 0) -> Iterator[SheetRow]:
    for block in book.open(0, after=after):
        assert unpack(pack(block)) == block
        yield from block.rows


def expected(rows: list[list[Any]]) -> list[tuple[int, list[Any]]]:
    found = []
    for number, row in enumerate(rows, 1):
        cells = [None if cell == "" else cell for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            found.append((number, cells))
    return found


def same(found: list[SheetRow], rows: list[list[Any]]) -> None:
    wanted = expected(rows)
    assert [number for number, _ in found] == [number for number, _ in wanted]
    for (number, cells), (_, row) in zip(found, wanted, strict=True):
        for cell, original in zip(cells, row, strict=True):
            if isinstance(original, float):
                assert cell == pytest.approx(original, rel=1e-15), number  # 16 or 17 digits, as the writer has it
            elif isinstance(original, datetime):
                assert isinstance(cell, datetime)
                assert abs(cell - original) <= timedelta(milliseconds=1)
            else:
                assert (type(cell), cell) == (type(original), original), number


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, constant=st.booleans())
def test_what_xlsxwriter_writes_is_read_as_it_was(rows: list[list[Any]], constant: bool, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path), {"strings_to_urls": False, "constant_memory": constant})
    page = book.add_worksheet()
    styles = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss.000"}),
        time: book.add_format({"num_format": "hh:mm:ss"}),
    }
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if type(cell) in styles:
                page.write_datetime(y, x, cell, styles[type(cell)])
            elif isinstance(cell, str):
                page.write_string(y, x, cell)
            elif cell is not None:
                page.write(y, x, cell)
    book.close()
    same(read(path), rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=30), references=st.booleans())
def test_what_we_write_is_read_as_it_was(rows: list[list[Any]], references: bool, tmp_path: Path) -> None:
    clean = [[cell if not isinstance(cell, str) else _writable(cell) for cell in row] for row in rows]
    writer = Xlsx(references=references, header=False).writer()
    tuples = [tuple(row) for row in clean]
    content = writer.begin(Table("t", tuple(Column(name) for name in "abcd")), tuples)
    content += (writer.block(tuples) if tuples else b"") + writer.end()
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    same(read(path), clean)


def _writable(text: str) -> str:
    """Without what the writer alters, and says so."""
    return "".join(letter for letter in text if letter in "\t\n" or (letter >= " " and letter not in "\ufffe\uffff"))


MANY = 1700


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Rows of every shape, with gaps between them."""
    rows = []
    for n in range(1, MANY):
        number = n * 3 + n // 100
        shapes = (
            f'<row r="{number}"><c r="A{number}"><v>{n}</v></c><c r="C{number}" t="s"><v>{n % 7}</v></c></row>',
            f'<row r="{number}" hidden="1"><c r="B{number}" t="inlineStr"><is><r><t>rich</t></r></is></c></row>',
            f'<row r="{number}"/>',
            f'<row r="{number}"><c r="A{number}"><f>1</f><v>{n}.5</v></c></row>',
        )
        rows.append(shapes[n * 7919 % 4])
    items = "".join(f"<si><t>text {n}</t></si>" for n in range(7))
    path = tmp_path / "many.xlsx"
    path.write_bytes(package(parts(sheet("".join(rows)), strings=table(items))))
    return path


def test_a_child_gives_what_reading_here_gives(many: Path) -> None:
    direct, isolated = open_book(many), open_isolated(many)
    assert list(isolated.sheets()) == list(direct.sheets())
    hidden = [frozenset[int]().union(*(block.hidden for block in book.open(0))) for book in (direct, isolated)]
    assert len(hidden[0]) > 100
    assert hidden[0] == hidden[1]
    assert read(many, isolated=True) == read(many)
    direct.close()
    isolated.close()


def test_reading_goes_on_below_any_row(many: Path) -> None:
    whole = read(many)
    for after in (0, 1, 2, 3, 1000, 1001, 2500, whole[-1][0] - 1, whole[-1][0], whole[-1][0] + 1):
        assert read(many, after=after) == [row for row in whole if row[0] > after]


@pytest.mark.parametrize("references", [True, False])
def test_reading_goes_on_where_chunks_were_passed_over(references: bool, tmp_path: Path) -> None:
    rows = [(n, f"name {n}", n / 8) for n in range(1, 12_001)]
    writer = Xlsx(references=references, header=False).writer()
    content = writer.begin(Table("t", tuple(map(Column, "abc"))), rows) + writer.block(rows) + writer.end()
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    for after in (0, 1, 5_999, 11_998, 11_999):
        assert read(path, after=after) == [(n, row) for n, row in enumerate(rows, 1) if n > after]


def test_a_table_on_disk_gives_what_one_in_memory_gives(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 5000
    items = "".join(f"<si><t>{'ö' * (n % 50)} {n}</t></si>" for n in range(count - 1)) + "<si><t></t></si>"
    cells = "".join(f'<row><c t="s"><v>{n * 7919 % count}</v></c></row>' for n in range(count))
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(parts(sheet(cells), strings=table(items))))
    in_memory = read(path)
    monkeypatch.setattr(shared, "_KEPT", 20_000)
    assert read(path) == in_memory
    assert len(in_memory) == count - 1


@needs_office
@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_what_libreoffice_saves_in_other_formats_is_read_alike(kind: str, tmp_path: Path) -> None:
    from tests.golden.office import convert

    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("Leute")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_row(1, 1, ["Zoë", 233_555_123_456, 1.5, True])
    page.write_datetime(1, 5, date(2024, 2, 29), day)
    page.write_row(3, 2, ["below"])
    book.add_worksheet("Zwei").hide()
    book.close()
    other = open_isolated(convert(path, kind))
    assert [(info.name, info.hidden) for info in other.sheets()] == [("Leute", False), ("Zwei", True)]
    ((first, cells), second) = (row for block in other.open(0) for row in block.rows)
    other.close()
    assert (first, cells[:5], second) == (2, (None, "Zoë", 233_555_123_456, 1.5, True), (4, (None, None, "below")))
    assert str(cells[5])[:10] == "2024-02-29"


@needs_office
def test_a_binary_workbook_is_read_as_libreoffice_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsb"
    people: dict[int, dict[int, object]] = {
        2: {1: "Zoë", 2: 233_555_123_456, 3: 1.5, 4: True, 5: date(2024, 2, 29), 6: None},
        4: {2: "below", 3: -7},
    }
    path.write_bytes(xlsb({"Leute": people, "Zwei": {}}, hidden=["Zwei"]))
    book = open_isolated(path)
    assert [(info.name, info.hidden) for info in book.sheets()] == [("Leute", False), ("Zwei", True)]
    found = [row for block in book.open(0) for row in block.rows]
    book.close()
    assert found == [
        (2, (None, "Zoë", 233_555_123_456, 1.5, True, date(2024, 2, 29))),
        (4, (None, None, "below", -7)),
    ]
    assert read(to_xlsx(path)) == found


def test_openpyxl_agrees_about_every_cell_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for y in range(1500):
        page.write_row(y, 0, [y, f"n {y % 97}", y / 3, y % 2 == 0])
    book.close()
    workbook = load_workbook(path, read_only=True)
    theirs = [tuple(row) for row in workbook.worksheets[0].iter_rows(values_only=True)]
    workbook.close()
    assert [cells for _, cells in read(path)] == theirs
