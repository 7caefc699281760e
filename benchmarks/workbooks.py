"""The sample leads as a workbook such as Excel writes: shared strings, references, dates by style.

XlsxWriter would make the same and hold it in memory; a million rows are written here row by row.
"""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks.data import TABLE, database
from benchmarks.peers import BORN, CONSENTED, CREATED, EXPIRES
from benchmarks.places import CACHE

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS = {
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_REL}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>'
    '<sheet name="leads" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="rId1" Type="{_REL}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_REL}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_REL}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts><font/></fonts><fills><fill><patternFill/></fill></fills>'
    "<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs>"
    '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>'
    '<cellStyles><cellStyle name="Normal" xfId="0"/></cellStyles></styleSheet>',
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    + "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_TYPE}.{kind}+xml"/>'
        for part, kind in (
            ("workbook", "sheet.main"),
            ("worksheets/sheet1", "worksheet"),
            ("styles", "styles"),
            ("sharedStrings", "sharedStrings"),
        )
    )
    + "</Types>",
}


def workbook(rows: int) -> Path:
    """The workbook, made on first use."""
    path = CACHE / f"leads-{rows}.xlsx"
    if not path.exists():
        connection = sqlite3.connect(database(rows))
        unfinished = path.with_suffix(".making")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, connection.execute(f"SELECT * FROM {TABLE} ORDER BY id"))
        connection.close()
        unfinished.rename(path)
    return path


def _write(archive: zipfile.ZipFile, rows: sqlite3.Cursor) -> None:
    for name, part in _PARTS.items():
        archive.writestr(name, part)
    shared: dict[str, int] = {}
    with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
        part.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        for row in _rows(rows, shared):
            part.write(row.encode())
        part.write(b"</sheetData></worksheet>")
    with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
        part.write(f'<sst xmlns="{_MAIN}" uniqueCount="{len(shared)}">'.encode())
        for text in shared:
            part.write(f"<si><t>{escape(text)}</t></si>".encode())
        part.write(b"</sst>")


def _rows(rows: sqlite3.Cursor, shared: dict[str, int]) -> Iterator[str]:
    names = tuple(column[0] for column in rows.description)
    for y, row in enumerate(chain((names,), rows), 1):
        cells = (_cell(f"{chr(65 + x)}{y}", x, value, shared) for x, value in enumerate(row) if value is not None)
        yield f'<row r="{y}" spans="1:{len(names)}">{"".join(cells)}</row>'


def _cell(place: str, column: int, value: object, shared: dict[str, int]) -> str:
    if place[1:] != "1" and isinstance(value, str) and column in (BORN, EXPIRES, CREATED):
        moment = datetime.fromisoformat(value) - datetime(1899, 12, 30)
        style = 2 if column == CREATED else 1
        return f'<c r="{place}" s="{style}"><v>{moment.days + moment.seconds / 86400!r}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="s"><v>{shared.setdefault(value, len(shared))}</v></c>'
    kind = ' t="b"' if column == CONSENTED else ""
    return f'<c r="{place}"{kind}><v>{value}</v></c>'
