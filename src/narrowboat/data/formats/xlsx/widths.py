"""Column widths from the first rows, so that most cells are seen whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Row

__all__ = ["widths"]

_NARROWEST: Final = 6
_WIDEST: Final = 60
_FILTER_BUTTON: Final = 3
_MARGIN: Final = 2
_FIXED: Final = {Type.DATE: 10, Type.DATETIME: 19, Type.TIME: 8, Type.BOOLEAN: 5}
"""As their number formats show them."""
_SIGNS: Final = 5
"""Currency and thousands separators of an amount of money."""


def widths(columns: Sequence[Column], sample: Sequence[Row]) -> list[int]:
    """The width of each column in characters."""
    by_column = zip(*sample, strict=True) if sample else ([] for _ in columns)
    return [_width(column, values) for column, values in zip(columns, by_column, strict=True)]


def _width(column: Column, values: Sequence[Any]) -> int:
    title = max(map(len, column.header.split("\n"))) + _FILTER_BUTTON
    widest = _FIXED.get(column.type) or _widest(values)
    extra = _MARGIN + (_SIGNS if column.type is Type.MONEY else 0)
    return max(_NARROWEST, min(_WIDEST, max(title, widest + extra)))


def _widest(values: Sequence[Any]) -> int:
    """Characters of the longest line."""
    present = (value for value in values if value is not None)
    shown = [value if isinstance(value, bytes) else str(value).encode(errors="replace") for value in present]
    return max(map(len, b"\n".join(shown).decode(errors="replace").split("\n")))
