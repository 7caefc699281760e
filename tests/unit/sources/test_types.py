"""What a column's declaration becomes, and what its cells are."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from narrowboat.data.source import Source
from narrowboat.data.sources import query, table
from narrowboat.data.sqlite_types import column
from tests.unit.sources.places import Place, Postgres, Sqlite, read_rows


@pytest.mark.parametrize(
    ("declared", "kind", "scale"),
    [
        ("INTEGER", Type.INTEGER, None),
        ("bigint", Type.INTEGER, None),
        ("UNSIGNED BIG INT", Type.INTEGER, None),
        ("TEXT", Type.TEXT, None),
        ("VARCHAR(20)", Type.TEXT, None),
        ("NATIVE CHARACTER(70)", Type.TEXT, None),
        ("CLOB", Type.TEXT, None),
        ("REAL", Type.FLOAT, None),
        ("double precision", Type.FLOAT, None),
        ("FLOAT", Type.FLOAT, None),
        ("DECIMAL(10,2)", Type.DECIMAL, 2),
        ("NUMERIC( 12 , 4 )", Type.DECIMAL, 4),
        ("NUMERIC", Type.DECIMAL, None),
        ("DECIMAL(5)", Type.DECIMAL, None),
        ("MONEY", Type.MONEY, None),
        ("MONEY(19,4)", Type.MONEY, 4),
        ("BOOLEAN", Type.BOOLEAN, None),
        ("bool", Type.BOOLEAN, None),
        ("DATE", Type.DATE, None),
        ("DATETIME", Type.DATETIME, None),
        ("TIMESTAMP", Type.DATETIME, None),
        ("timestamp with time zone", Type.DATETIME, None),
        ("TIME", Type.TIME, None),
        ("BLOB", Type.BINARY, None),
        ("VARBINARY(16)", Type.BINARY, None),
        ("", Type.ANY, None),
        ("INTERVAL", Type.TEXT, None),
    ],
)
def test_a_type_of_sqlite_is_read_from_its_declaration(declared: str, kind: Type, scale: int | None) -> None:
    assert column("x", declared) == Column("x", kind, scale=scale)


def test_sqlite_delivers_what_it_holds(sqlite: Sqlite) -> None:
    sqlite.run("create table t (id integer primary key, n numeric(10,2), flag boolean, day date, data blob, free)")
    sqlite.insert("t", [(1, 2.5, True, "2024-02-29", b"\x00\xff", "x"), (2, "x", 0, None, "text", 1.5)])
    rows = [(1, 2.5, 1, "2024-02-29", b"\x00\xff", "x"), (2, "x", 0, None, "text", 1.5)]
    assert read_rows(table(sqlite.url, "t")) == rows
    assert read_rows(table(sqlite.url, "t"), raw_text=True) == rows


def test_generated_columns_are_columns(place: Place) -> None:
    place.run("create table t (id integer primary key, twice integer generated always as (id * 2) stored)")
    place.run("insert into t (id) values (4)")
    assert read_rows(table(place.url, "t")) == [(4, 8)]


def test_a_statement_knows_the_types_of_its_columns(place: Place) -> None:
    place.run("create table t (id integer primary key, price numeric(10,2), day date)")
    found = query(place.url, "select price as p, day, id from t where id = :id", {"id": 1}).shape()
    assert found.columns == (Column("p", Type.DECIMAL, scale=2), Column("day", Type.DATE), Column("id", Type.INTEGER))


def test_a_view_knows_the_types_of_its_columns(place: Place) -> None:
    place.run("create table t (id integer primary key, day date)", "create view v as select day, id from t")
    assert table(place.url, "v").shape().columns == (Column("day", Type.DATE), Column("id", Type.INTEGER))


def test_text_of_sqlite_that_is_not_utf8_comes_as_its_bytes(sqlite: Sqlite) -> None:
    sqlite.run("create table t (id integer primary key, a text, b text)")
    sqlite.insert("t", [(number, f"ä{number}", None) for number in range(1, 11)])
    sqlite.run("update t set a = cast(x'41ff42' as text) where id in (5, 8)")
    expected = [(n, b"A\xffB" if n in (5, 8) else f"ä{n}", None) for n in range(1, 11)]
    assert read_rows(table(sqlite.url, "t"), rows=3) == expected
    raw = [(n, b"A\xffB" if n in (5, 8) else f"ä{n}".encode(), None) for n in range(1, 11)]
    assert read_rows(table(sqlite.url, "t"), rows=3, raw_text=True) == raw


def test_text_with_a_nul_comes_whole_out_of_sqlite(sqlite: Sqlite) -> None:
    sqlite.run("create table t (a text not null unique)")
    sqlite.insert("t", [("a\0b",), ("a\0c",)])
    assert read_rows(table(sqlite.url, "t"), rows=1) == [("a\0b",), ("a\0c",)]


CELLS: list[tuple[str, str, Any, Column]] = [
    ("boolean", "true", True, Column("x", Type.BOOLEAN)),
    ("smallint", "-7", -7, Column("x", Type.INTEGER)),
    ("bigint", "9223372036854775807", 2**63 - 1, Column("x", Type.INTEGER)),
    ("oid", "4294967295", 4294967295, Column("x", Type.INTEGER)),
    ("real", "0.1", 0.1, Column("x", Type.FLOAT)),
    ("double precision", "0.30000000000000004", 0.30000000000000004, Column("x", Type.FLOAT)),
    ("numeric(12,3)", "12.5", Decimal("12.500"), Column("x", Type.DECIMAL, scale=3)),
    ("numeric", "0.10", Decimal("0.10"), Column("x", Type.DECIMAL)),
    ("money", "1234.5", Decimal("1234.50"), Column("x", Type.MONEY)),
    ("date", "2024-02-29", date(2024, 2, 29), Column("x", Type.DATE)),
    ("date", "infinity", "infinity", Column("x", Type.DATE)),
    ("time", "23:59:59.000001", time(23, 59, 59, 1), Column("x", Type.TIME)),
    ("time", "24:00", "24:00:00", Column("x", Type.TIME)),
    ("timestamp", "2024-02-29 12:00", datetime(2024, 2, 29, 12), Column("x", Type.DATETIME)),
    ("timestamp", "0044-03-15 BC", "0044-03-15 00:00:00 BC", Column("x", Type.DATETIME)),
    ("timestamptz", "2024-02-29 12:00+01", datetime(2024, 2, 29, 11, tzinfo=UTC), Column("x", Type.DATETIME)),
    ("timestamptz", "infinity", "infinity", Column("x", Type.DATETIME)),
    ("text", "Zoë 🚚", "Zoë 🚚", Column("x", Type.TEXT)),
    ("varchar(5)", "ab", "ab", Column("x", Type.TEXT)),
    ("char(4)", "ab", "ab  ", Column("x", Type.TEXT)),
    ("bytea", "\\x00ff", b"\x00\xff", Column("x", Type.BINARY)),
    ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", Column("x", Type.TEXT)),
    ("json", '{"a":  1}', '{"a":  1}', Column("x", Type.TEXT)),
    ("jsonb", '{"a":1}', '{"a": 1}', Column("x", Type.TEXT)),
    ("integer[]", "{1,NULL,3}", "[1,null,3]", Column("x", Type.TEXT)),
    ("text[]", '{"a,b",c}', '["a,b","c"]', Column("x", Type.TEXT)),
    ("interval", "1 day 02:00", "1 day 02:00:00", Column("x", Type.TEXT)),
    ("inet", "10.0.0.1", "10.0.0.1/32", Column("x", Type.TEXT)),
    ("int4range", "[1,5)", "[1,5)", Column("x", Type.TEXT)),
    ("timetz", "12:00+02", "12:00:00+02", Column("x", Type.TEXT)),
    ("bit(3)", "101", "101", Column("x", Type.TEXT)),
    ("mood", "so so", "so so", Column("x", Type.TEXT)),
    ("pair", "(1,x)", '{"a":1,"b":"x"}', Column("x", Type.TEXT)),
    ("positive", "5", 5, Column("x", Type.INTEGER)),
    ("tsvector", "a b", "'a' 'b'", Column("x", Type.TEXT)),
]


AS_TEXT = ("smallint", "bigint", "oid", "positive", "numeric", "numeric(12,3)", "money", "date", "timestamp")
"""With `raw_text` their text comes, and no value is made of it."""


@pytest.mark.services
@pytest.mark.parametrize(
    ("kind", "text", "cell", "declared"), CELLS, ids=[f"{kind} {text}" for kind, text, *_ in CELLS]
)
def test_postgres_delivers_what_a_type_means(
    postgres: Postgres, kind: str, text: str, cell: Any, declared: Column
) -> None:
    postgres.run("create type mood as enum ('good', 'so so')", "create type pair as (a integer, b text)")
    postgres.run("create domain positive as integer check (value > 0)")
    postgres.run(f"create table t (x {kind})", f"insert into t values ($${text}$$), (null)")
    source = table(postgres.url, "t")
    assert source.shape().columns == (declared,)
    assert read_rows(source) == [(cell,), (None,)]
    raw = str(cell).encode() if isinstance(cell, str) or kind in AS_TEXT else cell
    assert read_rows(source, raw_text=True) == [(raw,), (None,)]
    assert type(read_rows(source)[0][0]) is type(cell)


@pytest.mark.services
def test_one_cell_that_python_has_no_value_for_leaves_the_others_as_they_are(postgres: Postgres) -> None:
    postgres.run("create table t (id integer primary key, day date, name text, n numeric)")
    postgres.run("insert into t values (1, '2024-01-01', 'ä', 1.5), (2, 'infinity', null, null), (3, null, 'b', 2)")
    assert read_rows(table(postgres.url, "t"), rows=10, raw_text=True) == [
        (b"1", b"2024-01-01", "ä".encode(), b"1.5"),
        (b"2", b"infinity", None, None),
        (b"3", None, b"b", b"2"),
    ]
    assert read_rows(table(postgres.url, "t"), rows=10) == [
        (1, date(2024, 1, 1), "ä", Decimal("1.5")),
        (2, "infinity", None, None),
        (3, None, "b", Decimal(2)),
    ]


@pytest.mark.services
def test_a_column_that_is_declared_anew_comes_as_values(postgres: Postgres) -> None:
    postgres.run("create table t (id integer primary key, n numeric)", "insert into t values (1, 7)")
    source = table(postgres.url, "t")
    assert read_rows(source.columns(Column("n", Type.INTEGER)), raw_text=True) == [(Decimal(7),)]
    assert read_rows(source.columns(Column("n", Type.DECIMAL, label="N")), raw_text=True) == [(b"7",)]


NUMBERS = ["0", "-0.00", "0.001", "1e30", "NaN", "Infinity", "12345678901234567890.123456789", "12.50"]
DAYS = ["2024-02-29", "0001-01-01", "9999-12-31", "infinity", "0044-03-15 BC", "10000-01-01", "1899-12-31"]
MOMENTS = ["2024-02-29 12:00", "2024-02-29 23:59:59.999999", "-infinity", "0044-03-15 BC"]
WHOLE = [0, -7, 10, 2**53, -(2**53), 2**53 + 1, 10**15, -(2**63)]


@pytest.mark.services
@pytest.mark.parametrize("name", ["csv", "jsonl", "xlsx", "parquet"])
def test_a_file_is_the_same_whether_values_come_as_values_or_as_text(postgres: Postgres, name: str) -> None:
    postgres.run(
        "create table t (id serial primary key, n numeric, d date, m timestamp, p numeric(30,2), i int8, j int8)"
    )
    for at, (number, day, moment) in enumerate(product(NUMBERS, DAYS, MOMENTS)):
        sure, whole, small = number if number.isdigit() else "1.5", WHOLE[at % len(WHOLE)], at % 3 - at // 100
        row = f"'{number}', '{day}', '{moment}', '{sure}', {whole}, {small or 'null'}"
        postgres.run(f"insert into t (n, d, m, p, i, j) values ({row})")
    source = table(postgres.url, "t")
    assert written(source, name, raw_text=True) == written(source, name, raw_text=False)


def written(source: Source, name: str, *, raw_text: bool) -> bytes:
    """What a format's writer makes of the rows, in blocks of 7."""
    writer = format_named(name, {}).writer()
    rows = read_rows(source, raw_text=raw_text)
    made = writer.begin(Table("t", source.shape().columns), rows[:7])
    for start in range(0, len(rows), 7):
        made += writer.block(rows[start : start + 7])
    return made + writer.end()


@pytest.mark.services
def test_settings_of_a_role_do_not_change_what_is_read(postgres: Postgres) -> None:
    postgres.run("create table t (x timestamptz, y double precision, z timestamp)")
    postgres.run("insert into t values ('2024-02-29 12:00+00', 0.30000000000000004, '2024-02-03')")
    plain = read_rows(table(postgres.url, "t"))
    odd = "%20".join(
        ["-cdatestyle%3DGerman", "-ctimezone%3DAsia/Kolkata", "-cextra_float_digits%3D-10", "-cstatement_timeout%3D1h"]
    )
    url = postgres.url.replace("options=", f"options={odd}%20")
    assert read_rows(table(url, "t")) == plain


@pytest.mark.services
def test_a_column_of_json_is_json(postgres: Postgres) -> None:
    found = read_rows(query(postgres.url, "select jsonb_build_object('a', array[1, 2]) as j"))
    assert json.loads(found[0][0]) == {"a": [1, 2]}


@pytest.mark.services
def test_text_of_a_server_that_is_not_utf8_is_converted(server: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
        url = server.replace("/postgres?", "/latin?")
        with psycopg.connect(url, autocommit=True) as latin:
            latin.execute("create table t (name text primary key)")
            latin.execute("insert into t values ('Zoë')")
        assert read_rows(table(url, "t")) == [("Zoë",)]
        assert read_rows(table(url, "t"), raw_text=True) == [("Zoë",)]
        connection.execute("drop database latin with (force)")
