"""Workbooks read back, cell for cell, by readers nobody here wrote: openpyxl, calamine, LibreOffice, Info-ZIP."""

from __future__ import annotations

import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.data.formats.xlsx.format import Xlsx
from narrowboat.data.formats.xlsx.writer import Limits
from narrowboat.data.source import Row

Sheets: TypeAlias = dict[str, list[list[Any]]]

COLUMNS = (
    Column("text", Type.TEXT, label='A "label" <&> 🚚'),
    Column("whole", Type.INTEGER),
    Column("part", Type.FLOAT),
    Column("exact", Type.DECIMAL, scale=3),
    Column("price", Type.MONEY, currency="EUR"),
    Column("day", Type.DATE),
    Column("moment", Type.DATETIME, zone="Europe/Berlin"),
    Column("clock", Type.TIME),
    Column("yes", Type.BOOLEAN),
    Column("raw", Type.BINARY),
    Column("any", Type.ANY),
)
WORDS = [
    "plain",
    "",
    "007",
    "+49 (0)30 1234",
    " leading and trailing ",
    "\n",
    "two\nlines",
    "tab\there",
    "]]>",
    "<b>bold</b> & more",
    "=cmd|' /C calc'!A0",
    "_x0041_",
    "Zoë 李雷 🚚 \u2028",
    "TRUE",
    "#N/A",
    "x" * 32_767,
]
ANYTHING = ["text", 1, 2.5, True, Decimal("1.25"), date(2024, 2, 29), datetime(2024, 2, 29, 12), time(12), UUID(int=7)]


def row(number: int) -> Row:
    """A row whose cells are all there; the types are driven through their range."""
    return (
        WORDS[number % len(WORDS)],
        [0, -1, 2**31, -(2**49), 123_456_789_012_345][number % 5],
        [0.0, 0.1, -1e-7, 1e21, 1.7976931348623157e308][number % 5],
        Decimal(number) / 1000,
        Decimal("1234.50") - number,
        [date(1900, 3, 1), date(2024, 2, 29), date(9999, 12, 31)][number % 3],
        [datetime(1900, 3, 1), datetime(2024, 2, 29, 10, 30, 15, 123_000), datetime(9999, 12, 31, 23, 59, 59, 999_000)][
            number % 3
        ],
        [time(0, 0), time(6, 30), time(23, 59, 59)][number % 3],
        number % 2 == 0,
        bytes([number % 256]),
        ANYTHING[number % len(ANYTHING)],
    )


def rows(count: int) -> list[Row]:
    """Each row with one cell left out in turn."""
    return [
        tuple(None if index == number % 12 else cell for index, cell in enumerate(row(number)))
        for number in range(count)
    ]


def expected(cell: Any) -> Any:
    """The value as a spreadsheet knows it."""
    match cell:
        case bytes():
            return b64encode(cell).decode()
        case Decimal():
            return float(cell)
        case UUID():
            return str(cell)
        case datetime():
            return cell
        case date():
            return datetime(cell.year, cell.month, cell.day)
        case _:
            return cell


def write(path: Path, format: Xlsx, tables: dict[str, list[Row]], block: int = 50) -> None:
    writer = format.writer()
    with path.open("wb") as file:
        for name, table in tables.items():
            file.write(writer.begin(Table(name, COLUMNS), table[:block]))
            for start in range(0, len(table), block):
                file.write(writer.block(table[start : start + block]))
        file.write(writer.end())
    assert writer.alterations.counts == {}


def unspelled(text: str) -> str:
    """ECMA-376 ST_Xstring, which openpyxl hands over as it is in the file."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def by_openpyxl(path: Path) -> Sheets:
    return _each(_loaded(path), lambda cell: unspelled(cell) if isinstance(cell, str) else cell)


def by_calamine(path: Path) -> Sheets:
    """Nothing and empty text are both empty text to calamine, and a midnight is a day."""
    workbook = CalamineWorkbook.from_path(str(path))
    sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
    return _each(sheets, lambda cell: datetime(cell.year, cell.month, cell.day) if type(cell) is date else cell)


def by_libreoffice(path: Path) -> Sheets:
    """Read and written again by LibreOffice, which writes booleans as formulas and empty text as nothing."""
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice (soffice) is not installed")
    profile, out = path.parent / "profile", path.parent / "converted"
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx", "--outdir"]
    subprocess.run([*command, out, path], check=True, capture_output=True, timeout=120)
    formulas = {"=TRUE()": True, "=FALSE()": False}
    return _each(_loaded(out / path.name), lambda cell: formulas.get(cell, cell) if isinstance(cell, str) else cell)


def _loaded(path: Path) -> Sheets:
    return {sheet.title: [list(cells) for cells in sheet.values] for sheet in load_workbook(path).worksheets}


def _each(sheets: Sheets, change: Callable[[Any], Any]) -> Sheets:
    return {name: [[change(cell) for cell in cells] for cells in sheet] for name, sheet in sheets.items()}


@pytest.fixture(params=[by_openpyxl, by_calamine, by_libreoffice])
def read(request: pytest.FixtureRequest) -> Callable[[Path], Sheets]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=[False, True], ids=["by order", "with references"])
def references(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def cells_of(sheet: list[list[Any]]) -> Iterator[tuple[int, int, Any]]:
    for number, cells in enumerate(sheet):
        for index, cell in enumerate(cells):
            yield number, index, cell


def assert_same(found: list[list[Any]], wanted: list[Row]) -> None:
    """Cell for cell. Nothing and empty text count as the same, since two of the readers do not tell them apart."""
    assert len(found) == len(wanted)
    for number, index, cell in cells_of(found):
        want = expected(wanted[number][index])
        assert (cell in ("", None) and want in ("", None)) or cell == want, f"row {number}, column {index}"


def test_every_cell_of_every_type_is_read_back(
    read: Callable[[Path], Sheets], references: bool, tmp_path: Path
) -> None:
    path = tmp_path / "types.xlsx"
    write(path, Xlsx(references=references), {"Types": rows(120)})
    sheets = read(path)
    assert list(sheets) == ["Types"]
    header, *found = sheets["Types"]
    assert header == [column.header for column in COLUMNS]
    assert_same(found, rows(120))


@pytest.mark.parametrize("text", ["a\r\nb\rc", "\r", "_x000D_", "_x005F_x0041_"])
def test_carriage_returns_and_what_looks_like_one_are_read_back_by_openpyxl_and_calamine(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "text.xlsx"
    write(path, Xlsx(), {"Text": [(text, *[None] * 10)]})
    assert by_openpyxl(path)["Text"][1][0] == by_calamine(path)["Text"][1][0] == text


def test_several_and_full_sheets_are_read_back(read: Callable[[Path], Sheets], tmp_path: Path) -> None:
    path = tmp_path / "sheets.xlsx"
    write(path, Xlsx(limits=Limits(rows=31)), {"One": rows(70), "Two / 'half'": rows(3), "": []})
    sheets = read(path)
    assert list(sheets) == ["One", "One (2)", "One (3)", "Two _ 'half_", "Sheet"]
    assert_same([line for name in ("One", "One (2)", "One (3)") for line in sheets[name][1:]], rows(70))
    assert_same(sheets["Two _ 'half_"][1:], rows(3))
    assert sheets["Sheet"] == [[column.header for column in COLUMNS]]


def test_a_workbook_without_tables_opens(read: Callable[[Path], Sheets], tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    write(path, Xlsx(), {})
    assert [cell for line in read(path)["Sheet"] for cell in line if cell is not None] == []


def test_info_zip_finds_no_fault(tmp_path: Path) -> None:
    if not shutil.which("unzip"):
        pytest.skip("unzip is not installed")
    path = tmp_path / "types.xlsx"
    write(path, Xlsx(limits=Limits(rows=50)), {"Types": rows(120)})
    result = subprocess.run(["unzip", "-t", path], capture_output=True)
    assert result.returncode == 0
    assert b"No errors detected" in result.stdout


def test_libmagic_knows_an_excel_file(tmp_path: Path) -> None:
    if not shutil.which("file"):
        pytest.skip("file is not installed")
    path = tmp_path / "types.xlsx"
    write(path, Xlsx(), {"Types": rows(1)})
    assert subprocess.check_output(["file", "--brief", path]) == b"Microsoft Excel 2007+\n"


def test_the_header_is_bold_in_sight_and_filtered(tmp_path: Path) -> None:
    path = tmp_path / "types.xlsx"
    write(path, Xlsx(), {"Types": rows(20)})
    sheet = load_workbook(path).active
    assert sheet is not None
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:K21"
    assert [cell.font.b for cell in sheet[1]] == [True] * len(COLUMNS)
    assert [cell.font.b for cell in sheet[2]] == [False] * len(COLUMNS)
    assert [cell.number_format for cell in sheet[2]] == [
        "General", "General", "General", "0.000", "[$EUR] #,##0.00", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss",
        "General", "General", "General",
    ]  # fmt: skip
    widths = [sheet.column_dimensions[letter].width for letter in "AEFGH"]
    assert widths == [60, 14, 12, 21, 10]


def test_marked_cells_are_filled_and_keep_their_value_and_format(
    read: Callable[[Path], Sheets], references: bool, tmp_path: Path
) -> None:
    """Every second cell."""
    table, given = Table("Types", COLUMNS), rows(40)
    marks = {(row, column) for row in range(40) for column in range(len(COLUMNS)) if (row + column) % 2}
    writer = Xlsx(references=references).writer()
    path = tmp_path / "marked.xlsx"
    path.write_bytes(writer.begin(table, given) + writer.block(given, marks) + writer.end())
    [(_, *found)] = read(path).values()
    assert_same(found, given)
    sheet = load_workbook(path).worksheets[0]
    cells = [
        (row, column, cell) for row, line in enumerate(sheet.iter_rows(min_row=2)) for column, cell in enumerate(line)
    ]
    assert {(row, column) for row, column, cell in cells if cell.fill.fgColor.rgb == "FFFFC7CE"} == marks
    formats = {True: set[tuple[int, str]](), False: set[tuple[int, str]]()}
    for row, column, cell in cells:
        if cell.value is not None:
            formats[(row, column) in marks].add((column, cell.number_format))
    assert formats[True] == formats[False], "a mark changes no format"
