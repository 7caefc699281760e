"""Blocks as bytes: what goes in comes out, cell by cell and type by type; what is none is refused."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowboat.data.sheet import Block, Cell, CellError
from narrowboat.data.sources.spreadsheet.packing import pack, unpack
from narrowboat.errors import FileBroken

TYPES: list[st.SearchStrategy[Any]] = [
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.sampled_from(["\x7f", "\x80", "\0", "ö\x7f"]),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.builds(CellError, st.sampled_from(["#N/A", "#REF!"])),
]


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Rows of one width or of several, columns of one type or of several, with gaps or without."""
    width, count = draw(st.integers(1, 5)), draw(st.integers(0, 8))
    kinds = [draw(st.sampled_from([*TYPES, st.one_of(*TYPES), st.none()])) for _ in range(width)]
    gaps = draw(st.booleans())
    rows = []
    for number in range(count):
        cells: list[Cell] = [draw(st.none() | kind) if gaps else draw(kind) for kind in kinds]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            rows.append((number * 3 + 1, tuple(cells)))
    return Block(rows, frozenset(number for number, _ in rows[::3]))


@given(blocks())
def test_a_block_comes_out_as_it_went_in(block: Block) -> None:
    made = unpack(pack(block))
    assert made == block
    assert [list(map(type, cells)) for _, cells in made.rows] == [list(map(type, cells)) for _, cells in block.rows]


def test_a_row_much_wider_than_its_block_is_long_does_too() -> None:
    cells = (1, *[None] * 400, "ö", date(2026, 1, 2), datetime(2026, 1, 2, 3), time(4), timedelta(5), CellError("#N/A"))
    block = Block([(7, cells)])
    assert unpack(pack(block)) == block


def sent(numbers: Any, packed: Any, *pieces: bytes, lengths: Any = None, wide: Any = False) -> bytes:
    head = json.dumps([numbers, [], wide, packed, [len(piece) for piece in pieces] if lengths is None else lengths])
    return len(head).to_bytes(4, "little") + head.encode() + b"".join(pieces)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\2\0\0\0{}",
        sent([1], [["int", False]], b"\1"),
        sent([1], [["int", False]]),
        sent([1, 2], [["int", False]], bytes(8)),
        sent([1], [["date", False]], bytes(8)),
        sent([1], [["date", False]], b"\xff" * 8),
        sent([1], [["text", False]], b"\xff"),
        sent([1], [["datetime", False]], b"2026-02-30"),
        sent([1, 2], [["int", True]], b"\1\1", bytes(8)),
        sent([1], [["mixed", False]], b'[["system","id"]]'),
        sent([1], [["nothing", False]], b""),
        sent([1], [["text", False]], b"a", lengths=[None]),
        sent([1], [["text", False]], b"a", lengths=7),
        sent(["one"], [["text", False]], b"a"),
        sent([1], [[["x"]]], wide=True),
        sent([1], 5),
    ],
)
def test_what_is_no_block_is_refused(data: bytes) -> None:
    with pytest.raises(FileBroken, match="went wrong within its own process"):
        unpack(data)
