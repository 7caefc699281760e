"""Tables of every kind of cell, and writing them with interruptions."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alteration, Alterations, Format, Table
from narrowboat.data.source import Row

NAIVE = datetime(2026, 3, 1, 14, 30, 15)
AWARE = datetime(2026, 3, 1, 14, 30, 15, 250000, tzinfo=timezone(timedelta(hours=-5)))


class Colour(IntEnum):
    RED = 3


class Word(StrEnum):
    HELLO = "hello"


@dataclass(frozen=True)
class Given:
    """A table and its rows in blocks."""

    table: Table
    blocks: tuple[Sequence[Row], ...]

    @property
    def rows(self) -> list[Row]:
        return [row for block in self.blocks for row in block]


CELLS: dict[Type, list[Any]] = {
    Type.TEXT: [
        None,
        "",
        "plain",
        b"bytes",
        "007",
        'say "hi"',
        "a,b;c\td",
        "line\nbreak",
        "\r",
        " padded ",
        "🚚 é 日本",
        7,
    ],
    Type.INTEGER: [None, 0, -1, 2**53 + 1, 2**70, True, "12", "twelve", b"", 1.5],
    Type.FLOAT: [None, 0.5, -1e300, float("nan"), float("inf"), 3, "x"],
    Type.DECIMAL: [None, Decimal("1.10"), Decimal("1E+5"), 2, 2.5, "3.75", "n/a", Decimal("NaN")],
    Type.MONEY: [None, Decimal("12.3"), 5, 0.1, b"7", "-8.125", ""],
    Type.DATE: [None, date(2026, 2, 28), "2026-02-28", b"2026-02-30", NAIVE, "soon"],
    Type.DATETIME: [None, NAIVE, AWARE, "2026-03-01 14:30:15", b"2026-03-01T14:30:15+02:00", "later", 5],
    Type.TIME: [None, time(23, 59, 59, 5), "10:00:00", time(1, tzinfo=UTC), b"25:00"],
    Type.BOOLEAN: [None, True, False, 0, 1, 2, "true", "no"],
    Type.BINARY: [None, b"", b"\x00\xff\xfe", "text", 5],
}
"""Cells that fit their column's type, and cells that do not."""

ODD: list[Any] = [
    b"\xff\xfe not utf-8", "lone \ud800", "\x1f", "a\x1fb", "\x00", "\ufffe", "=1+1", "+233 20 123-4567", "-12.5",
    "@SUM(A1)", "\t=1", "\r=1", "-1+cmd|' /C calc'!A0", "\uff1dA1", "null", "\\N", "]]>", "_x0041_", "{}", "\\",
    "\u2028", Colour.RED, Word.HELLO, UUID(int=5), Decimal("1E+999999"), -0.0, timedelta(days=1), [1, "=x"],
]  # fmt: skip
CELLS[Type.ANY] = [cell for cells in CELLS.values() for cell in cells] + ODD


class Altered(NamedTuple):
    """What a writer altered, all its lives together."""

    counts: dict[str, int]
    first: list[Alteration]


def write(
    format: Format, givens: Sequence[Given], folder: Path, *, cuts: Collection[int] = ()
) -> tuple[bytes, Altered]:
    """The finished file, and what was altered. cuts: the numbers of the steps before which the work is killed."""
    writer, out, altered, step = format.writer(), b"", Altered({}, []), 0
    for given in givens:
        out += writer.begin(given.table, given.blocks[0] if given.blocks else ())
        for block in given.blocks:
            if step in cuts:
                _merge(altered, writer.alterations)
                writer = format.writer(json.loads(json.dumps(writer.state())))
            out += writer.block(block)
            step += 1
    out += writer.end()
    _merge(altered, writer.alterations)
    return finish(format, out, folder), altered


def finish(format: Format, out: bytes, folder: Path) -> bytes:
    """What the file is made of what a writer wrote."""
    if not format.spools:
        return out
    spool, made = folder / "spool", folder / "made"
    spool.write_bytes(out)
    format.assemble(spool, made)
    return made.read_bytes()


def _merge(into: Altered, more: Alterations) -> None:
    for code, number in more.counts.items():
        into.counts[code] = into.counts.get(code, 0) + number
    into.first.extend(more.first[: Alterations.KEEP - len(into.first)])


_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))])
_MOMENTS = st.datetimes(timezones=st.none() | _ZONES)
ANY_CELL = st.one_of(
    st.sampled_from(CELLS[Type.ANY]),
    st.none(),
    st.text(),
    st.text(alphabet=st.characters()),
    st.text(alphabet="=+-@\t\r\n\"',;\x1f 1a"),
    st.binary(max_size=20),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.booleans(),
    st.dates(),
    st.times(),
    _MOMENTS,
    st.uuids(),
)


@st.composite
def any_table(draw: st.DrawFn, types: Sequence[Type] = tuple(Type), cell: st.SearchStrategy[Any] = ANY_CELL) -> Given:
    """One to five columns of any declared type, whose cells are of any type all the same."""
    declared = draw(st.lists(st.sampled_from(types), min_size=1, max_size=5))
    columns = tuple(
        Column(
            f"c{number}",
            type,
            zone=draw(st.sampled_from([None, "UTC", "Asia/Kathmandu"])),
            scale=draw(st.sampled_from([None, 0, 2, 4])),
        )
        for number, type in enumerate(declared)
    )
    cells = [st.lists(cell | st.sampled_from(CELLS[type]), min_size=1, max_size=4) for type in declared]
    palettes = [
        draw(palette) for palette in cells
    ]  # few different cells a column, so that whole blocks are of one kind
    row = st.tuples(*map(st.sampled_from, palettes))
    blocks = draw(st.lists(st.lists(row, min_size=1, max_size=6), max_size=5))
    return Given(Table("Table", columns), tuple(blocks))
