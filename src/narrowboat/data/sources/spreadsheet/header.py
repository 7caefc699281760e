"""The header: which row names the columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from narrowboat.data.letters import letters_of
from narrowboat.data.sheet import Cells, SheetRow
from narrowboat.errors import NoHeader

SAMPLE: Final = 50
"""Rows that are looked at."""
_FILLED: Final = 0.6
"""Share of the usual width that a header fills. A title above a table fills less."""
_TEXTS: Final = 0.8
"""Share of its cells that are text: a year or two may stand among them."""


class Heading(NamedTuple):
    """One column, as the header has it."""

    position: int
    """From 0: where the cell stands in a row."""
    name: str
    """Unique among the headings: the second `Phone` is `Phone (2)`, a blank above filled cells `Column C`."""


class Header(NamedTuple):
    """The row of the names, and what they are."""

    row: int
    """Its number; the data come after it. 0 where names are known without a row."""
    headings: tuple[Heading, ...]


def find_header(rows: Iterable[SheetRow], *, row: int | None = None) -> Header:
    """The header among the first rows of a sheet: row number `row`, or the first that looks like one.

    A header is a row of distinct texts that fills most of the width of the rows below it; titles, dates and blank
    lines above it are passed over. Raises NoHeader.
    """
    sample = list(islice((one for one in rows if row is None or one[0] >= row), SAMPLE))
    place = _likeliest([cells for _, cells in sample]) if row is None else 0
    if not sample or (row is not None and sample[0][0] != row):
        raise NoHeader(f"Row {row or 1} is empty, so it cannot be the header. Say which row has the columns' names.")
    number, cells = sample[place]
    return Header(number, _headings(cells, [other for _, other in sample[place + 1 :]]))


def header_of(names: Sequence[str]) -> Header:
    """The header of a sheet that has names without a row for them (jsonl)."""
    return Header(0, _headings(tuple(names), []))


def _likeliest(sample: Sequence[Cells]) -> int:
    if not sample:
        return 0
    usual = sorted(sum(cell is not None for cell in cells) for cells in sample)[len(sample) // 2]
    for place, cells in enumerate(sample):
        if _names_columns(cells, usual):
            return place
    raise NoHeader(
        f"None of the first {len(sample)} rows looks like a header: distinct texts over the columns. Say which it is."
    )


def _names_columns(cells: Cells, usual: int) -> bool:
    filled = [cell for cell in cells if cell is not None]
    texts = [cell.strip().casefold() for cell in filled if isinstance(cell, str)]
    distinct = len(set(texts)) >= _TEXTS * len(texts)
    return len(filled) >= max(1, _FILLED * usual) and len(texts) >= _TEXTS * len(filled) and distinct


def _headings(cells: Cells, below: Sequence[Cells]) -> tuple[Heading, ...]:
    width = max(len(cells), max(map(len, below), default=0))
    used = {place for other in below for place, cell in enumerate(other) if cell is not None}
    seen: Counter[str] = Counter()
    headings = []
    for place in range(width):
        cell = cells[place] if place < len(cells) else None
        name = " ".join(str(cell).split()) if cell is not None else ""
        if not name:
            if place not in used:
                continue
            name = f"Column {letters_of(place)}"
        seen[name.casefold()] += 1
        count = seen[name.casefold()]
        headings.append(Heading(place, name if count == 1 else f"{name} ({count})"))
    return tuple(headings)
