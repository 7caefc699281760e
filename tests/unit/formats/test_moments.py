"""Moments and numbers as text, a column at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowboat.data.columns import Column
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from narrowboat.data.formats.moments import utc_texts


@given(moments=st.lists(st.datetimes(timezones=st.just(UTC))), separator=st.sampled_from([" ", "T"]))
def test_a_column_of_moments_is_written_as_each_of_them_alone(moments: list[datetime], separator: str) -> None:
    assert utc_texts(moments, separator) == [moment.isoformat(separator) for moment in moments]


NUMBERS = [(1, b"1"), (2.5, b"2.5"), (-7, b"-7"), (1e300, b"1e+300"), (10**400, b"1" + b"0" * 400), (0.0, b"0.0")]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_whole_numbers_among_others_stay_whole(format: str) -> None:
    writer = format_named(format).writer()
    writer.begin(Table("t", (Column("a"), Column("b"))), ())
    made = writer.block([(number, "x") for number, _ in NUMBERS])
    for (_, text), line in zip(NUMBERS, made.splitlines(), strict=True):
        assert text in line.replace(b":", b",").split(b",")
