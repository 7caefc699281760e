"""One column of a block as XML, and how the values of each kind are turned into it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = [
    "NULL",
    "START",
    "VALUE_END",
    "Cells",
    "Note",
    "Render",
    "found",
    "marked",
    "nulls",
    "spelled",
    "value_cell",
    "whole",
]

Note: TypeAlias = tuple[int, str]
"""An altered value: its index among the values, and the code (see `format.Alteration`)."""


class Cells(NamedTuple):
    """The values of one column: each cell is `before`, one of `inner`, `after`. `before` is empty or begins a cell."""

    before: bytes
    inner: Sequence[bytes]
    after: bytes
    notes: Sequence[Note] = ()


Render: TypeAlias = Callable[[Sequence[Any]], Cells]
"""Values of one Python type to cells.

Raises ValueError, TypeError, LookupError or ArithmeticError if any does not fit.
"""

START: Final = b"<c"
_START: Final = rb'<c(?: s="([0-9]+)")?'
VALUE_END: Final = b"</v></c>"
NULL: Final = b"<c/>"
"""The whole of a cell that holds nothing; it is written all the same, since cells are placed by their order."""


def found(table: Mapping[Any, bytes], values: Sequence[Any]) -> Sequence[bytes]:
    """What the table has for each value, in two thirds of the time of asking for one by one. Raises KeyError."""
    return itemgetter(*values)(table) if len(values) > 1 else [table[value] for value in values]


def spelled(before: bytes, values: Sequence[int]) -> Cells:
    """Cells of ints, and nothing but ints: one template spells all at once, with what stands around them."""
    cells = (b"%b%%d%b\0" % (before, VALUE_END) * len(values) % tuple(values)).split(b"\0")
    cells.pop()  # what is behind the last NUL
    return Cells(b"", cells, b"")


def whole(cells: Cells) -> Sequence[bytes]:
    """Each cell with what stands before and after it. NUL is in no cell."""
    before, inner, after, _ = cells
    if not before and not after:
        return inner
    return (before + (after + b"\0" + before).join(inner) + after).split(b"\0")


def marked(cells: Cells, places: Iterable[int], style: Callable[[int], int]) -> Cells:
    """The same with some of them in another style. style: which one, by the number of the one that a cell has."""
    inner = list(whole(cells))
    for place in places:
        inner[place] = re.sub(_START, lambda found: b'<c s="%d"' % style(int(found[1] or 0)), inner[place], count=1)
    return Cells(b"", inner, b"", cells.notes)


def nulls(values: Sequence[None]) -> Cells:
    """Cells that hold nothing."""
    return Cells(b"", [NULL] * len(values), b"")


def value_cell(style: int = 0, kind: bytes = b"") -> bytes:
    """What stands before a plain value. style: its number in styles.xml. kind: the cell's type, a number if empty."""
    styled = b' s="%d"' % style if style else b""
    return START + styled + (b' t="%b"' % kind if kind else b"") + b"><v>"
