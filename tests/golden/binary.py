"""Binary workbooks (xlsb, [MS-XLSB]) made by hand, record by record: no free program writes them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import date

from tests.golden.workbooks import PACKAGE, REL, package

_TYPE = "application/vnd.ms-excel"
_CONTENT_TYPES = f"""<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="bin" ContentType="{_TYPE}.sheet.binary.macroEnabled.main"/>
<Override PartName="/xl/styles.bin" ContentType="{_TYPE}.styles"/>
<Override PartName="/xl/sharedStrings.bin" ContentType="{_TYPE}.sharedStrings"/>{{sheets}}</Types>"""
_RELS = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{REL}/officeDocument" '
    'Target="xl/workbook.bin"/></Relationships>'
)
DAY_STYLE = 1
_EPOCH = date(1899, 12, 30)


def record(number: int, data: bytes = b"") -> bytes:
    """A record: its number and length in groups of seven bits, its data."""
    kind = bytes((number,)) if number < 128 else bytes((number & 0x7F | 0x80, number >> 7))
    length, left = b"", len(data)
    while True:
        length += bytes((left & 0x7F | (0x80 if left > 127 else 0),))
        left >>= 7
        if not left:
            return kind + length + data


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode("utf-16-le")) // 2) + value.encode("utf-16-le")


def xlsb(sheets: Mapping[str, Mapping[int, Mapping[int, object]]], *, hidden: Sequence[str] = ()) -> bytes:
    """A workbook: sheets by name, of rows by number (from 1), of cells by column (from 0)."""
    shared: list[str] = []
    made: dict[str, str | bytes] = {
        f"xl/worksheets/sheet{n}.bin": _sheet(rows, shared) for n, rows in enumerate(sheets.values(), 1)
    }
    kinds = "".join(f'<Override PartName="/{name}" ContentType="{_TYPE}.worksheet"/>' for name in made)
    return package(
        {
            "[Content_Types].xml": _CONTENT_TYPES.replace("{sheets}", kinds),
            "_rels/.rels": _RELS,
            "xl/workbook.bin": _workbook(list(sheets), hidden),
            "xl/_rels/workbook.bin.rels": _relationships(len(sheets)),
            "xl/styles.bin": _styles(),
            "xl/sharedStrings.bin": _strings(shared),
            **made,
        }
    )


def _relationships(sheets: int) -> str:
    parts = [(f"sheet{n}", "worksheet", f"worksheets/sheet{n}.bin") for n in range(1, sheets + 1)]
    parts += [("styles", "styles", "styles.bin"), ("strings", "sharedStrings", "sharedStrings.bin")]
    told = "".join(f'<Relationship Id="{name}" Type="{REL}/{kind}" Target="{at}"/>' for name, kind, at in parts)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{told}</Relationships>'


def _workbook(names: Sequence[str], hidden: Sequence[str]) -> bytes:
    sheets = b"".join(
        record(156, struct.pack("<II", name in hidden, n) + text(f"sheet{n}") + text(name))
        for n, name in enumerate(names, 1)
    )
    return (
        record(131)
        + record(153, struct.pack("<II", 0, 0) + text(""))
        + record(143)
        + sheets
        + record(144)
        + record(132)
    )


def _styles() -> bytes:
    """Style 0 is as usual, style 1 a date."""
    font = record(
        43, struct.pack("<HHHHBBBBBBBBB", 220, 0, 400, 0, 0, 2, 0, 0, 7, 1, 0, 0, 0) + b"\xff\x02" + text("Calibri")
    )
    xfs = b"".join(
        record(47, struct.pack("<HHHHHBBHBB", parent, number, 0, 0, 0, 0, 0, 0, bool(number), 0))
        for parent, number in ((0, 0), (0, 14))
    )
    base = (
        record(626, struct.pack("<I", 1))
        + record(47, struct.pack("<HHHHHBBHBB", 0xFFFF, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        + record(627)
    )
    return (
        record(278)
        + record(611, struct.pack("<I", 1))
        + font
        + record(612)
        + base
        + record(617, struct.pack("<I", 2))
        + xfs
        + record(618)
        + record(279)
    )


def _strings(shared: Sequence[str]) -> bytes:
    items = b"".join(record(19, b"\0" + text(one)) for one in shared)
    return record(159, struct.pack("<II", len(shared), len(shared))) + items + record(160)


def _sheet(rows: Mapping[int, Mapping[int, object]], shared: list[str]) -> bytes:
    last, width = max(rows, default=1), max((max(cells) for cells in rows.values() if cells), default=0)
    made = record(129) + record(148, struct.pack("<IIII", min(rows, default=1) - 1, last - 1, 0, width)) + record(145)
    for number, cells in rows.items():
        made += record(0, struct.pack("<IIHBBBI", number - 1, 0, 300, 0, 0, 0, 0))
        made += b"".join(_cell(column, value, shared) for column, value in cells.items())
    return made + record(146) + record(130)


def _cell(column: int, value: object, shared: list[str]) -> bytes:
    match value:
        case None:
            return record(1, struct.pack("<II", column, 0))
        case bool():
            return record(4, struct.pack("<IIB", column, 0, value))
        case int() if abs(value) < 1 << 29:
            return record(2, struct.pack("<III", column, 0, (value << 2 | 2) & 0xFFFFFFFF))
        case int() | float():
            return record(5, struct.pack("<IId", column, 0, value))
        case date():
            return record(5, struct.pack("<IId", column, DAY_STYLE, (value - _EPOCH).days))
        case str():
            shared.append(value)
            return record(7, struct.pack("<III", column, 0, len(shared) - 1))
    raise TypeError(value)
