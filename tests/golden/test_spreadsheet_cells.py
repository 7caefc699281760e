"""Every kind of cell that was met in real workbooks, as openpyxl and calamine read it; and where we differ, and why."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from narrowboat.data.sheet import CellError
from tests.golden.workbooks import (
    WORKBOOK,
    Found,
    alike,
    calamines,
    openpyxls,
    ours,
    package,
    parts,
    sheet,
    strings,
    styles,
)


class Kind(NamedTuple):
    rows: str
    expected: Found
    strings: str = ""
    styles: tuple[str | int, ...] = ()
    openpyxl: Found | None = None
    """What openpyxl has instead, where it differs."""
    calamine: Found | None = None


def dated(*values: tuple[str, str | int], expected: list[Any], **others: Any) -> Kind:
    """A row of numbers, each with a number format."""
    cells = "".join(f'<c r="{chr(65 + i)}1" s="{i + 1}"><v>{value}</v></c>' for i, (value, _) in enumerate(values))
    found = {f"{chr(65 + i)}1": value for i, value in enumerate(expected)}
    return Kind(f'<row r="1">{cells}</row>', found, styles=tuple(code for _, code in values), **others)


NOON = datetime(2024, 2, 29, 12)
DAY = date(2024, 2, 29)
KINDS = {
    "numbers": Kind(
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>-1.5</v></c><c r="C1" t="n"><v>1E3</v></c>'
        '<c r="D1"><v>1.0</v></c><c r="E1"><v>9007199254740993</v></c></row>',
        {"A1": 1, "B1": -1.5, "C1": 1000.0, "D1": 1.0, "E1": 9007199254740993},
        calamine={"A1": 1, "B1": -1.5, "C1": 1000.0, "D1": 1.0, "E1": 9007199254740992.0},
    ),
    "shared texts": Kind(
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>0</v></c></row>',
        {"A1": "a & <b>", "B1": "b", "C1": "a & <b>"},
        strings="<si><t>a &amp; &lt;b&gt;</t></si><si><t>b</t></si>",
    ),
    "rich texts joined, without phonetic hints": Kind(
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>',
        {"A1": "bold plain", "B1": "東京"},
        strings="<si><r><rPr><b/></rPr><t>bold</t></r><r><t xml:space='preserve'> plain</t></r></si>"
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>',
    ),
    "inline texts": Kind(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>one</t></is></c>'
        '<c r="B1" t="inlineStr"><is><r><t>t</t></r><r><t>wo</t></r></is></c></row>',
        {"A1": "one", "B1": "two"},
    ),
    "an inline text counts, not the value beside it": Kind(
        '<row r="1"><c r="A1" t="inlineStr"><v>1.</v><is><t>01.</t></is></c></row>',
        {"A1": "01."},
    ),
    "a value that is called an inline text": Kind(
        '<row r="1"><c r="A1" t="inlineStr"><v>1</v></c><c t="inlineStr" r="B1"><v>2</v></c></row>',
        {"A1": "1", "B1": "2"},
        openpyxl={},
        calamine={},
    ),
    "formulas have what was computed": Kind(
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"x"&amp;"y"</f><v>xy</v></c>'
        '<c r="C1" t="b"><f>TRUE()</f><v>1</v></c><c r="D1"><f t="shared" si="0"/><v>3</v></c>'
        '<c r="E1"><f>NOW()</f></c><c r="F1" t="str"><f>""</f><v></v></c></row>',
        {"A1": 2, "B1": "xy", "C1": True, "D1": 3},
    ),
    "truth and errors": Kind(
        '<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c><c r="C1" t="e"><v>#N/A</v></c></row>',
        {"A1": True, "B1": False, "C1": CellError("#N/A")},
        calamine={"A1": True, "B1": False},  # calamine's Python face tells nothing of errors
    ),
    "white space": Kind(
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>',
        {"A1": " kept ", "B1": " kept "},
        strings='<si><t xml:space="preserve"> kept </t></si><si><t> kept </t></si>',
        calamine={"A1": " kept ", "B1": "kept"},
    ),
    "escaped characters": Kind(
        '<row r="1"><c r="A1" t="s"><v>0</v></c>'
        '<c r="B1" t="inlineStr"><is><t>_x0041_ &#10;_x005F_x0041_</t></is></c></row>',
        {"A1": "a\r\nb", "B1": "A \n_x0041_"},
        strings="<si><t>a_x000D_\nb</t></si>",
        openpyxl={"A1": "a_x000D_\nb", "B1": "_x0041_ \n_x005F_x0041_"},  # openpyxl leaves escapes as they are
    ),
    "line ends": Kind(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a\r\nb\rc</t></is></c></row>',
        {"A1": "a\nb\nc"},
    ),
    "built-in date formats": dated(
        ("45351", 14),
        ("45351.5", 22),
        ("0.5", 20),
        ("1.5", 46),
        ("45351", 0),
        expected=[DAY, NOON, time(12), timedelta(days=1, hours=12), 45351],
    ),
    "date formats of one's own": dated(
        ("45351", "yyyy\\-mm\\-dd"),
        ("45351.5", "[$-409]d/m/yy h:mm AM/PM;@"),
        ("45351", "[Red]dd.mm.yyyy"),
        ("45351", "&quot;Tag &quot;d"),
        ("1.5", "[h]:mm:ss"),
        ("0.25", "hh:mm"),
        ("45351", "mmm"),
        ("0.5", "mm:ss"),
        ("0.5", "AM/PM"),
        expected=[DAY, NOON, DAY, DAY, timedelta(days=1, hours=12), time(6), DAY, time(12), time(12)],
    ),
    "number formats that look like dates": dated(
        ("1.5", "0.00E+00"),
        ("1.5", "&quot;days: &quot;0.0"),
        ("1.5", "[Red]0.0"),
        ("1.5", "0.0\\d"),
        ("1.5", "General"),
        ("1.5", "_d0.0"),
        ("1.5", "#,##0.00 [$USD]"),
        expected=[1.5] * 7,
    ),
    "first days": dated(
        ("1", 14),
        ("59", 14),
        ("61", 14),
        ("0", 14),
        expected=[date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1), time()],
        calamine={"A1": datetime(1900, 1, 1), "B1": datetime(1900, 2, 28), "C1": datetime(1900, 3, 1), "D1": time()},
    ),
    "moments are rounded to milliseconds": dated(
        ("45351.999999999", 22), ("45351.500000001", 22), expected=[datetime(2024, 3, 1), NOON]
    ),
    "ISO dates": Kind(
        '<row r="1"><c r="A1" t="d"><v>2024-02-29</v></c><c r="B1" t="d"><v>2024-02-29T12:00:00</v></c></row>',
        {"A1": DAY, "B1": NOON},
        styles=(22,),
    ),
    "no references": Kind(
        "<row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c><v>4</v></c></row>", {"A1": 1, "C1": 3, "A2": 4}
    ),
    "gaps and empty cells": Kind(
        '<row r="2"><c r="B2" s="0"/><c r="D2"><v>1</v></c></row><row r="3"/><row r="9"><c r="A9"/></row>'
        '<row r="10"><c r="AA10"><v>2</v></c></row>',
        {"D2": 1, "AA10": 2},
    ),
    "attributes in any order": Kind(
        '<row spans="1:2" r="3"><c t="b" r="B3"><v>1</v></c><c s="0" r="C3"><v>2</v></c></row>', {"B3": True, "C3": 2}
    ),
    "comments, CDATA and instructions": Kind(
        '<row r="1"><!-- <row r="7"/> --><c r="A1" t="inlineStr"><is><t><![CDATA[</row><b>]]></t></is></c></row>'
        '<?ignore </row>?><row r="2"><c r="A2"><v>2</v></c></row>',
        {"A1": "</row><b>", "A2": 2},
    ),
    "white space between elements": Kind(
        '\n <row r="1">\n  <c r="A1">\n <v>1</v>\n </c>\n </row>\n'
        ' <row r="2">\n <c r="A2">\n <v>2</v>\n </c>\n </row>\n',
        {"A1": 1, "A2": 2},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_cells_are_read_as_others_read_them(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(parts(sheet(kind.rows), strings=strings(kind.strings), styles=styles(*kind.styles))))
    assert (found := ours(path)) == kind.expected
    assert {place: type(cell) for place, cell in found.items()} == {
        place: type(cell) for place, cell in kind.expected.items()
    }
    assert alike(openpyxls(path)) == alike(kind.expected if kind.openpyxl is None else kind.openpyxl)
    assert alike(calamines(path)) == alike(kind.expected if kind.calamine is None else kind.calamine)


NO_DAYS = (("-1", 14), ("2958466", 14), ("60", 14))


def test_numbers_that_name_no_day_stay_numbers(tmp_path: Path) -> None:
    kind = dated(*NO_DAYS, expected=[-1, 2958466, 60])
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(parts(sheet(kind.rows), styles=styles(*kind.styles))))
    assert ours(path) == {"A1": -1, "B1": 2958466, "C1": 60}


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    kind = dated(("0", 14), ("43889", 14), ("43889.5", 22), ("0.25", 20), expected=[])
    path = tmp_path / "book.xlsx"
    workbook = WORKBOOK.replace("<workbookPr/>", '<workbookPr date1904="1"/>')
    path.write_bytes(package(parts(sheet(kind.rows), styles=styles(*kind.styles), workbook=workbook)))
    assert ours(path) == {"A1": date(1904, 1, 1), "B1": DAY, "C1": NOON, "D1": time(6)}
    assert alike(openpyxls(path)) == {"A1": time(), "B1": datetime(2024, 2, 29), "C1": NOON, "D1": time(6)}
    assert alike(calamines(path)) == {"A1": time(), "B1": datetime(2024, 2, 29), "C1": NOON, "D1": time(6)}


def test_what_stands_beneath_merged_cells_is_read_as_it_is_in_the_file(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    path = tmp_path / "book.xlsx"
    merged = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    path.write_bytes(package(parts(sheet(rows, after=merged))))
    assert ours(path) == calamines(path) == {"A1": 1, "B1": 2}
    assert openpyxls(path) == {"A1": 1}  # it empties all but the first


def test_extensions_within_a_cell_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(parts(sheet('<row r="1"><c r="A1"><v>1</v><extLst><ext/></extLst></c></row>'))))
    assert ours(path) == {"A1": 1}  # calamine refuses the file, openpyxl warns
