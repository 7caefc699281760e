from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from narrowboat.errors import BadConfiguration, BadParameter, NotRepresentable
from tests.unit.formats.tables import Altered, Given, any_table, write

NOTHING = Altered({}, [])
DECIMALS = [Decimal("1.5"), Decimal(2), Decimal("0.25")]
NARROW_AND_LONG = [Decimal(10**30), Decimal("1E-20")]
MIDNIGHT, NINE = datetime(2026, 3, 1), datetime(2026, 3, 1, 9)
PRECISE = datetime(2026, 2, 28, 9, 5, 1, 7)
UTC_MOMENT = pa.timestamp("us", "UTC")


def read(cells: Sequence[Any], column: Column, folder: Path) -> tuple[pa.DataType, list[Any], Altered]:
    """Type and values of a column that was written two rows a block, and what was altered."""
    rows = [(cell,) for cell in cells]
    blocks = tuple(rows[start : start + 2] for start in range(0, len(rows), 2))
    file, altered = write(format_named("parquet"), [Given(Table("t", (column,)), blocks)], folder)
    found = pyarrow.parquet.read_table(io.BytesIO(file))
    return found.schema.field(0).type, found.column(0).to_pylist(), altered


@pytest.mark.parametrize(
    ("column", "cells", "type", "values"),
    [
        (Column("a", Type.TEXT), ["007", b"caf\xc3\xa9", "", None, 5], pa.string(), ["007", "café", "", None, "5"]),
        (Column("a", Type.INTEGER), [1, -(2**63), "12", None], pa.int64(), [1, -(2**63), 12, None]),
        (Column("a", Type.INTEGER), [1, 2**63], pa.decimal128(38, 0), [1, 2**63]),
        (Column("a", Type.FLOAT), [0.1, 3, "2.5", -math.inf], pa.float64(), [0.1, 3.0, 2.5, -math.inf]),
        (Column("a", Type.MONEY), [Decimal("1.5"), 2, 0.25], pa.decimal128(38, 2), DECIMALS),
        (Column("a", Type.MONEY), [1, b"0.125"], pa.decimal128(38, 3), [Decimal(1), Decimal("0.125")]),
        (Column("a", Type.DECIMAL, scale=4), [Decimal(1)], pa.decimal128(38, 4), [Decimal(1)]),
        (Column("a", Type.DECIMAL), NARROW_AND_LONG, pa.decimal256(76, 20), NARROW_AND_LONG),
        (Column("a", Type.DATE), [date(2026, 2, 28), b"0001-01-01"], pa.date32(), [date(2026, 2, 28), date(1, 1, 1)]),
        (Column("a", Type.DATE), [date(2026, 3, 1), "2026-03-01 09:00:00"], pa.timestamp("us"), [MIDNIGHT, NINE]),
        (Column("a", Type.DATETIME), [PRECISE, "2026-03-01 09:00:00"], pa.timestamp("us"), [PRECISE, NINE]),
        (Column("a", Type.TIME), [time(9, 5, 1, 7), "10:00:00"], pa.time64("us"), [time(9, 5, 1, 7), time(10)]),
        (Column("a", Type.BOOLEAN), [True, 0, 1, None], pa.bool_(), [True, False, True, None]),
        (Column("a", Type.BINARY), [b"\x00\xff", b"", None, "text"], pa.binary(), [b"\x00\xff", b"", None, b"text"]),
    ],
)  # fmt: skip
def test_declared_types(column: Column, cells: list[Any], type: Any, values: list[Any], tmp_path: Path) -> None:
    assert read(cells, column, tmp_path) == (type, values, NOTHING)


@pytest.mark.parametrize(
    ("cells", "type", "values"),
    [
        ([1, None, 2**63 - 1], pa.int64(), [1, None, 2**63 - 1]),
        ([1, 2**70], pa.decimal128(38, 0), [1, 2**70]),
        ([1, 10**40], pa.string(), ["1", "1" + "0" * 40]),
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        ([2**53 + 1, 2.5], pa.string(), ["9007199254740993", "2.5"]),
        ([1, Decimal("2.50")], pa.decimal128(38, 2), [Decimal(1), Decimal("2.5")]),
        ([Decimal("NaN"), Decimal(1)], pa.string(), ["NaN", "1"]),
        (["1", "2"], pa.string(), ["1", "2"]),
        ([b"1", 2], pa.string(), ["1", "2"]),
        ([True, None, False], pa.bool_(), [True, None, False]),
        ([True, 1], pa.string(), ["true", "1"]),
        ([date(2026, 2, 28)], pa.date32(), [date(2026, 2, 28)]),
        ([date(2026, 3, 1), NINE], pa.timestamp("us"), [MIDNIGHT, NINE]),
        ([date(2026, 3, 1), "later"], pa.string(), ["2026-03-01", "later"]),
        ([time(9)], pa.time64("us"), [time(9)]),
        ([time(9, tzinfo=UTC)], pa.string(), ["09:00:00+00:00"]),
        ([UUID(int=1)], pa.string(), ["00000000-0000-0000-0000-000000000001"]),
        ([None, None], pa.string(), [None, None]),
        ([None, None, None, None, 5], pa.int64(), [None, None, None, None, 5]),
        ([1, 2, 3, 4, "five", 6], pa.string(), ["1", "2", "3", "4", "five", "6"]),
    ],
)
def test_an_undeclared_column_has_the_type_that_holds_all_its_cells(
    cells: list[Any], type: Any, values: list[Any], tmp_path: Path
) -> None:
    assert read(cells, Column("a"), tmp_path) == (type, values, NOTHING)


@pytest.mark.parametrize(
    ("column", "cells", "values"),
    [
        (Column("a", Type.INTEGER), [1, "", "two", 1.5, 10**39, 6], [1, None, None, None, None, 6]),
        (Column("a", Type.FLOAT), ["1,5", 2.0], [None, 2.0]),
        (Column("a", Type.MONEY), [Decimal("inf"), "", Decimal("1E+50"), Decimal("1E-50"), 1], [None] * 4 + [1]),
        (Column("a", Type.DATE), ["2026-02-30", "soon", date(2026, 1, 1)], [None, None, date(2026, 1, 1)]),
        (Column("a", Type.DATETIME), ["later", 5, datetime(2026, 1, 1)], [None, None, datetime(2026, 1, 1)]),
        (Column("a", Type.TIME), ["25:00", time(1)], [None, time(1)]),
        (Column("a", Type.BOOLEAN), ["maybe", 2, True], [None, None, True]),
    ],
)  # fmt: skip
def test_a_cell_that_a_declared_column_cannot_hold_is_left_empty_and_noted(
    column: Column, cells: list[Any], values: list[Any], tmp_path: Path
) -> None:
    _, found, altered = read(cells, column, tmp_path)
    assert found == values
    assert [a.row for a in altered.first] == [row for row, value in enumerate(values, 1) if value is None]
    assert {a.code for a in altered.first} == {"left-empty"}


def test_aware_moments_keep_their_moment_and_carry_the_columns_zone(tmp_path: Path) -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    cells = [moment.astimezone(timezone(timedelta(hours=9))), "2026-07-01 14:00:00+02:00", None]
    type, found, _ = read(cells, Column("a", Type.DATETIME, zone="Europe/Zurich"), tmp_path)
    assert type == pa.timestamp("us", "Europe/Zurich")
    assert found == [moment, moment, None]
    assert read(cells, Column("a"), tmp_path)[0] == pa.string()  # the second is text, where nothing is declared
    assert read(cells[:1], Column("a"), tmp_path)[0] == UTC_MOMENT


def test_moments_with_and_without_zone_in_one_column_become_text(tmp_path: Path) -> None:
    cells = [datetime(2026, 7, 1, 12), datetime(2026, 7, 1, 12, tzinfo=UTC)]
    for column in (Column("a"), Column("a", Type.DATETIME)):
        type, found, _ = read(cells, column, tmp_path)
        assert (type, found) == (pa.string(), ["2026-07-01T12:00:00", "2026-07-01T12:00:00+00:00"])


@pytest.mark.parametrize(
    ("column", "type"),
    [
        (Column("a", Type.DATE), pa.date32()),
        (Column("a", Type.DATETIME), pa.timestamp("us")),
        (Column("a", Type.DATETIME, zone="UTC"), UTC_MOMENT),
        (Column("a", Type.MONEY), pa.decimal128(38, 2)),
    ],
)
def test_a_column_of_nulls_has_its_declared_type(column: Column, type: Any, tmp_path: Path) -> None:
    assert read([None, None, None], column, tmp_path)[:2] == (type, [None, None, None])


def test_text_that_is_not_utf8_is_repaired_and_noted(tmp_path: Path) -> None:
    _, found, altered = read([b"ok", b"a\xff", "lone \ud800"], Column("a"), tmp_path)
    assert found == ["ok", "a\ufffd", "lone \ufffd\ufffd\ufffd"]
    assert altered.counts == {"not-utf-8": 2}


def test_what_was_noted_survives_the_writers_death(tmp_path: Path) -> None:
    numbers = Given(Table("t", (Column("a"),)), ([(2**70,)], [(1,)], [(Decimal("0.001"),)]))
    file, _ = write(format_named("parquet"), [numbers], tmp_path, cuts=[1, 2])
    assert pyarrow.parquet.read_schema(io.BytesIO(file)).field("a").type == pa.decimal128(38, 3)


def test_row_groups_bound_the_memory(tmp_path: Path) -> None:
    rows = [(number, "x") for number in range(1000)]
    numbers = Given(Table("t", (Column("id"), Column("x"))), tuple([rows] * 100))
    file = pyarrow.parquet.ParquetFile(io.BytesIO(write(format_named("parquet"), [numbers], tmp_path)[0]))
    groups = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    assert groups == [33_000, 33_000, 33_000, 1_000]


def test_assembling_again_gives_the_same_bytes(tmp_path: Path) -> None:
    numbers = Given(Table("t", (Column("a"),)), ([(1,)], [(2.5,)]))
    once, _ = write(format_named("parquet"), [numbers], tmp_path)
    format_named("parquet").assemble(tmp_path / "spool", tmp_path / "made")
    assert (tmp_path / "made").read_bytes() == once


@pytest.mark.parametrize(
    ("columns", "problem"),
    [((), "no columns"), ((Column("a"), Column("a")), "called 'a'")],
)
def test_a_table_that_parquet_cannot_name_is_refused(columns: tuple[Column, ...], problem: str) -> None:
    with pytest.raises(NotRepresentable, match=problem):
        format_named("parquet").writer().begin(Table("t", columns), ())


def test_an_unknown_zone_is_refused_before_any_row() -> None:
    with pytest.raises(BadConfiguration, match="'Nowhere/Land'"):
        format_named("parquet").writer().begin(Table("t", (Column("a", zone="Nowhere/Land"),)), ())


def test_it_has_no_options() -> None:
    with pytest.raises(BadParameter, match="'compression'"):
        format_named("parquet", {"compression": "zstd"})


exact = {
    Type.TEXT: st.text(),
    Type.INTEGER: st.integers(-(2**100), 2**100),
    Type.FLOAT: st.floats(allow_nan=False),
    Type.DECIMAL: st.decimals(-(10**30), 10**30, places=6),
    Type.DATE: st.dates(),
    Type.DATETIME: st.datetimes(),
    Type.TIME: st.times(),
    Type.BOOLEAN: st.booleans(),
    Type.BINARY: st.binary(),
}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    case=st.sampled_from(list(exact)).flatmap(lambda type: st.tuples(st.just(type), st.lists(st.none() | exact[type])))
)
def test_values_of_the_declared_type_come_back_as_they_were(case: tuple[Type, list[Any]], tmp_path: Path) -> None:
    type, cells = case
    assert read(cells, Column("a", type), tmp_path)[1:] == (cells, NOTHING)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=any_table())
def test_any_table_has_all_its_rows_and_loses_no_cell_silently(table: Given, tmp_path: Path) -> None:
    file, altered = write(format_named("parquet"), [table], tmp_path)
    found = pyarrow.parquet.read_table(io.BytesIO(file))
    nulls = sum(column.null_count for column in found.columns)
    empty = sum(cell is None for row in table.rows for cell in row)
    assert found.num_rows == len(table.rows)
    assert nulls == empty + altered.counts.get("left-empty", 0)
