"""Cell styles: what stands in xl/styles.xml (ECMA-376 part 1, 18.8). Style 0 is plain, the rest are numbered here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """The styles of one workbook. Those of numbers and of marked cells are added as they are needed."""

    def __init__(self, added: Iterable[str | int] = ()) -> None:
        """added: those added before, from the writer's state: a number format's code, or the style that is marked."""
        self.added = list(added)

    def number(self, column: Column) -> int:
        """The style of a column of numbers. Raises NotRepresentable for a currency that is no ISO 4217 code."""
        code = _number_format(column)
        return self._numbered(code) if code else 0

    def marked(self, style: int) -> int:
        """The style of a cell that is pointed out, and otherwise looks as `style` has it."""
        return self._numbered(style)

    def _numbered(self, wanted: str | int) -> int:
        if wanted not in self.added:
            self.added.append(wanted)
        return TIME + 1 + self.added.index(wanted)

    def xml(self) -> bytes:
        """The part xl/styles.xml, without its XML declaration."""
        codes = [*_MOMENTS, *(added for added in self.added if isinstance(added, str))]
        formats = "".join(
            f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in enumerate(codes, _FIRST_CODE)
        )
        styles = self._styles(codes)
        fills = (*_FILLS, _MARK) if any(isinstance(added, int) for added in self.added) else _FILLS
        return (
            '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f'<numFmts count="{len(codes)}">{formats}</numFmts>'
            f'<fonts count="2"><font>{_CALIBRI}</font><font><b/>{_CALIBRI}</font></fonts>'
            f'<fills count="{len(fills)}">{"".join(fills)}</fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            f'<cellXfs count="{len(styles)}">{"".join(styles)}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
            "</styleSheet>"
        ).encode()

    def _styles(self, codes: Sequence[str]) -> list[str]:
        """Each style, in the order of their numbers."""
        made = [_PLAIN, _BOLD, *(_style(_FIRST_CODE + place) for place in range(len(_MOMENTS)))]
        for added in self.added:
            made.append(_style(_FIRST_CODE + codes.index(added)) if isinstance(added, str) else _marked(made[added]))
        return made


_CALIBRI: Final = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
_FILLS: Final = (
    '<fill><patternFill patternType="none"/></fill>',
    '<fill><patternFill patternType="gray125"/></fill>',
)
"""Those that every workbook has to have."""
_MARK: Final = '<fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/></patternFill></fill>'
"""The red of Excel's own style Bad: black text is read well on it."""
_PLAIN: Final = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
_BOLD: Final = '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'


def _style(number: int) -> str:
    return f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'


def _marked(style: str) -> str:
    return style.replace(' fillId="0"', f' fillId="{len(_FILLS)}"').replace("/>", ' applyFill="1"/>')


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
