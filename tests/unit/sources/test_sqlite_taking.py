"""Rows that a function takes as SQLite makes them: the same ones in the same order, whatever SQLite does on its way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowboat.data.source import Position, Row
from narrowboat.data.sources import query, table
from narrowboat.data.sources.declared import fingerprint
from narrowboat.data.sources.query import Query
from narrowboat.data.sources.reading import reading
from narrowboat.data.sources.sqlite_taking import NAME, Sweeping, Taking, gave_up, sorts
from tests.unit.sources.places import Sqlite, read_rows

MANY = 1_234


def filled(sqlite: Sqlite) -> Sqlite:
    """A table whose column `n` goes up and down."""
    sqlite.run("create table t (id integer primary key, n integer not null, name text)")
    sqlite.insert("t", [(number, number * 7919 % 997, f"Ama {number}") for number in range(MANY)])
    return sqlite


CELL = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.binary(max_size=5),
)
COLUMNS = (
    "id integer primary key, a, b text, c varchar(9) not null default '', d integer, e numeric, f real, g blob, h date"
)


@given(rows=st.lists(st.tuples(*[CELL] * 8), max_size=7), at_once=st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_any_row_comes_as_sqlite_holds_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], at_once: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "t.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create table t ({COLUMNS})")
        connection.executemany("insert or ignore into t (a, b, c, d, e, f, g, h) values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
        held = connection.execute("select * from t order by id").fetchall()
    url = f"sqlite:///{path}"
    assert read_rows(table(url, "t"), rows=at_once) == held
    raw = read_rows(table(url, "t"), rows=at_once, raw_text=True)
    assert [tuple(map(as_text, row)) for row in raw] == [tuple(map(as_text, row)) for row in held]


def as_text(cell: object) -> object:
    """Where text may come as its bytes, that is all that may be different."""
    return cell.encode() if isinstance(cell, str) else cell


def test_text_that_may_come_as_bytes_does_where_the_column_holds_nothing_else(sqlite: Sqlite) -> None:
    sqlite.run("create table t (id integer primary key, a text, b varchar(9), c clob, d charint, e json, f)")
    sqlite.insert("t", [(1, "", "b", "ç", "d", "{}", "f")])
    assert read_rows(table(sqlite.url, "t"), raw_text=True) == [(1, b"", b"b", "ç".encode(), "d", "{}", "f")]


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_a_database_in_another_encoding_gives_the_same_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "wide.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"pragma encoding = '{encoding}'")
        connection.execute("create table t (id integer primary key, name text)")
        connection.execute("insert into t values (1, 'Kofi Ünal 😀')")
        connection.commit()
    rows = read_rows(table(f"sqlite:///{path}", "t"), raw_text=True)
    assert [(number, as_text(name)) for number, name in rows] == [(1, "Kofi Ünal 😀".encode())]


def test_numbers_in_a_text_column_of_a_virtual_table_stay_numbers(sqlite: Sqlite) -> None:
    sqlite.run("create virtual table t using fts5 (name)")
    sqlite.insert("t", [(7,)])
    assert read_rows(table(sqlite.url, "t"), raw_text=True) == [(7,)]


@pytest.mark.parametrize("order", ["n", "-n", "name"])
@pytest.mark.parametrize("rows", [1, 7, 500, 5_000])
def test_rows_that_sqlite_has_to_sort_come_in_their_order(sqlite: Sqlite, order: str, rows: int) -> None:
    whole = read_rows(table(filled(sqlite).url, "t").order_by(order), rows=rows)
    direction = "desc" if order == "-n" else "asc"
    with closing(sqlite3.connect(sqlite.path)) as connection:
        sql = f"select * from t order by {order.lstrip('-')} {direction}, id"
        assert whole == connection.execute(sql).fetchall()


def test_two_rows_are_enough_to_see_that_they_are_sorted(sqlite: Sqlite) -> None:
    sqlite.run("create table t (id integer primary key, n integer)")
    sqlite.insert("t", [(1, 2), (2, 1)])
    assert read_rows(table(sqlite.url, "t").order_by("n")) == [(2, 1), (1, 2)]


def test_rows_sorted_within_an_index_come_in_their_order(sqlite: Sqlite) -> None:
    """SQLite reads the index and sorts the rows of each of its values: the first value has one row."""
    filled(sqlite).run(
        "update t set n = n / 100 + 1 where n > 0", "update t set n = -1 where id = 5", "create index i on t (n)"
    )
    wanted = query(sqlite.url, "select n, name, id from t order by n, name", key=())
    whole = read_rows(wanted, rows=10)
    assert whole == sorted(whole, key=lambda row: row[:2])
    assert len(whole) == MANY


def test_rows_merged_out_of_two_tables_come_in_their_order(sqlite: Sqlite) -> None:
    filled(sqlite).run("create table u as select id + 0.5 as id, n, name from t")
    whole = read_rows(query(sqlite.url, "select id, n from t union all select id, n from u", key=("id",)), rows=100)
    assert [row[0] for row in whole] == sorted(row[0] for row in whole)
    assert len(whole) == 2 * MANY


@pytest.mark.parametrize(
    "sql",
    [
        "select distinct n from t",
        "select n, count(*) from t group by n having count(*) > 1",
        "select a.id, b.name from t as a join t as b on b.id = a.n",
        "select id from t where n > (select avg(n) from t) limit 50 offset 20",
        "with recursive c (i) as (select 1 union all select i + 1 from c where i < 700) select i from c",
        "select n, row_number() over (order by n, id) from t",
        "select 1, 2, 3 from t",
        "select id, (select max(n) from t as u where u.id < t.id) from t where id < 50",
    ],
)
def test_a_statement_gives_what_it_gives_to_others(sqlite: Sqlite, sql: str) -> None:
    with closing(sqlite3.connect(filled(sqlite).path)) as connection:
        expected = connection.execute(sql).fetchall()
    assert read_rows(query(sqlite.url, sql), rows=100) == expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("from t order by id", False),
        ("from t where n > 3 order by id desc limit 5", False),
        ("from t order by n", True),
        ("from (select n as id, count(*) from t group by n) order by id", True),
        ("from (select n as id, count(*) as times from t group by n order by times)", False),
        ("from (select id from t union all select id + 0.5 from t) order by id", True),
    ],
)
def test_what_is_to_be_sorted_is_known_before_it_is_begun(sqlite: Sqlite, rest: str, expected: bool) -> None:
    with closing(sqlite3.connect(filled(sqlite).path)) as connection:
        assert sorts(connection, f"select id {rest}", ()) is expected


def test_filters_and_a_page_take_no_row_too_many(sqlite: Sqlite) -> None:
    page = table(filled(sqlite).url, "t").where("n", "<", 500).page(3, 40)
    found = read_rows(page, rows=7)
    with closing(sqlite3.connect(sqlite.path)) as connection:
        sql = "select * from t where n < 500 order by id limit 40 offset 80"
        assert found == connection.execute(sql).fetchall()


@pytest.mark.parametrize("columns", [1, 100, 127, 128, 500])
def test_a_table_of_many_columns(sqlite: Sqlite, columns: int) -> None:
    """A function of SQLite takes 127 cells, or fewer, as it was built."""
    sqlite.run(f"create table t ({', '.join(f'c{number} text' for number in range(columns))})")
    row = tuple(f"x{number}" for number in range(columns))
    sqlite.insert("t", [row] * 3)
    assert read_rows(table(sqlite.url, "t"), rows=2) == [row] * 3


def test_what_gave_up_in_the_middle_keeps_no_writer_waiting(sqlite: Sqlite) -> None:
    filled(sqlite).run("update t set name = cast(x'41ff42' as text) where id = 40")
    with closing(sqlite3.connect(sqlite.path, timeout=0)) as writer:
        writer.execute("pragma journal_mode = delete")  # where a reader keeps writers out
        reader = table(sqlite.url, "t").open(after=None, rows=30, raw_text=False)
        blocks = reader.blocks()
        assert [len(next(blocks).rows), next(blocks).rows[10][2]] == [30, b"A\xffB"]
        reader.close()
        writer.execute("insert into t values (-1, 0, '')")
        writer.commit()


def test_no_more_rows_are_kept_than_were_asked_for_and_one(sqlite: Sqlite) -> None:
    with closing(sqlite3.connect(filled(sqlite).path)) as connection:
        taking = Taking(connection, ("id",), " from t", ())
        made: list[int] = []
        connection.create_function("seen", 1, made.append)
        assert len(taking.fetchmany(10)) == 10
        taking.close()
        with pytest.raises(sqlite3.OperationalError) as early:
            Taking(connection, ("seen(id)", "id"), " from t order by n", ())
        assert gave_up(early.value)
        assert len(made) == 2


def test_of_a_whole_table_no_more_rows_are_kept_than_were_asked_for(sqlite: Sqlite) -> None:
    with closing(sqlite3.connect(filled(sqlite).path)) as connection:
        made: list[int] = []
        connection.create_function("seen", 1, made.append)
        sweeping = Sweeping(connection, ("seen(id)", "id"), " from t", " order by id")
        assert len(made) == 1
        assert [row[1] for row in sweeping.fetchmany(10)] == list(range(10))
        assert len(made) == 10
        assert [len(sweeping.fetchmany(1_000)) for _ in range(3)] == [1_000, MANY - 1_010, 0]
        sweeping.close()
        made.clear()
        with pytest.raises(sqlite3.OperationalError) as early:
            Sweeping(connection, ("seen(id)", "id"), " from t", " order by n")
        assert gave_up(early.value)
        assert len(made) == 2


def test_only_all_rows_of_a_table_are_taken_without_asking_for_each(sqlite: Sqlite) -> None:
    filled(sqlite).run("create view v as select * from t where id > 3", "create virtual table f using fts5 (name)")
    whole = table(sqlite.url, "t")
    position = [3, ["id"], [2], fingerprint(whole.shape().columns)]
    assert [is_swept(one) for one in (whole, whole.columns("name"), whole.order_by("n"))] == [True] * 3
    assert not is_swept(whole, position)
    for one in (
        whole.where("id", ">", 3), whole.limit(5), whole.page(2, 5), table(sqlite.url, "v"), table(sqlite.url, "f"),
        query(sqlite.url, "select * from t"),
    ):  # fmt: skip
        assert not is_swept(one)


def is_swept(wanted: Query, after: Position | None = None) -> bool:
    with closing(wanted.database.connect()) as session:
        return reading(session.relation(wanted.wanted), wanted.choice, after, False).statement.every


def test_an_error_of_the_statement_is_no_reason_to_try_again(sqlite: Sqlite) -> None:
    with closing(sqlite3.connect(filled(sqlite).path)) as connection:
        value = "abs(case when id > 5 then -9223372036854775808 else id end)"
        with pytest.raises(sqlite3.OperationalError, match="integer overflow") as failed:
            Taking(connection, (value,), " from t", ()).fetchmany(10)
        assert not gave_up(failed.value)


def test_the_name_is_no_function_of_sqlite() -> None:
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.OperationalError, match=NAME):
        connection.execute(f"select {NAME}(1)")
