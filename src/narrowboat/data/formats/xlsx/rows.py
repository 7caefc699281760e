"""Columns of cells woven into rows of XML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat

from narrowboat.data.formats.xlsx.cells import Cells
from narrowboat.data.formats.xlsx.names import column_letters

__all__ = ["referenced_rows", "rows"]


def rows(columns: Sequence[Cells]) -> bytes:
    """Rows whose cells are placed by their order. What stands between two columns is one constant piece."""
    pieces: list[Iterable[bytes]] = []
    between = b"<row>"
    for before, inner, after, _ in columns:
        pieces += [repeat(between + b"<c" + before), inner]
        between = after
    return _woven([*pieces, repeat(between + b"</row>")])


def referenced_rows(columns: Sequence[Cells], first: int) -> bytes:
    """Rows that carry their number, counted from `first`, and whose cells carry their place, such as `B7`."""
    numbers = [b"%d" % number for number in range(first, first + len(columns[0].inner))]
    pieces: list[Iterable[bytes]] = [repeat(b'<row r="'), numbers]
    between = b'">'
    for index, (before, inner, after, _) in enumerate(columns):
        place = b'<c r="%b' % column_letters(index).encode()
        pieces += [repeat(between + place), numbers, repeat(b'"' + before), inner]
        between = after
    return _woven([*pieces, repeat(between + b"</row>")])


def _woven(pieces: Sequence[Iterable[bytes]]) -> bytes:
    return b"".join(chain.from_iterable(zip(*pieces, strict=False)))  # the constant pieces never end
