"""Which columns a reading may go on by: what each catalogue guarantees, and under which comparison."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from narrowboat.data.source import Source
from narrowboat.data.sources import query, table
from narrowboat.data.sources.reading import reading
from narrowboat.data.sources.relation import Named
from narrowboat.errors import SourceFailed
from tests.unit.sources.places import Place, Postgres, Sqlite, read, rows_of


def assert_it_goes_on_behind_every_row(source: Source, *, count: int, raw_text: bool = False) -> None:
    """Compared as text, for a NaN is not equal to itself."""
    blocks = read(source, rows=1, raw_text=raw_text)
    assert len(set(map(repr, blocks))) == len(blocks) == count
    for number, block in enumerate(blocks, start=1):
        assert repr(read(source, block.position, rows=1, raw_text=raw_text)) == repr(blocks[number:])


BOTH = [
    ("create table t (a integer primary key, b integer)", ("a",)),
    ("create table t (b integer, a integer not null unique)", ("a",)),
    ("create table t (a integer not null, b integer not null, primary key (b, a))", ("b", "a")),
    ("create table t (a integer not null unique, b integer primary key)", ("b",)),
    ("create table t (a integer not null, b integer not null, c integer not null unique, unique (a, b))", ("c",)),
    ("create table t (a integer, b integer)", ()),
    ("create table t (a integer unique, b integer)", ()),
    ("create table t (a integer not null, b integer, unique (a, b))", ()),
    ("create table t (a integer not null, b integer); create index i on t (a)", ()),
    ("create table t (a integer not null, b integer); create unique index i on t (a) where a > 1", ()),
    ("create table t (a integer not null, b integer not null); create unique index i on t (a, abs(b))", ()),
    ("create table t (a integer not null, b integer); create unique index i on t (a desc)", ("a",)),
    ("create table u (a integer primary key); create view t as select a, 1 as b from u", ()),
]


@pytest.mark.parametrize(("ddl", "key"), BOTH, ids=[ddl for ddl, _ in BOTH])
def test_a_key_is_unique_and_not_null_in_the_catalogue(place: Place, ddl: str, key: tuple[str, ...]) -> None:
    for statement in ddl.split(";"):
        place.run(statement)
    shape = table(place.url, "t").shape()
    assert shape.key == key
    assert bool(shape.no_key_because) is not bool(key)


def test_without_a_key_rows_come_without_positions(place: Place) -> None:
    place.run("create table t (a integer)", "insert into t values (2), (1), (2), (null)")
    source = table(place.url, "t")
    blocks = read(source)
    assert sorted(map(str, rows_of(blocks))) == ["(1,)", "(2,)", "(2,)", "(None,)"]
    assert [block.position for block in blocks] == [None, None]


def test_a_reading_cannot_go_on_once_its_key_or_columns_are_gone(place: Place) -> None:
    place.run("create table t (a integer not null, b integer)", "create unique index i on t (a)")
    place.insert("t", [(1, 1), (2, 2)])
    source = table(place.url, "t")
    position = read(source, rows=1)[0].position
    place.run("drop index i")
    with pytest.raises(SourceFailed, match=r"resume key \(a\)"):
        read(source, position)
    place.run("create unique index i on t (a)", "alter table t add column c integer")
    with pytest.raises(SourceFailed, match="columns are not those"):
        read(source, position)
    assert rows_of(read(source.columns("a", "b"), position)) == [(2, 2)]


def test_a_better_key_that_comes_later_does_not_disturb_a_reading(place: Place) -> None:
    place.run("create table t (a integer not null, b integer not null)", "create unique index i on t (a, b)")
    place.insert("t", [(1, 9), (1, 10), (2, 8)])
    source = table(place.url, "t")
    position = read(source, rows=1)[0].position
    place.run("create unique index j on t (b)")
    assert source.shape().key == ("b",)
    assert rows_of(read(source, position)) == [(1, 10), (2, 8)]


SQLITE = [
    ("create table t (a text primary key, b)", ("a",)),
    ("create table t (a text primary key desc, b)", ("a",)),
    ("create table t (a integer primary key desc, b)", ("a",)),
    ("create table t (a text, b text, primary key (a, b))", ()),
    ("create table t (a text, b text, primary key (a, b)) without rowid", ("a", "b")),
    ("create table t (a text, b text, primary key (a, b)) strict", ("a", "b")),
    ("create table t (a text not null unique collate nocase, b)", ("a",)),
    ("create table t (a, b as (a + 1) stored not null); create unique index i on t (b)", ("b",)),
    ("create virtual table t using fts5(a, b)", ()),
]


@pytest.mark.parametrize(("ddl", "key"), SQLITE, ids=[ddl for ddl, _ in SQLITE])
def test_sqlite_has_its_own_keys(sqlite: Sqlite, ddl: str, key: tuple[str, ...]) -> None:
    sqlite.run(*ddl.split(";"))
    assert table(sqlite.url, "t").shape().key == key


def test_a_primary_key_of_sqlite_that_holds_a_null_is_none(sqlite: Sqlite) -> None:
    sqlite.run("create table t (a text primary key, b)", "insert into t values ('x', 1), (null, 2), (null, 3)")
    source = table(sqlite.url, "t")
    assert source.shape().key == ()
    assert len(rows_of(read(source, rows=1))) == 3


def test_a_collation_that_only_an_application_has_gives_no_key(sqlite: Sqlite) -> None:
    connection = sqlite3.connect(sqlite.path)
    connection.create_collation("backwards", lambda a, b: (a < b) - (a > b))
    connection.execute("create table t (a text collate backwards not null unique, b integer not null unique)")
    connection.close()
    assert table(sqlite.url, "t").shape().key == ("b",)


MIXED: list[Any] = [
    -(2**63),
    -1.5,
    -1,
    0,
    0.1,
    1,
    2**53 + 1,
    2**63 - 1,
    1e308,
    float("inf"),
    "",
    "1",
    "A",
    "B",
    "a",
    "é",
    "🚚",
    b"",
    b"\x00",
    b"A",
    b"\xff",
]


@pytest.mark.parametrize("declared", ["", "integer", "text", "real", "numeric", "blob", "text collate nocase"])
@pytest.mark.parametrize("raw_text", [False, True])
def test_a_key_of_any_type_and_collation_of_sqlite_goes_on(sqlite: Sqlite, declared: str, raw_text: bool) -> None:
    sqlite.run(f"create table t (k {declared} not null unique, n integer)")
    connection = sqlite3.connect(sqlite.path)
    connection.executemany("insert or ignore into t values (?, ?)", [(key, n) for n, key in enumerate(MIXED)])
    connection.commit()
    connection.close()
    source = table(sqlite.url, "t")
    assert source.shape().key == ("k",)
    count = source.count()
    assert count is not None
    assert_it_goes_on_behind_every_row(source, count=count.rows, raw_text=raw_text)


def test_an_index_of_another_collation_than_its_column_is_compared_under_its_own(sqlite: Sqlite) -> None:
    sqlite.run(
        "create table t (k text collate nocase not null, n integer)",
        "create unique index i on t (k collate binary)",
        "insert into t values ('b', 1), ('B', 2), ('a', 3), ('A', 4), ('é', 5)",
    )
    source = table(sqlite.url, "t")
    assert [row[0] for row in rows_of(read(source))] == ["A", "B", "a", "b", "é"]
    assert_it_goes_on_behind_every_row(source, count=5)


def test_text_of_a_key_that_is_not_utf8_goes_on(sqlite: Sqlite) -> None:
    sqlite.run(
        "create table t (k text primary key not null, n text)",
        "insert into t values (cast(x'61ff' as text), 1), (cast(x'61' as text), 2), (x'61ff', 3), ('b', 4)",
    )
    for raw_text in (False, True):
        assert_it_goes_on_behind_every_row(table(sqlite.url, "t"), count=4, raw_text=raw_text)


@pytest.mark.parametrize("collation", ["binary", "nocase"])
def test_going_on_searches_an_index_instead_of_reading_all_again(sqlite: Sqlite, collation: str) -> None:
    sqlite.run(f"create table t (a text collate {collation} not null, b integer not null, c, unique (a, b))")
    place = table(sqlite.url, "t")
    session = place.database.connect()
    relation = session.relation(Named("t"))
    session.close()
    first = reading(relation, place.choice, None, raw_text=False)
    after = [1, ["a", "b"], ["x", 1], first.course.fingerprint]
    again = reading(relation, place.choice, after, raw_text=False).statement.whole()
    connection = sqlite3.connect(sqlite.path)
    plan = connection.execute("explain query plan " + again.text.replace("\0", "?"), again.parameters).fetchall()
    connection.close()
    assert [step[3].split(" (")[0] for step in plan] == ["SEARCH t USING INDEX sqlite_autoindex_t_1"]


POSTGRES = [
    ("create table t (a integer not null, b integer, unique (a) deferrable)", ()),
    ("create table t (a integer not null, b integer, unique (a) deferrable initially deferred)", ()),
    ("create table t (a integer primary key, b integer) ; create table u () inherits (t)", ()),
    ("create table t (a integer primary key, b integer) partition by range (a)", ("a",)),
    ("create table t (a integer not null, b integer); create unique index i on t (a) include (b)", ("a",)),
    ("create table t (a text not null, b integer); create unique index i on t (a text_pattern_ops)", ()),
    ("create table t (a integer unique nulls not distinct, b integer)", ()),
    ("create table u (a integer primary key); create materialized view t as select * from u", ()),
    (
        "create table t (a integer, b integer); alter table t add constraint n not null a not valid; "
        "create unique index i on t (a)",
        (),
    ),
]


@pytest.mark.services
@pytest.mark.parametrize(("ddl", "key"), POSTGRES, ids=[ddl for ddl, _ in POSTGRES])
def test_postgres_has_its_own_keys(postgres: Postgres, ddl: str, key: tuple[str, ...]) -> None:
    postgres.run(*ddl.split(";"))
    assert table(postgres.url, "t").shape().key == key


@pytest.mark.services
def test_an_index_that_is_not_valid_gives_no_key(postgres: Postgres) -> None:
    postgres.run("create table t (a integer not null)", "insert into t values (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        postgres.run("create unique index concurrently i on t (a)")
    assert table(postgres.url, "t").shape().key == ()


KEYS: list[tuple[str, list[Any]]] = [
    ("smallint", [-(2**15), 0, 2**15 - 1]),
    ("bigint", [-(2**63), -(2**53) - 1, 0, 2**53 + 1, 2**63 - 1]),
    ("numeric", ["-1e40", "-0.1", "0.1", "0.10000000000000000000001", "1e40", "Infinity", "NaN"]),
    ("double precision", ["-Infinity", -1.5, -0.1, 1e-300, 0.1, 0.30000000000000004, "Infinity", "NaN"]),
    ("real", [-1.5, 0.1, 3.4e38]),
    ("text", ["", " ", "A", "a", "B", "b", "é", "E", "ß", "ss", "🚚", "a b", "a'b", 'a"b', "a\\b"]),
    ("varchar(20)", ["A", "a", "b", "Z"]),
    ("char(5)", ["A", "a", "b ", "Z"]),
    ("bytea", [b"", b"\x00", b"\\x", b"abc", b"\xff"]),
    ("boolean", [False, True]),
    (
        "date",
        ["-infinity", "0044-03-15 BC", date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31), "20000-01-01", "infinity"],
    ),
    ("timestamp", ["-infinity", "0044-03-15 12:00 BC", datetime(2024, 1, 1, 12, 0, 0, 1), "20000-01-01", "infinity"]),
    (
        "timestamptz",
        [
            "-infinity",
            "1850-01-01 00:00+00",
            "2024-03-31 02:30:00.123456+01",
            "2024-10-27 02:30+02",
            "2024-10-27 02:30+01",
            "infinity",
        ],
    ),
    ("time", ["00:00", "12:30:00.5", "24:00"]),
    ("timetz", ["12:00+02", "12:00+01"]),
    ("interval", ["-1 year", "1 day", "1 mon 3 days 04:05:06.7"]),
    ("uuid", [UUID(int=1), UUID(int=2**100)]),
    ("money", [Decimal("-1.50"), Decimal("0.00"), Decimal("1234567.89")]),
    ("inet", ["10.0.0.1", "10.0.0.1/8", "::1"]),
    ("integer[]", ["{}", "{1}", "{1,2}", "{NULL}"]),
    ("jsonb", ["null", '"a"', "1", "[1, 2]", '{"a": 1}']),
    ("bit varying(8)", ["0", "01", "1"]),
]


@pytest.mark.services
@pytest.mark.parametrize(("kind", "values"), KEYS, ids=[kind for kind, _ in KEYS])
def test_a_key_of_any_type_of_postgres_goes_on(postgres: Postgres, kind: str, values: list[Any]) -> None:
    postgres.run(f"create table t (k {kind} primary key, n integer)")
    with psycopg.connect(postgres.url) as connection:
        for n, value in enumerate(values):
            mark = f"%s::text::{kind}" if isinstance(value, str) else "%s"
            connection.execute(f"insert into t values ({mark}, %s)".encode(), (value, n))
    source = table(postgres.url, "t")
    assert_it_goes_on_behind_every_row(source, count=len(values))
    assert_it_goes_on_behind_every_row(source.columns("n"), count=len(values), raw_text=True)
    assert_it_goes_on_behind_every_row(source.order_by("-k"), count=len(values), raw_text=True)


@pytest.fixture(params=["en_US.UTF-8", "C", "pg_unicode_fast", "und-u-ks-level2"])
def collation(request: pytest.FixtureRequest, postgres: Postgres) -> str:
    """A collation of each provider, one of them not deterministic, where the server has it."""
    made = {
        "en_US.UTF-8": "create collation made (provider = libc, locale = 'en_US.UTF-8')",
        "und-u-ks-level2": "create collation made (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    }
    try:
        if request.param in made:
            postgres.run(made[request.param])
    except psycopg.Error as error:
        pytest.skip(f"this server has no such collation: {error}")
    return "made" if request.param in made else f'"{request.param}"'


WORDS = [
    "a",
    "A",
    "ab",
    "Ab",
    "a b",
    "b",
    "B",
    "z",
    "Z",
    "é",
    "e",
    "f",
    "É",
    "_a",
    "-a",
    "10",
    "9",
    "ß",
    "ss",
    "ж",
    "🚚",
]


@pytest.mark.services
@pytest.mark.parametrize("indexed", ["", "C"])
def test_text_is_compared_under_the_collation_that_orders_it(postgres: Postgres, collation: str, indexed: str) -> None:
    under = f' collate "{indexed}"' if indexed else ""
    postgres.run(f"create table t (k text collate {collation} not null, n integer not null)")
    postgres.run(f"create unique index i on t (k{under}, n)")
    postgres.insert("t", [(word, n) for n, word in enumerate(WORDS)])
    source = table(postgres.url, "t")
    assert source.shape().key == ("k", "n")
    assert_it_goes_on_behind_every_row(source, count=len(WORDS), raw_text=True)
    assert_it_goes_on_behind_every_row(source.order_by("-k").columns("n"), count=len(WORDS))


@pytest.mark.services
def test_a_linguistic_order_is_not_that_of_bytes(postgres: Postgres) -> None:
    try:
        postgres.run("create collation made (provider = libc, locale = 'en_US.UTF-8')")
    except psycopg.Error as error:
        pytest.skip(f"this machine cannot make the locale: {error}")
    postgres.run("create table t (k text collate made primary key)", "insert into t values ('a'), ('B'), ('c'), ('é')")
    assert [row[0] for row in rows_of(read(table(postgres.url, "t"), rows=1))] == ["a", "B", "c", "é"]


@pytest.mark.services
def test_a_query_may_promise_a_key_of_text(postgres: Postgres) -> None:
    postgres.run("create table t (k text, n integer)")
    postgres.insert("t", [(word, n) for n, word in enumerate(WORDS)])
    source = query(postgres.url, "select upper(k) || n as code, n from t", key=("code",))
    assert_it_goes_on_behind_every_row(source, count=len(WORDS))
