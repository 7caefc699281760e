"""The parts of a workbook, as programs really write them: other names, other encodings, some missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from narrowboat.data.sources.spreadsheet import open_book
from tests.golden.workbooks import (
    MAIN,
    REL,
    RELS,
    STRICT,
    WORKBOOK,
    WORKBOOK_RELS,
    calamines,
    openpyxls,
    ours,
    package,
    parts,
    sheet,
    strings,
    styles,
)

SHEET = sheet(
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>1</v></c></row>'
    '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>2</v></c></row>'
)
STRINGS = strings("<si><t>Zoë</t></si><si><t>東京</t></si>")
EXPECTED = {"A1": "Zoë", "B1": 1, "A2": "東京", "B2": 2}
NAME = "xl/worksheets/sheet1.xml"


def whole() -> dict[str, str | bytes]:
    return parts(SHEET, strings=STRINGS)


def prefixed(part: str) -> str:
    """The same part with a prefix before every name."""
    named = part.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:").replace("<x:?", "<?")
    return named.replace("xmlns=", "xmlns:x=")


def with_prefixes() -> dict[str, str | bytes]:
    return parts(prefixed(SHEET), strings=prefixed(STRINGS), styles=prefixed(styles()), workbook=prefixed(WORKBOOK))


def absolute_targets() -> dict[str, str | bytes]:
    rels = WORKBOOK_RELS.replace('Target="', 'Target="/xl/')
    return parts(SHEET, strings=STRINGS, workbook_rels=rels)


def backslashes() -> dict[str, str | bytes]:
    return {name.replace("/", "\\") if name == NAME else name: part for name, part in whole().items()}


def another_case() -> dict[str, str | bytes]:
    return {name.replace("sharedStrings", "SharedStrings"): part for name, part in whole().items()}


def other_names() -> dict[str, str | bytes]:
    made = whole()
    made["xl/book.xml"] = made.pop("xl/workbook.xml")
    made["xl/_rels/book.xml.rels"] = WORKBOOK_RELS.replace("sheet1.xml", "data.xml")
    del made["xl/_rels/workbook.xml.rels"]
    made["xl/worksheets/data.xml"] = made.pop(NAME)
    made["_rels/.rels"] = RELS.replace("workbook.xml", "book.xml")
    made["[Content_Types].xml"] = (
        str(made["[Content_Types].xml"]).replace("workbook.xml", "book.xml").replace("sheet1.xml", "data.xml")
    )
    return made


def marked() -> dict[str, str | bytes]:
    return {name: b"\xef\xbb\xbf" + str(part).encode() for name, part in whole().items()}


def utf_16() -> dict[str, str | bytes]:
    declared = '<?xml version="1.0" encoding="UTF-16"?>'
    return parts((declared + SHEET).encode("utf-16"), strings=(declared + STRINGS).encode("utf-16"))


def latin_1() -> dict[str, str | bytes]:
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    return parts(SHEET, strings=(declared + STRINGS).replace("東京", "&#x6771;&#20140;").encode("latin-1"))


def strict() -> dict[str, str | bytes]:
    relations = WORKBOOK_RELS.replace(REL, "http://purl.oclc.org/ooxml/officeDocument/relationships")
    made = parts(SHEET, strings=STRINGS, workbook_rels=relations)
    return {name: str(part).replace(MAIN, STRICT) for name, part in made.items()}


def wrong_dimension() -> dict[str, str | bytes]:
    return parts(SHEET.replace("<sheetData>", '<dimension ref="A1"/><sheetData>'), strings=STRINGS)


def no_styles() -> dict[str, str | bytes]:
    return parts(SHEET, strings=STRINGS, styles=None)


MAKERS = (
    whole,
    with_prefixes,
    absolute_targets,
    backslashes,
    another_case,
    other_names,
    marked,
    utf_16,
    latin_1,
    strict,
    wrong_dimension,
    no_styles,
)
NOT_OPENPYXL = {backslashes, another_case, strict, utf_16, no_styles}
"""What openpyxl refuses or finds nothing in; calamine, as the second witness, does, but for UTF-16."""
NOT_CALAMINE = {utf_16, with_prefixes, latin_1, another_case, backslashes, other_names}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_parts_are_found_and_understood(make: Callable[[], dict[str, str | bytes]], tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(make()))
    assert ours(path) == EXPECTED
    if make not in NOT_OPENPYXL:
        assert openpyxls(path) == EXPECTED
    if make not in NOT_CALAMINE:
        assert calamines(path) == EXPECTED


def test_a_workbook_without_shared_strings_is_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(parts(sheet('<row r="1"><c r="A1"><v>1</v></c></row>'), strings=None)))
    assert ours(path) == {"A1": 1}


def test_sheets_rows_and_columns_that_are_hidden_are_read_and_said_to_be_hidden(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2" hidden="1"><c r="A2"><v>2</v></c></row>'
    before = (
        '<dimension ref="A1:C2"/><cols><col min="2" max="3" hidden="1"/><col min="5" max="16384" hidden="1"/></cols>'
    )
    workbook = WORKBOOK.replace('sheetId="1"', 'sheetId="1" state="veryHidden"')
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(parts(sheet(rows, before=before), workbook=workbook)))
    book = open_book(path)
    (info,) = book.sheets()
    (block,) = book.open("Sheet1")
    book.close()
    assert info == ("Sheet1", True, 2, None, (1, 2), {})
    assert block == ([(1, (1,)), (2, (2,))], frozenset({2}))


def test_sheets_are_opened_by_name_and_by_place(tmp_path: Path) -> None:
    made = whole()
    made["xl/workbook.xml"] = WORKBOOK.replace(
        "</sheets>", '<sheet name="Two" sheetId="2" r:id="rId9"/><sheet name="Chart" sheetId="3" r:id="rId8"/></sheets>'
    )
    more = (
        f'<Relationship Id="rId9" Type="{REL}/worksheet" Target="worksheets/sheet2.xml"/>'
        f'<Relationship Id="rId8" Type="{REL}/chartsheet" Target="chartsheets/sheet1.xml"/></Relationships>'
    )
    made["xl/_rels/workbook.xml.rels"] = WORKBOOK_RELS.replace("</Relationships>", more)
    made["xl/worksheets/sheet2.xml"] = sheet('<row r="5"><c r="B5"><v>7</v></c></row>')
    made["xl/chartsheets/sheet1.xml"] = "<chartsheet/>"
    path = tmp_path / "book.xlsx"
    path.write_bytes(package(made))
    assert ours(path, "Two") == ours(path, 1) == {"B5": 7}
    assert ours(path, "Sheet1") == EXPECTED
