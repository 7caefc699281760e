from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alterations, Table
from narrowboat.data.formats import format_named
from narrowboat.errors import BadParameter, NotRepresentable
from tests.unit.formats.tables import Colour, Given, Word, any_table


def lines(*rows: Sequence[Any], columns: Sequence[Column] = ()) -> bytes:
    return written(*rows, columns=columns)[0]


def written(*rows: Sequence[Any], columns: Sequence[Column] = ()) -> tuple[bytes, Alterations]:
    columns = columns or [Column(f"c{k}") for k in range(len(rows[0]))]
    writer = format_named("jsonl").writer()
    made = writer.begin(Table("t", tuple(columns)), ()) + writer.block([tuple(row) for row in rows]) + writer.end()
    return made, writer.alterations


def cell(value: Any, type: Type = Type.ANY, **more: Any) -> str:
    """How one value is written."""
    made = lines((value,), columns=[Column("a", type, **more)]).decode()
    return made.removeprefix('{"a":').removesuffix("}\n")


def test_an_object_a_row_keyed_by_the_columns_names() -> None:
    columns = [Column("id"), Column("name", label="Full name")]
    made = lines((1, "Zoë 🚚"), (2, None), columns=columns)
    assert made == '{"id":1,"name":"Zoë 🚚"}\n{"id":2,"name":null}\n'.encode()


@pytest.mark.parametrize("name", ['say "hi"', "100%", "%s %b", "a\\b", "line\nbreak", "ключ"])
def test_any_column_name_is_a_key(name: str) -> None:
    assert json.loads(lines((1, "x"), columns=[Column(name), Column("b")])) == {name: 1, "b": "x"}


@pytest.mark.parametrize(
    ("value", "type", "shown"),
    [
        (None, Type.ANY, "null"),
        ("", Type.ANY, '""'),
        ("=1+1", Type.ANY, '"=1+1"'),
        (True, Type.ANY, "true"),
        (1, Type.BOOLEAN, "true"),
        (2, Type.BOOLEAN, "2"),
        (2**70, Type.INTEGER, "1180591620717411303424"),
        ("12", Type.INTEGER, '"12"'),
        (0.1, Type.FLOAT, "0.1"),
        (1e300, Type.FLOAT, "1e+300"),
        ("007", Type.TEXT, '"007"'),
        (7, Type.TEXT, '"7"'),
        (True, Type.TEXT, '"true"'),
        (date(2026, 2, 28), Type.DATE, '"2026-02-28"'),
        (time(9, 5), Type.TIME, '"09:05:00"'),
        (datetime(2026, 2, 28, 9, 5), Type.DATETIME, '"2026-02-28T09:05:00"'),
        ("2026-02-28 09:05:00", Type.DATETIME, '"2026-02-28T09:05:00"'),
        (b"2026-02-28 09:05:00Z", Type.DATETIME, '"2026-02-28T09:05:00+00:00"'),
        ("last week", Type.DATETIME, '"last week"'),
        (Decimal("1.10"), Type.ANY, '"1.10"'),
        (Decimal("1.10"), Type.DECIMAL, '"1.10"'),
        (5, Type.MONEY, '"5.00"'),
        (2.5, Type.MONEY, '"2.50"'),
        ("2.5", Type.MONEY, '"2.50"'),
        ("n/a", Type.MONEY, '"n/a"'),
        (Decimal("NaN"), Type.DECIMAL, '"NaN"'),
        (b"\x00\xff", Type.BINARY, '"AP8="'),
        (UUID(int=1), Type.ANY, '"00000000-0000-0000-0000-000000000001"'),
        (Colour.RED, Type.ANY, "3"),
        (Word.HELLO, Type.ANY, '"hello"'),
        (timedelta(days=1), Type.ANY, '"1 day, 0:00:00"'),
    ],
)
def test_values_by_type(value: Any, type: Type, shown: str) -> None:
    assert cell(value, type) == shown


def test_an_aware_moment_is_shown_in_the_columns_zone_with_its_offset() -> None:
    moment = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert cell(moment, Type.DATETIME, zone="Europe/Zurich") == '"2026-07-01T14:00:00+02:00"'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_know_is_null_and_noted(number: float) -> None:
    made, altered = written((1.5, 1), (number, 2), (None, 3))
    assert [json.loads(line)["c0"] for line in made.splitlines()] == [1.5, None, None]
    assert altered.first == [(2, "c0", "not-finite")]


def test_text_that_is_not_utf8_is_repaired_and_noted() -> None:
    made, altered = written((b'a\xff"b', 1))
    assert json.loads(made) == {"c0": 'a\ufffd"b', "c1": 1}
    assert altered.first == [(1, "c0", "not-utf-8")]


def test_a_column_whose_cells_change_their_type_goes_on() -> None:
    made = lines((1,), ("two",), (3.5,), (None,), (b"four",), (True,), (Decimal("5.0"),))
    assert [json.loads(line)["c0"] for line in made.splitlines()] == [1, "two", 3.5, None, "four", True, "5.0"]


def test_columns_of_one_name_are_refused() -> None:
    with pytest.raises(NotRepresentable, match="called 'a'"):
        lines((1, 2), columns=[Column("a"), Column("a", label="b")])


def test_a_table_without_columns_is_refused() -> None:
    with pytest.raises(NotRepresentable, match="no columns"):
        format_named("jsonl").writer().begin(Table("t", ()), ())


def test_a_second_table_is_refused_with_the_way_out() -> None:
    writer = format_named("jsonl").writer()
    writer.begin(Table("one", (Column("a"),)), ())
    with pytest.raises(NotRepresentable, match=r"Ask for jsonl\.zip"):
        writer.begin(Table("two", (Column("a"),)), ())


def test_it_has_no_options() -> None:
    with pytest.raises(BadParameter, match="'indent'"):
        format_named("jsonl", {"indent": 2})


simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(alphabet='"\\\n\x00\x1f\x7f é%')


@settings(deadline=None)
@given(st.lists(st.tuples(simple, simple, simple), min_size=1))
def test_pythons_reader_finds_what_was_written(rows: list[tuple[Any, ...]]) -> None:
    def finite(value: Any) -> Any:
        return None if isinstance(value, float) and not math.isfinite(value) else value

    found = [tuple(json.loads(line).values()) for line in lines(*rows).split(b"\n")[:-1]]
    assert found == [tuple(map(finite, row)) for row in rows]


@settings(max_examples=300, deadline=None)
@given(any_table())
def test_a_cell_is_written_the_same_whatever_its_neighbours_are(table: Given) -> None:
    rows, columns = table.rows or [(None,) * len(table.table.columns)], table.table.columns
    assert lines(*rows, columns=columns) == b"".join(lines(row, columns=columns) for row in rows)


@settings(deadline=None)
@given(any_table())
def test_every_line_of_any_table_is_one_object(table: Given) -> None:
    for row in table.rows:
        made = lines(row, columns=table.table.columns)
        assert made.count(b"\n") == 1
        assert list(json.loads(made)) == [column.name for column in table.table.columns]
