"""Writers that meet: two imports at once, deadlocks, an application in between, a connection that goes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import psycopg
import pytest

from narrowboat.data.target import Mode
from narrowboat.data.targets import table
from narrowboat.errors import LeaseLost, TargetUnavailable
from tests.unit.targets.places import Place, Postgres, Sqlite, customer, load, loading, nothing, told, wish


def together(*works: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


@pytest.mark.parametrize("attempt", range(3))
def test_two_imports_of_the_same_rows_at_once_create_each_row_once(shop: Place, attempt: int) -> None:
    rows = [customer(n) for n in range(2, 302)]
    found: list[dict[int, str]] = []
    barrier = threading.Barrier(2)

    def one() -> None:
        with loading(shop, wish()) as opened:
            since = opened.mark()
        with loading(shop, wish(since=since)) as opened:
            barrier.wait()
            for start in range(0, 300, 50):
                outcomes = opened.write(rows[start : start + 50], nothing)
                opened.commit()
                found.append({r.row: told(o) for r, o in zip(rows[start : start + 50], outcomes, strict=True)})

    together(one, one)
    what = Counter(code for outcomes in found for code in outcomes.values())
    assert what == {"created": 300, "written-meanwhile": 300}
    assert shop.rows("select count(*), count(distinct phone) from customers") == [(300, 300)]


@pytest.mark.services
@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_deadlock_with_another_writer_is_tried_again(shop: Place) -> None:
    """The other one takes the records in the opposite order, and waits until we wait for it."""
    shop.run("insert into customers (phone, name) values ('a', 'A'), ('b', 'B')")
    rows = [customer(2, phone="a"), customer(3, phone="b")]
    holds = threading.Event()

    def application() -> None:
        with psycopg.connect(shop.url) as other:
            other.execute("set deadlock_timeout = '60s'")
            other.execute("update customers set credit = 1 where phone = 'b'")
            holds.set()
            while shop.rows("select count(*) from pg_locks where not granted") == [(0,)]:
                time.sleep(0.01)
            other.execute("update customers set credit = 1 where phone = 'a'")

    def ours() -> None:
        holds.wait()
        wanted = wish(Mode.UPDATE, unique=(("phone",),))
        assert load(shop, wanted, rows) == {2: "updated", 3: "updated"}

    together(application, ours)
    assert shop.rows("select mark, credit from customers order by phone") == [("M2", 5), ("M3", 5)]


@pytest.mark.services
def test_a_connection_that_goes_is_a_passing_fault(postgres: Postgres) -> None:
    postgres.run("create table customers (phone text unique, mark text unique, name text, credit int)")
    with loading(postgres, wish()) as opened:
        opened.write([customer(2)], nothing)
        with psycopg.connect(postgres.url, autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                "and application_name = 'narrowboat'"
            )
        with pytest.raises(TargetUnavailable, match="cannot be written to now"):
            opened.write([customer(3)], nothing)
        opened.rollback()
    assert postgres.rows("select count(*) from customers") == [(0,)]


def test_a_database_that_is_not_there_is_told_without_its_password() -> None:
    target = table("postgresql://me:secret@127.0.0.1:1/shop", "customers")
    with pytest.raises(TargetUnavailable) as caught:
        target.open(wish())
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(target)


def test_another_writer_that_never_ends_is_a_passing_fault(sqlite: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrowboat.data.targets.sqlite._WAIT", 0.1)
    sqlite.run("create table customers (phone text, mark text, name text, credit)")
    with sqlite.connect() as other, loading(sqlite, wish()) as opened:
        other.execute("begin immediate")
        with pytest.raises(TargetUnavailable, match="locked"):
            opened.write([customer(2)], nothing)


def test_a_receipt_is_committed_with_the_rows_and_found_by_who_takes_over(shop: Place) -> None:
    with loading(shop, wish()) as opened:
        assert opened.take_over() is None
        opened.write([customer(2)], nothing)
        opened.note(7, '{"cursor": 7}')
        opened.commit()
        opened.write([customer(3)], nothing)
        opened.note(8, "never committed")
    with loading(shop, wish()._replace(fence=2)) as opened:
        assert opened.take_over() == (7, '{"cursor": 7}')
    assert shop.rows("select name from customers") == [("Ama 2",)]


def test_an_older_fence_commits_nothing_any_more(shop: Place) -> None:
    def newer() -> None:
        with loading(shop, wish()._replace(fence=2)) as opened:
            opened.take_over()

    with loading(shop, wish()) as sleeper:
        sleeper.take_over()
        together(newer)
        sleeper.write([customer(2)], nothing)
        with pytest.raises(LeaseLost):
            sleeper.note(1, "too late")
        sleeper.commit()
        with pytest.raises(LeaseLost):
            sleeper.take_over()
    assert shop.rows("select count(*) from customers") == [(0,)]
