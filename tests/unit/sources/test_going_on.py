"""For any table and any interruptions: the rows of the parts are the rows of the whole."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrowboat.data.source import Row, Source
from narrowboat.data.sources import Query, rows, table
from tests.unit.sources.places import Postgres, read

NUMBERS = itertools.count()
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

sqlite_value = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=4),
    st.sampled_from(["a", "A", "b", "B", "é", "É", " ", "a ", "1", "1.0"]),
    st.binary(max_size=3),
)
sqlite_type = st.sampled_from(
    ["", "integer", "real", "numeric", "text", "text collate nocase", "text collate rtrim", "blob"]
)

postgres_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4)
postgres_column = st.sampled_from(
    [
        ("bigint", st.integers(-(2**63), 2**63 - 1)),
        ("double precision", st.floats()),
        ("numeric", st.decimals(allow_nan=False, allow_infinity=False, places=5) | st.just(Decimal("NaN"))),
        ("text", postgres_text | st.sampled_from(["a", "A", "b", "B", "é", "É"])),
        ('text collate "C"', postgres_text),
        ("varchar", postgres_text),
        ("bytea", st.binary(max_size=3)),
        ("boolean", st.booleans()),
        ("date", st.dates(date(1, 1, 1))),
        ("time", st.times()),
        ("timestamp", st.datetimes()),
        ("timestamptz", st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),
        ("uuid", st.uuids()),
    ]
)


def assert_parts_are_the_whole(source: Source, data: st.DataObject, count: int) -> None:
    """Read to a random block, go on from its position in blocks of another size, and so on to the end."""
    whole = repr([row for block in read(source, rows=1000) for row in block.rows])
    position, parts = None, list[Row]()
    while len(parts) < count:
        blocks = read(source, position, rows=data.draw(st.integers(1, 5)), raw_text=data.draw(st.booleans()))
        taken = blocks[: data.draw(st.integers(1, len(blocks)))]
        position = taken[-1].position
        rows = [row for block in taken for row in block.rows]
        parts += [tuple(int(cell) if isinstance(cell, bytes) else cell for cell in row) for row in rows]
    assert read(source, position) == []
    assert repr(parts) == whole


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
def test_any_table_of_sqlite_goes_on_from_anywhere(tmp_path: Path, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(sqlite_type, min_size=1, max_size=2))
    keys = data.draw(st.lists(st.tuples(*[sqlite_value] * len(kinds)), max_size=25))
    path = tmp_path / f"{next(NUMBERS)}.db"
    names = [f"k{number}" for number in range(len(kinds))]
    columns = ", ".join(f"{name} {kind} not null" for name, kind in zip(names, kinds, strict=True))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma synchronous = off")
        connection.execute(f"create table t ({columns}, wild, n integer, unique ({', '.join(names)}))")
        connection.execute("begin")
        for number, key in enumerate(keys):
            wild = data.draw(st.none() | sqlite_value)
            marks = ", ".join("?" * (len(key) + 2))
            connection.execute(f"insert or ignore into t values ({marks})", (*key, wild, number))
        connection.execute("commit")
        (count,) = connection.execute("select count(*) from t").fetchone()
    source = ordered(table(f"sqlite:///{path}", "t"), names, data)
    assert set(source.shape().key) == set(names)
    assert_parts_are_the_whole(source.columns("n"), data, count)


@pytest.mark.services
@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
def test_any_table_of_postgres_goes_on_from_anywhere(postgres: Postgres, data: st.DataObject) -> None:
    columns = data.draw(st.lists(postgres_column, min_size=1, max_size=2))
    wild_kind, wild = data.draw(postgres_column)
    keys = data.draw(st.lists(st.tuples(*[values for _, values in columns]), max_size=15))
    name = f"t{next(NUMBERS)}"
    names = [f"k{number}" for number in range(len(columns))]
    declared = ", ".join(f"{key} {kind}" for key, (kind, _) in zip(names, columns, strict=True))
    with psycopg.connect(postgres.url) as connection:
        connection.execute(
            f"create table {name} ({declared}, wild {wild_kind}, n integer, primary key ({', '.join(names)}))".encode()
        )
        for number, key in enumerate(keys):
            cells: tuple[Any, ...] = (*key, data.draw(st.none() | wild), number)
            marks = ", ".join(["%s"] * len(cells))
            connection.execute(f"insert into {name} values ({marks}) on conflict do nothing".encode(), cells)
        found = connection.execute(f"select count(*) from {name}".encode()).fetchone()
    assert found is not None
    assert_parts_are_the_whole(ordered(table(postgres.url, name), names, data).columns("n"), data, found[0])


def ordered(source: Query, names: list[str], data: st.DataObject) -> Query:
    """In the key's order, or in one that begins with a column that may hold NULL and repeat itself."""
    orders = [(), ("wild",), ("-wild",), ("-" + names[0],), ("wild", *("-" + name for name in names))]
    return source.order_by(*data.draw(st.sampled_from(orders)))


@given(st.data(), st.lists(st.tuples(st.integers(), st.text()), max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_iterable_goes_on_from_anywhere(data: st.DataObject, sample: list[Row]) -> None:
    source = rows(lambda: iter(sample), columns=("n", "text"), repeatable=True)
    assert_parts_are_the_whole(source, data, len(sample))
