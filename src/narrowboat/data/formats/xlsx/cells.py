"""One column of a block as XML, and how the values of each kind are turned into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["VALUE_END", "Cells", "Note", "Render", "nulls", "spelled", "value_cell", "whole"]

Note: TypeAlias = tuple[int, str]
"""An altered value: its index among the values, and the code (see `format.Alteration`)."""


class Cells(NamedTuple):
    """The values of one column: each is `<c`, then `before`, one of `inner`, and `after`."""

    before: bytes
    inner: Sequence[bytes]
    after: bytes
    notes: Sequence[Note] = ()


Render: TypeAlias = Callable[[Sequence[Any]], Cells]
"""Values of one Python type to cells.

Raises ValueError, TypeError, LookupError or ArithmeticError if any does not fit.
"""

VALUE_END: Final = b"</v></c>"


def spelled(values: Sequence[int] | Sequence[float]) -> list[bytes]:
    """Python's spelling of exact ints or floats; a list spells all its items at once."""
    return repr(list(values))[1:-1].encode().split(b", ")


def whole(cells: Cells) -> list[bytes]:
    """Each cell with what stands before and after it. NUL is in no cell."""
    before, inner, after, _ = cells
    return (before + (after + b"\0" + before).join(inner) + after).split(b"\0")


def nulls(values: Sequence[None]) -> Cells:
    """Cells that hold nothing; they are written all the same, since cells are placed by their order."""
    return Cells(b"/>", [b""] * len(values), b"")


def value_cell(style: int = 0, kind: bytes = b"") -> bytes:
    """What stands before a plain value. style: its number in styles.xml. kind: the cell's type, a number if empty."""
    styled = b' s="%d"' % style if style else b""
    return styled + (b' t="%b"' % kind if kind else b"") + b"><v>"
