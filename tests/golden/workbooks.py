"""Workbooks made by hand, part by part, and how others read them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeAlias

from openpyxl import load_workbook
from python_calamine import load_workbook as load_calamine

from narrowboat.data.sheet import CellError
from narrowboat.data.sources.spreadsheet import open_book

Found: TypeAlias = dict[str, Any]
"""Filled cells by their reference: `{"B7": 1}`."""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

CONTENT_TYPES = f"""<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/>
<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>
<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/></Types>"""
RELS = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{REL}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>'
)
WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><workbookPr/>'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
WORKBOOK_RELS = (
    f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{REL}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{REL}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    """A sheet's part around its rows."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def strings(items: str) -> str:
    """The part of shared strings around its items."""
    return f'<sst xmlns="{MAIN}">{items}</sst>'


def styles(*codes: str | int) -> str:
    """A style table whose style n + 1 has the format `codes[n]`: a code of its own, or the number of a built-in one."""
    own = [f'<numFmt numFmtId="{170 + i}" formatCode="{code}"/>' for i, code in enumerate(codes) if type(code) is str]
    numbers = [170 + i if type(code) is str else code for i, code in enumerate(codes)]
    cells = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for number in (0, *numbers)
    )
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="{len(own)}">{"".join(own)}</numFmts><fonts><font/></fonts>'
        "<fills><fill><patternFill/></fill></fills><borders><border/></borders>"
        '<cellStyleXfs><xf numFmtId="14" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f"<cellXfs>{cells}</cellXfs>"
        '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def parts(sheet_part: str | bytes, **others: str | bytes | None) -> dict[str, str | bytes]:
    """All parts of a workbook with one sheet. others: `styles`, `strings`, `workbook`, `workbook_rels`; None: no."""
    made: dict[str, str | bytes | None] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELS,
        "xl/workbook.xml": others.get("workbook", WORKBOOK),
        "xl/_rels/workbook.xml.rels": others.get("workbook_rels", WORKBOOK_RELS),
        "xl/styles.xml": others.get("styles", styles()),
        "xl/sharedStrings.xml": others.get("strings", strings("")),
        "xl/worksheets/sheet1.xml": sheet_part,
    }
    return {name: part for name, part in made.items() if part is not None}


def package(members: Mapping[str, str | bytes]) -> bytes:
    """The parts as a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in members.items():
            archive.writestr(name, part)
    return file.getvalue()


def ours(path: Path, sheet: str | int = 0) -> Found:
    """The filled cells of a sheet as our reader has them."""
    book = open_book(path)
    try:
        rows = [row for block in book.open(sheet) for row in block.rows]
    finally:
        book.close()
    return {reference(number, x): cell for number, cells in rows for x, cell in enumerate(cells) if cell is not None}


def openpyxls(path: Path, sheet: str | None = None) -> Found:
    """The filled cells as openpyxl has them."""
    book = load_workbook(path, data_only=True)
    cells = book[sheet or book.sheetnames[0]]._cells.values()  # type: ignore[union-attr]
    return {cell.coordinate: cell.value for cell in cells if cell.value not in (None, "")}


def calamines(path: Path, sheet: str | None = None) -> Found:
    """The filled cells as calamine has them."""
    book = load_calamine(str(path))
    found = book.get_sheet_by_name(sheet or book.sheet_names[0])
    _, left = found.start or (0, 0)
    rows = enumerate(found.iter_rows(), 1)
    return {reference(number, x): cell for number, row in rows for x, cell in enumerate(row, left) if cell != ""}


def alike(found: Found) -> Found:
    """Without what is only a matter of Python's types: a day is midnight, an error its text."""
    return {place: _alike(cell) for place, cell in found.items()}


def _alike(cell: Any) -> Any:
    if isinstance(cell, CellError):
        return cell.text
    if type(cell) is date:
        return datetime.combine(cell, time())
    return cell


def reference(number: int, column: int) -> str:
    """`B7` for row 7, column 1."""
    letters = ""
    column += 1
    while column:
        column, last = divmod(column - 1, 26)
        letters = chr(65 + last) + letters
    return f"{letters}{number}"
