"""Cell styles: what stands in xl/styles.xml (ECMA-376 part 1, 18.8). Style 0 is plain, the rest are numbered here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from narrowboat.data.columns import Column, Type
from narrowboat.errors import NotRepresentable

__all__ = ["DATE", "DATETIME", "HEADER", "TIME", "Styles"]

HEADER: Final = 1
DATE: Final = 2
DATETIME: Final = 3
TIME: Final = 4

_MOMENTS: Final = ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss")
"""The number formats of DATE, DATETIME and TIME; they read the same in every language."""
_FIRST_CODE: Final = 164
"""Numbers below it mean formats that are built in."""
_MOST_PLACES: Final = 30
"""Digits after the point that a number format can show."""


class Styles:
    """The styles of one workbook. Those of numbers are added as columns need them."""

    def __init__(self, formats: Iterable[str] = ()) -> None:
        """formats: those added before, from the writer's state."""
        self.formats = list(formats)

    def number(self, column: Column) -> int:
        """The style of a column of numbers. Raises NotRepresentable for a currency that is no ISO 4217 code."""
        code = _number_format(column)
        if not code:
            return 0
        if code not in self.formats:
            self.formats.append(code)
        return TIME + 1 + self.formats.index(code)

    def xml(self) -> bytes:
        """The part xl/styles.xml, without its XML declaration."""
        codes = [*_MOMENTS, *self.formats]
        numbered = list(enumerate(codes, _FIRST_CODE))
        formats = "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in numbered)
        styles = "".join(_style(number) for number, _ in numbered)
        return (
            '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f'<numFmts count="{len(codes)}">{formats}</numFmts>'
            f'<fonts count="2"><font>{_CALIBRI}</font><font><b/>{_CALIBRI}</font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            f'<cellXfs count="{len(codes) + 2}">{_PLAIN}{_BOLD}{styles}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
            "</styleSheet>"
        ).encode()


_CALIBRI: Final = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
_PLAIN: Final = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
_BOLD: Final = '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'


def _style(number: int) -> str:
    return f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'


def _number_format(column: Column) -> str:
    """The number format's code; empty for a plain number."""
    if column.type is Type.MONEY:
        places = _places(2 if column.scale is None else column.scale)
        return f"[${_currency(column)}] #,##0{places}" if column.currency else f"#,##0{places}"
    if column.type is Type.DECIMAL and column.scale is not None:
        return f"0{_places(column.scale)}"
    return ""


def _places(scale: int) -> str:
    return "." + "0" * min(scale, _MOST_PLACES) if scale > 0 else ""


def _currency(column: Column) -> str:
    code = column.currency or ""
    if not (code.isascii() and code.isalpha() and len(code) == 3):
        raise NotRepresentable(
            f"Column {column.name!r} has the currency {code!r}; give an ISO 4217 code, such as 'EUR'."
        )
    return code.upper()
