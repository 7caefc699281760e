"""MariaDB: types, keys, collations, one snapshot, stopping, and what is said where it cannot be read."""

from __future__ import annotations

import itertools
import sys
import time as clock
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Count, Source
from narrowboat.data.sources import query, table
from narrowboat.errors import BadParameter, MissingExtra, SourceFailed, SourceUnavailable
from tests.unit.sources.places import Mysql, example, read, read_rows, rows_of
from tests.unit.sources.reading import Reading

pytestmark = pytest.mark.services

NUMBERS = itertools.count()

CELLS: list[tuple[str, Any, Any, Column]] = [
    ("tinyint(1)", 1, 1, Column("x", Type.BOOLEAN)),
    ("boolean", 0, 0, Column("x", Type.BOOLEAN)),
    ("tinyint", -7, -7, Column("x", Type.INTEGER)),
    ("bigint unsigned", 2**64 - 1, 2**64 - 1, Column("x", Type.INTEGER)),
    ("bigint", -(2**63), -(2**63), Column("x", Type.INTEGER)),
    ("year", 2024, 2024, Column("x", Type.INTEGER)),
    ("bit(1)", 1, 1, Column("x", Type.BOOLEAN)),
    ("bit(64)", 2**64 - 1, 2**64 - 1, Column("x", Type.INTEGER)),
    ("decimal(12,3)", "12.5", Decimal("12.500"), Column("x", Type.DECIMAL, scale=3)),
    ("decimal(65,30)", "-0.1", Decimal("-0.1" + "0" * 29), Column("x", Type.DECIMAL, scale=30)),
    ("float", 0.1, 0.1, Column("x", Type.FLOAT)),
    ("double", 0.30000000000000004, 0.30000000000000004, Column("x", Type.FLOAT)),
    ("date", "2024-02-29", date(2024, 2, 29), Column("x", Type.DATE)),
    ("date", "0000-00-00", "0000-00-00", Column("x", Type.DATE)),
    ("datetime", "2024-02-29 12:00:00", datetime(2024, 2, 29, 12), Column("x", Type.DATETIME)),
    ("datetime(6)", "2024-02-29 12:00:00.000001", datetime(2024, 2, 29, 12, 0, 0, 1), Column("x", Type.DATETIME)),
    ("datetime", "0000-00-00 00:00:00", "0000-00-00 00:00:00", Column("x", Type.DATETIME)),
    ("timestamp null", "2024-02-29 12:00:00", datetime(2024, 2, 29, 12, tzinfo=UTC), Column("x", Type.DATETIME)),
    ("time(6)", "23:59:59.000001", time(23, 59, 59, 1), Column("x", Type.TIME)),
    ("time", "838:59:59", "838:59:59", Column("x", Type.TIME)),
    ("time", "-01:00:00", "-01:00:00", Column("x", Type.TIME)),
    ("text", "Zoë 🚚", "Zoë 🚚", Column("x", Type.TEXT)),
    ("varchar(20) character set latin1", "Zoë", "Zoë", Column("x", Type.TEXT)),
    ("char(4)", "ab", "ab", Column("x", Type.TEXT)),
    ("json", '{"a":  1}', '{"a":  1}', Column("x", Type.TEXT)),
    ("enum('new', 'so so')", "so so", "so so", Column("x", Type.TEXT)),
    ("set('a', 'b')", "a,b", "a,b", Column("x", Type.TEXT)),
    ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", Column("x", Type.TEXT)),
    ("varbinary(9)", b"\x00\xff", b"\x00\xff", Column("x", Type.BINARY)),
    ("blob", b"\xff", b"\xff", Column("x", Type.BINARY)),
]


@pytest.mark.parametrize(("kind", "value", "cell", "declared"), CELLS, ids=[f"{kind} {v}" for kind, v, *_ in CELLS])
def test_mysql_delivers_what_a_type_means(mysql: Mysql, kind: str, value: Any, cell: Any, declared: Column) -> None:
    with mysql.open() as cursor:
        cursor.execute("set sql_mode = '', time_zone = '+00:00'")
        cursor.execute(f"create table t (id integer primary key, x {kind})")
        cursor.execute("insert into t values (1, %s), (2, null)", [value])
    source = table(mysql.url, "t").columns("x")
    assert source.shape().columns == (declared,)
    assert read_rows(source) == [(cell,), (None,)]
    assert type(read_rows(source)[0][0]) is type(cell)
    raw = cell.encode() if isinstance(cell, str) else cell
    assert read_rows(source, raw_text=True) == [(raw,), (None,)]
    assert query(mysql.url, "select x from t").shape().columns == (declared,)


def test_a_shape_is_told_as_text(mysql: Mysql) -> None:
    mysql.run("create table t (id integer primary key, x point)", "insert into t values (1, point(1, 2))")
    assert read_rows(table(mysql.url, "t")) == [(1, "POINT(1 2)")]


def test_moments_do_not_depend_on_the_servers_zone(mysql: Mysql) -> None:
    mysql.run("create table t (id integer primary key, at timestamp)")
    with mysql.open() as cursor:
        cursor.execute("set time_zone = '+05:30'")
        cursor.execute("insert into t values (1, '2024-02-29 17:30:00')")
    at = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert read_rows(table(mysql.url, "t")) == [(1, at)]
    zoned = datetime.fromisoformat("2024-02-29T14:00:00+02:00")
    assert read_rows(table(mysql.url, "t").where(at=zoned)) == [(1, at)]


KEYS = [
    ("create table t (a integer primary key, b integer)", ("a",)),
    ("create table t (a integer not null, b integer not null, primary key (b, a))", ("b", "a")),
    ("create table t (a integer not null unique, b integer primary key)", ("b",)),
    ("create table t (a integer not null, b integer not null, c integer not null unique, unique (a, b))", ("c",)),
    ("create table t (a integer, b integer)", ()),
    ("create table t (a integer unique, b integer)", ()),
    ("create table t (a integer not null, b integer, unique (a, b))", ()),
    ("create table t (a varchar(50) not null, b integer, unique (a(10)))", ()),
    ("create table t (a integer not null, b integer, key (a))", ()),
    ("create table t (a integer not null unique) engine = memory", ()),
    ("create table u (a integer primary key); create view t as select a, 1 as b from u", ()),
]


@pytest.mark.parametrize(("ddl", "key"), KEYS, ids=[ddl for ddl, _ in KEYS])
def test_a_key_is_unique_and_not_null_in_the_catalogue(mysql: Mysql, ddl: str, key: tuple[str, ...]) -> None:
    mysql.run(*ddl.split(";"))
    shape = table(mysql.url, "t").shape()
    assert shape.key == key
    assert bool(shape.no_key_because) is not bool(key)


def assert_it_goes_on_behind_every_row(source: Source, count: int) -> None:
    blocks = read(source, rows=1)
    assert len(blocks) == count
    for number, block in enumerate(blocks, start=1):
        assert read(source, block.position, rows=1) == blocks[number:]


@pytest.mark.parametrize(
    "kind",
    [
        "varchar(9) collate utf8mb4_general_ci",
        "varchar(9) collate utf8mb4_bin",
        "varchar(9) collate utf8mb4_german2_ci",
        "varchar(9) collate utf8mb4_nopad_bin",
        "varchar(9) character set latin1 collate latin1_german1_ci",
    ],
)
def test_text_goes_on_under_the_collation_of_its_column(mysql: Mysql, kind: str) -> None:
    mysql.run(f"create table t (k {kind} not null unique, n integer)")
    with mysql.open() as cursor:
        names = ["", "a", "A", "b", "é", "É", "ß", "ss", "a ", "Z", "ä", "ae", "%", "'", "\\", "\\%"]
        cursor.executemany("insert ignore into t values (%s, 1)", [[name] for name in names])
        cursor.execute("select count(*) from t")
        ((count,),) = cursor.fetchall()
    assert table(mysql.url, "t").shape().key == ("k",)
    assert_it_goes_on_behind_every_row(table(mysql.url, "t"), count)


def test_an_enumeration_goes_on_in_the_order_of_its_numbers(mysql: Mysql) -> None:
    mysql.run("create table t (s enum('new', 'a', 'done') not null, f float not null, n integer, primary key (s, f))")
    mysql.insert("t", [(s, f, None) for s in ("new", "a", "done") for f in (0.1, 0.7, 1e10 / 3)])
    source = table(mysql.url, "t")
    assert [row[0] for row in read_rows(source)] == ["new"] * 3 + ["a"] * 3 + ["done"] * 3
    assert_it_goes_on_behind_every_row(source, 9)
    assert_it_goes_on_behind_every_row(source.columns("n"), 9)
    assert_it_goes_on_behind_every_row(source.order_by("-s"), 9)
    assert read_rows(source.where(s="a").columns("s")) == [("a",)] * 3


value = st.one_of(
    st.sampled_from(
        [
            ("bigint", st.integers(-(2**63), 2**63 - 1)),
            ("bigint unsigned", st.integers(0, 2**64 - 1)),
            ("double", st.floats(allow_nan=False, allow_infinity=False)),
            ("decimal(20,5)", st.decimals(-(10**12), 10**12, places=5)),
            ("varchar(9)", st.text(st.characters(codec="utf-8"), max_size=4)),
            ("varbinary(9)", st.binary(max_size=4)),
            ("date", st.dates(date(1000, 1, 1))),
            ("datetime(6)", st.datetimes(datetime(1000, 1, 1))),
            ("time(6)", st.times()),
            ("boolean", st.booleans()),
        ]
    )
)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_of_mysql_goes_on_from_anywhere(mysql: Mysql, data: st.DataObject) -> None:
    columns = data.draw(st.lists(value, min_size=1, max_size=2))
    wild_kind, wild = data.draw(value)
    name = f"t{next(NUMBERS)}"
    names = [f"k{number}" for number in range(len(columns))]
    declared = ", ".join(f"{key} {kind} not null" for key, (kind, _) in zip(names, columns, strict=True))
    with mysql.open() as cursor:
        cursor.execute(f"create table {name} ({declared}, wild {wild_kind}, n integer, unique ({', '.join(names)}))")
        for number in range(data.draw(st.integers(0, 12))):
            cells = [*(data.draw(values) for _, values in columns), data.draw(st.none() | wild), number]
            cursor.execute(f"insert ignore into {name} values ({', '.join(['%s'] * len(cells))})", cells)
        cursor.execute(f"select count(*) from {name}")
        ((count,),) = cursor.fetchall()
    order = data.draw(st.sampled_from([(), ("wild",), ("-wild",), ("-k0",)]))
    source = table(mysql.url, name).order_by(*order)
    assert_it_goes_on_behind_every_row(source.columns("n"), count)


def test_conditions_are_bound(mysql: Mysql) -> None:
    mysql.run("create table t (id integer primary key, name varchar(50))")
    names = ["a", "100%", "' or 1 = 1 -- ", '"', "\\' or 1 = 1 -- ", "%s", "{x}", "new\nline", "NUL\0"]
    mysql.insert("t", list(enumerate(names)))
    for number, name in enumerate(names):
        assert read_rows(table(mysql.url, "t").where(name=name)) == [(number, name)]
        found = query(mysql.url, "select id from t where name = :name and '%' = '%'", {"name": name})
        assert read_rows(found) == [(number,)]
    with pytest.raises(BadParameter, match="compare with a dict"):
        read(table(mysql.url, "t").where("name", "=", {"a": 1}))


@pytest.mark.parametrize("name", ["t`; drop table t", "t' or '1'='1", "", "%", "mysql.nothing", "t\0"])
def test_the_name_of_a_table_is_never_a_statement(mysql: Mysql, name: str) -> None:
    mysql.run("create table t (id integer primary key)", "create table `odd ``name` (id integer primary key)")
    with pytest.raises(SourceFailed, match="no table"):
        table(mysql.url, name).shape()
    assert table(mysql.url, "odd `name").shape().key == ("id",)
    assert table(mysql.url, f"{mysql.schema}.t").shape().key == ("id",)


def test_pages_and_counts(mysql: Mysql) -> None:
    mysql.run("create table t (id integer primary key)")
    mysql.insert("t", [(number,) for number in range(10)])
    assert table(mysql.url, "t").where("id", ">", 2).count() == Count(7, estimated=False)
    assert read_rows(table(mysql.url, "t").page(2, 4)) == [(4,), (5,), (6,), (7,)]
    assert table(mysql.url, "t").page(3, 4).count() == Count(2, estimated=False)


def test_a_count_that_takes_too_long_is_the_planners(mysql: Mysql) -> None:
    mysql.run("create view slow as select seq as n from seq_1_to_500 where sleep(0.01) = 0")
    count = table(mysql.url, "slow").count()
    assert count is not None
    assert count.estimated
    assert count.rows <= 500


def test_a_reading_sees_one_snapshot_whatever_changes_meanwhile(mysql: Mysql) -> None:
    mysql.run("create table t (id integer primary key, v varchar(5))")
    mysql.insert("t", [(number, "old") for number in range(10)])
    reader = table(mysql.url, "t").open(after=None, rows=2, raw_text=False)
    mysql.run("update t set v = 'new'", "delete from t where id = 7", "insert into t values (99, 'new')")
    assert rows_of(list(reader.blocks())) == [(number, "old") for number in range(10)]
    reader.close()


def test_nothing_can_be_written(mysql: Mysql) -> None:
    mysql.run("create table t (id integer primary key)")
    mysql.run("create function f() returns int begin insert into t values (1); return 1; end")
    with pytest.raises(SourceFailed, match="READ ONLY"):
        read(query(mysql.url, "select f() as x"))


@pytest.mark.parametrize(("verb", "error"), [("kill", SourceUnavailable), ("kill query", SourceFailed)])
def test_a_lost_connection_is_worth_another_attempt_and_an_administrators_kill_is_not(
    mysql: Mysql, verb: str, error: type[Exception]
) -> None:
    reading = Reading(query(mysql.url, mysql.slow))
    with mysql.open() as cursor:
        find = (
            "select id from information_schema.processlist "
            "where db = %s and info like 'select%%as b%%' and id <> connection_id()"
        )
        while not cursor.execute(find, [mysql.schema]):
            clock.sleep(0.01)
        cursor.execute(f"{verb} {cursor.fetchall()[0][0]}")
    reading.join(timeout=20)
    assert isinstance(reading.error, error)


@pytest.mark.filterwarnings(  # the driver forgets its socket where there is nobody to connect to
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (("root@", "nobody:s3cr%2Fet@"), SourceFailed, "Access denied"),
        (("unix_socket=/", "unix_socket=/s3cr%2Fet/"), SourceUnavailable, "connect"),
        (("unix_socket=", "nonsense=s3cr/et&x="), SourceFailed, "no option"),
        (("root@localhost", "root:s3cr%2Fet@localhost:port"), SourceFailed, "cannot be read as a URL"),
        (("root@localhost", "root:s3cr#s3cr/et@localhost"), SourceFailed, "cannot be read as a URL"),
        (("root@localhost", "root:s3cr%2Fet@127.0.0.1:1"), None, ""),
        (("/test_", "/nowhere_"), SourceFailed, "nowhere"),
    ],
)
def test_what_cannot_be_reached_is_named_without_its_password(
    mysql: Mysql, change: tuple[str, str], error: type[Exception] | None, said: str
) -> None:
    url = mysql.url.replace(*change)
    if error is None:
        url, error, said = url.partition("?")[0], SourceUnavailable, "connect"
    with pytest.raises(error, match=said) as caught:
        table(url, "t").shape()
    assert "root:s3cr" not in str(caught.value)
    assert ":s3cr" not in str(caught.value)
    assert "'s3cr" not in str(caught.value)


def test_an_unknown_table_is_named_with_those_that_look_alike(mysql: Mysql) -> None:
    mysql.run("create table driver_leads (id integer primary key)")
    with pytest.raises(SourceFailed, match=r"no table 'driver_lead'\. Tables that look alike: driver_leads"):
        table(mysql.url, "driver_lead").shape()
    with pytest.raises(SourceFailed, match="Duplicate column name"):
        query(mysql.url, "select 1 as a, 2 as a").shape()


def test_a_missing_driver_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    monkeypatch.delitem(sys.modules, "narrowboat.data.sources.mysql", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install narrowboat\[mysql\]"):
        table("mariadb://h/db", "leads").shape()


def test_the_example_of_the_page_works(mysql: Mysql) -> None:
    mysql.run("create table driver_leads (id integer primary key, city varchar(9))")
    mysql.insert("driver_leads", [(1, "Köln"), (2, "Ulm")])
    names: dict[str, Any] = {}
    exec(example("mysql.md").replace("mysql://anna:secret@db.example/crm", mysql.url), names)  # noqa: S102 - our own page
    assert read_rows(names["leads"]) == [(1, "Köln")]


def test_text_and_numbers_are_not_taken_for_each_other(mysql: Mysql) -> None:
    mysql.run("create table t (id bigint primary key, name varchar(50), ok boolean)")
    mysql.insert("t", [(0, "abc", 0), (12, "0", 1), (9007199254740993, "12x", 1)])
    for text in ("abc", "", "12x"):
        with pytest.raises(BadParameter, match="is compared with a number"):
            read(table(mysql.url, "t").where(id=text))
    assert read_rows(table(mysql.url, "t").where(id="12").columns("name")) == [("0",)]
    assert read_rows(table(mysql.url, "t").where(id="9007199254740992").columns("name")) == []
    assert read_rows(table(mysql.url, "t").where(name=0).columns("id")) == [(12,)]
    assert read_rows(table(mysql.url, "t").where(name=12).columns("id")) == []
    assert read_rows(table(mysql.url, "t").where(ok="false").columns("id")) == [(0,)]
