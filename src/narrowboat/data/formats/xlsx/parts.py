"""The parts of a workbook around its rows (ECMA-376 part 1, 18.2 and 18.3; part 2 for the package)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from narrowboat.data.formats.xlsx.text import one_escaped
from narrowboat.data.letters import letters_of

__all__ = ["closing_parts", "sheet_end", "sheet_part", "sheet_start"]

_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FORMATS: Final = "http://schemas.openxmlformats.org/"
_MAIN: Final = f"{_FORMATS}spreadsheetml/2006/main"
_OFFICE: Final = f"{_FORMATS}officeDocument/2006/relationships"
_PACKAGE: Final = f"{_FORMATS}package/2006/"
_KIND: Final = "application/vnd.openxmlformats-"
_SPREADSHEET: Final = f"{_KIND}officedocument.spreadsheetml."


def sheet_part(number: int) -> str:
    """The part's name; numbered from 1. By the `xl/` of the first part, libmagic knows an Excel file."""
    return f"xl/worksheets/sheet{number}.xml"


def sheet_start(widths: Sequence[int], *, first: bool, header: bool) -> bytes:
    """A worksheet up to its first row. first: whether it is the one shown. header: its first row stays in sight."""
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if header else ""
    shown = ' tabSelected="1"' if first else ""
    view = f'<sheetView{shown} workbookViewId="0">{pane}</sheetView>'
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(widths, 1)
    )
    start = f'<worksheet xmlns="{_MAIN}"><sheetViews>{view}</sheetViews><sheetFormatPr defaultRowHeight="15"/>'
    return _DECLARATION + f"{start}{f'<cols>{columns}</cols>' if columns else ''}<sheetData>".encode()


def sheet_end(columns: int, rows: int, *, header: bool) -> bytes:
    """The rest of a worksheet. rows: with the header."""
    area = f"A1:{letters_of(columns - 1)}{rows}"
    filters = f'<autoFilter ref="{area}"/>' if header and columns else ""
    quiet = f'<ignoredErrors><ignoredError sqref="{area}" numberStoredAsText="1"/></ignoredErrors>'
    return f"</sheetData>{filters}{quiet if columns and rows else ''}</worksheet>".encode()


def closing_parts(sheets: Sequence[str], styles: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of the parts that come after all sheets."""
    yield "xl/styles.xml", _DECLARATION + styles
    yield "xl/workbook.xml", _DECLARATION + _workbook(sheets)
    yield "xl/_rels/workbook.xml.rels", _DECLARATION + _relationships(*_workbook_targets(len(sheets)))
    yield "_rels/.rels", _DECLARATION + _relationships(("officeDocument", "xl/workbook.xml"))
    yield "[Content_Types].xml", _DECLARATION + _content_types(len(sheets)).encode()


def _workbook(sheets: Sequence[str]) -> bytes:
    listed = b"".join(
        b'<sheet name="%b" sheetId="%d" r:id="rId%d"/>' % (_attribute(name), number, number)
        for number, name in enumerate(sheets, 1)
    )
    start = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews><sheets>'
    return start.encode() + listed + b"</sheets></workbook>"


def _attribute(name: str) -> bytes:
    return one_escaped(name.encode())[0].replace(b'"', b"&quot;")


def _workbook_targets(sheets: int) -> Iterator[tuple[str, str]]:
    for number in range(1, sheets + 1):
        yield "worksheet", f"worksheets/sheet{number}.xml"
    yield "styles", "styles.xml"


def _relationships(*targets: tuple[str, str]) -> bytes:
    """targets: kind and place of each part; they are called rId1, rId2 and so on."""
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}relationships">{listed}</Relationships>'.encode()


def _content_types(sheets: int) -> str:
    parts = {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles"}
    parts |= {sheet_part(number): "worksheet" for number in range(1, sheets + 1)}
    listed = "".join(
        f'<Override PartName="/{part}" ContentType="{_SPREADSHEET}{kind}+xml"/>' for part, kind in parts.items()
    )
    return (
        f'<Types xmlns="{_PACKAGE}content-types">'
        f'<Default Extension="rels" ContentType="{_KIND}package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )
