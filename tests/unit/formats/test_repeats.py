"""Text that comes again and again is written from what was written before: nobody can tell from the file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alterations, Table
from narrowboat.data.formats import format_named
from narrowboat.data.source import Row

WORDS = ["", "new", "on hold", 'say "hi"', "a,b", "=1+1", "\x1f", "\r\n", "NULL", "Zoë", "x" * 300, "\ud800", "@\ud800"]
CELLS = st.sampled_from([None, *WORDS, *(word.encode("utf-8", "surrogatepass") for word in WORDS), b"\xff", b"=\xff"])
BLOCKS = st.lists(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), min_size=1, max_size=5)
OTHERS: st.SearchStrategy[Any] = st.one_of(CELLS, st.integers(0, 2), st.booleans(), st.floats(0, 2), st.just([]))


def written(format: str, type: Type, blocks: list[list[Row]], **options: Any) -> tuple[bytes, Alterations]:
    writer = format_named(format, options).writer()
    made = writer.begin(Table("t", (Column("a", type), Column("b", type))), blocks[0])
    return made + b"".join(map(writer.block, blocks)) + writer.end(), writer.alterations


@pytest.mark.parametrize(
    ("format", "options"),
    [("csv", {}), ("csv", {"null": "NULL"}), ("csv", {"quote": "all"}), ("csv", {"dialect": "tsv"}), ("jsonl", {})],
)
@given(blocks=BLOCKS)
def test_cells_that_repeat_are_written_as_if_each_were_the_first(
    format: str, options: dict[str, str], blocks: list[list[Row]]
) -> None:
    # A column of which nothing is declared writes text the same way, and looks nothing up.
    assert written(format, Type.TEXT, blocks, **options) == written(format, Type.ANY, blocks, **options)


@given(blocks=st.lists(st.lists(st.tuples(OTHERS, OTHERS), min_size=1, max_size=8), min_size=2, max_size=5))
def test_values_that_are_equal_and_look_different_are_not_taken_for_each_other(blocks: list[list[Row]]) -> None:
    whole = [row for block in blocks for row in block]
    one_by_one = b"".join(written("csv", Type.TEXT, [[row]], header=False, bom=False)[0] for row in whole)
    assert written("csv", Type.TEXT, blocks, header=False, bom=False)[0] == one_by_one


def test_more_kinds_of_text_than_are_kept() -> None:
    blocks: list[list[Row]] = [[(f"{k},", None) for k in range(n, n + 90)] for n in range(0, 360, 90)]
    assert written("csv", Type.TEXT, blocks) == written("csv", Type.ANY, blocks)
