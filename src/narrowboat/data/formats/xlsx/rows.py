"""Columns of cells woven into rows of XML."""

from __future__ import annotations

from collections.abc import Sequence

from narrowboat.data.formats.xlsx.cells import START, Cells
from narrowboat.data.letters import letters_of

__all__ = ["referenced_rows", "rows"]


def rows(columns: Sequence[Cells]) -> bytes:
    """Rows whose cells are placed by their order. What stands between two columns is one constant piece."""
    pieces: list[bytes | Sequence[bytes]] = []
    between = b"<row>"
    for before, inner, after, _ in columns:
        pieces += [between + before, inner] if between or before else [inner]
        between = after
    return _woven([*pieces, between + b"</row>"], len(columns[0].inner))


def referenced_rows(columns: Sequence[Cells], first: int) -> bytes:
    """Rows that carry their number, counted from `first`, and whose cells carry their place, such as `B7`."""
    count = len(columns[0].inner)
    numbers = [b"%d" % number for number in range(first, first + count)]
    pieces: list[bytes | Sequence[bytes]] = [b'<row r="', numbers]
    between = b'">'
    for index, (before, inner, after, _) in enumerate(columns):
        place = b'%b r="%b' % (START, letters_of(index).encode())
        if not before:
            inner = [cell[len(START) :] for cell in inner]
        pieces += [between + place, numbers, b'"' + before[len(START) :], inner]
        between = after
    return _woven([*pieces, between + b"</row>"], count)


def _woven(pieces: Sequence[bytes | Sequence[bytes]], count: int) -> bytes:
    """`count` rows of the pieces: constants, and columns that have one for each row."""
    constants = [piece if isinstance(piece, bytes) else b"" for piece in pieces]
    cells = constants * count
    for place, piece in enumerate(pieces):
        if not isinstance(piece, bytes):
            cells[place :: len(pieces)] = piece  # strided assignment is the fastest way there is to transpose
    return b"".join(cells)
