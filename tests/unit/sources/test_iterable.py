"""Rows that a Python program makes."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Count
from narrowboat.data.sources import rows
from narrowboat.errors import BadConfiguration, SourceFailed, SourceUnavailable
from tests.unit.sources.places import read, read_rows

Point = namedtuple("Point", "x y")


@dataclass
class Place:
    x: int
    y: int
    origin: ClassVar[str] = "no field"


class Model(BaseModel):
    x: int
    y: int


@pytest.mark.parametrize(
    "sample",
    [
        [{"x": 1, "y": 2}, {"y": 4, "x": 3}],
        [Point(1, 2), Point(3, 4)],
        [Place(1, 2), Place(3, 4)],
        [Model(x=1, y=2), Model(x=3, y=4)],
        [{"x": 1, "y": 2}, Place(3, 4)],
    ],
    ids=["dicts", "named tuples", "dataclasses", "pydantic models", "mixed"],
)
def test_columns_are_those_of_the_first_row(sample: list[Any]) -> None:
    source = rows(sample)
    assert source.shape().columns == (Column("x"), Column("y"))
    assert read_rows(source) == [(1, 2), (3, 4)]


def test_columns_may_be_declared() -> None:
    source = rows([[1, 2], (3, 4)], columns=["x", Column("y", Type.MONEY, currency="EUR")])
    assert source.shape().columns == (Column("x"), Column("y", Type.MONEY, currency="EUR"))
    assert read_rows(source) == [(1, 2), (3, 4)]


def test_rows_that_do_not_name_their_columns_need_declared_ones() -> None:
    with pytest.raises(SourceFailed, match="columns="):
        rows([(1, 2)]).shape()


def test_a_key_that_is_missing_is_an_empty_cell() -> None:
    assert read_rows(rows([{"x": 1, "y": 2}, {"x": 3}, {}])) == [(1, 2), (3, None), (None, None)]


def test_a_key_that_is_no_column_fails_unless_columns_were_chosen() -> None:
    sample = [{"x": 1}] * 4 + [{"x": 2, "z": 3}]
    with pytest.raises(SourceFailed, match=r"Row 5 .*also has z"):
        read(rows(sample), rows=2)
    assert read_rows(rows(sample, columns=["x"])) == [(1,)] * 4 + [(2,)]


@pytest.mark.parametrize("wrong", [(1,), (1, 2, 3), "ab", 7, None, object()])
def test_a_row_that_does_not_fit_is_named(wrong: Any) -> None:
    with pytest.raises(SourceFailed, match=r"Row 3 does not fit the columns \(x, y\)"):
        read(rows([(1, 2), (3, 4), wrong], columns=["x", "y"]), rows=2)


def test_a_generator_is_read_once_and_its_first_row_is_not_lost() -> None:
    source = rows({"n": number} for number in range(5))
    assert source.shape().columns == source.shape().columns == (Column("n"),)
    assert read_rows(source) == [(0,), (1,), (2,), (3,), (4,)]
    with pytest.raises(SourceFailed, match="used up"):
        source.open(after=None, rows=3, raw_text=False)


def test_a_generator_cannot_be_repeatable() -> None:
    with pytest.raises(BadConfiguration, match="function that makes it"):
        rows(iter([(1,)]), columns=["n"], repeatable=True)


def test_without_a_promise_there_is_no_position() -> None:
    source = rows([(1,), (2,)], columns=["n"])
    shape = source.shape()
    assert not shape.resumable
    assert "repeatable=True" in shape.no_key_because
    assert [block.position for block in read(source, rows=1)] == [None, None]
    with pytest.raises(SourceFailed, match="repeatable=True"):
        source.open(after=[1], rows=1, raw_text=False)


def test_a_promise_that_was_not_kept_is_found_where_rows_are_missing() -> None:
    with pytest.raises(SourceFailed, match="only 2"):
        rows([(1,), (2,)], columns=["n"], repeatable=True).open(after=[3], rows=1, raw_text=False)


def test_collections_are_counted_and_nothing_else() -> None:
    assert rows([(1,), (2,)], columns=["n"]).count() == Count(2, False)
    assert rows(lambda: [(1,)], columns=["n"]).count() is None


@pytest.fixture
def log() -> list[str]:
    return []


def numbers(log: list[str], end: int = 100) -> Iterator[dict[str, int]]:
    try:
        for number in range(end):
            yield {"n": number}
    finally:
        log.append("closed")


def test_a_generator_is_closed_with_its_reader(log: list[str]) -> None:
    reader = rows(lambda: numbers(log)).open(after=None, rows=10, raw_text=False)
    assert log == ["closed"]  # after the look at the first row
    next(reader.blocks())
    reader.close()
    reader.close()
    assert log == ["closed", "closed"]


def test_what_a_program_raises_names_the_row() -> None:
    def broken() -> Iterator[tuple[int]]:
        yield (1,)
        yield (2,)
        raise ValueError("no more paper")

    with pytest.raises(SourceFailed, match="Making row 3 failed: ValueError: no more paper") as caught:
        read(rows(broken, columns=["n"]), rows=2)
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_of_our_own_passes_as_it_is() -> None:
    def gone() -> Iterator[tuple[int]]:
        yield (1,)
        raise SourceUnavailable("The server of numbers is away.")

    with pytest.raises(SourceUnavailable, match="server of numbers"):
        read(rows(gone, columns=["n"]))


def test_a_function_that_fails_at_once_fails_in_the_same_way() -> None:
    def broken() -> list[tuple[int]]:
        raise ValueError("no paper")

    with pytest.raises(SourceFailed, match="Making row 1 failed: ValueError: no paper"):
        read(rows(broken, columns=["n"]))


def test_cancelling_stops_between_two_rows() -> None:
    made: list[int] = []

    def slowly() -> Iterator[tuple[int]]:
        for number in range(1000):
            made.append(number)
            if number == 5:
                reader.cancel()
            yield (number,)

    reader = rows(slowly, columns=["n"]).open(after=None, rows=500, raw_text=False)
    with pytest.raises(SourceUnavailable, match="cancelled"):
        list(reader.blocks())
    assert len(made) == 6
