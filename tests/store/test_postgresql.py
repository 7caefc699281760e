"""What only PostgreSQL can do: go away, and come back."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from narrowboat.errors import StorageFull, StoreUnavailable
from narrowboat.kernel.model import Control
from narrowboat.kernel.store import Store
from narrowboat.stores import open_store
from narrowboat.stores.postgres.database import _driver_errors
from tests.store.samples import Place, a_chunk, claimed, submitted

pytestmark = pytest.mark.services


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    place = Place(postgres_url, "test_alone")
    store = place.open()
    yield store
    store.close()
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute("drop schema test_alone cascade")


@pytest.fixture
def admin(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        yield conn


def kill_all(admin: psycopg.Connection) -> int:
    """End every connection of the store, as a restart of the server does."""
    sql = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'narrowboat'"
    return len(admin.execute(sql).fetchall())


def test_connections_that_died_at_rest_are_made_anew(store: Store, admin: psycopg.Connection) -> None:
    lease = claimed(store)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: store.get(lease.run.id), range(30)))
    assert kill_all(admin) >= 1
    assert store.get(lease.run.id) == lease.run
    kill_all(admin)
    assert store.commit(lease, a_chunk()) is Control.GO_ON
    assert store.get(lease.run.id).seq == 1


def test_a_process_with_more_than_a_thousand_open_files_reaches_its_runs(store: Store) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, before[1]))
    files: list[int] = []
    try:
        while not files or files[-1] < 1100:
            files.append(os.open(os.devnull, os.O_RDONLY))
        lease = claimed(store)
        with ThreadPoolExecutor(3) as threads:
            found = list(threads.map(lambda _: store.get(lease.run.id), range(30)))
        assert found == [lease.run] * 30
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def join_while_connections_die(store: Store, run_id: str, admin: psycopg.Connection, *, then: bool) -> None:
    """A write whose connection dies before its last statement, or before its COMMIT is answered."""
    with store._database.write() as tx:  # type: ignore[attr-defined]
        tx.change("run_join", run=run_id, unfollowed=None)
        kill_all(admin)
        if then:
            tx.change("run_join", run=run_id, unfollowed=None)


@pytest.mark.parametrize("then", [True, False])
def test_a_write_whose_connection_dies_is_an_error_and_can_be_asked_again(
    store: Store, admin: psycopg.Connection, then: bool
) -> None:
    lease = claimed(store)
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        join_while_connections_die(store, lease.run.id, admin, then=then)
    assert store.get(lease.run.id).holders == 1
    assert store.commit(lease, a_chunk()) is Control.GO_ON


def test_a_server_that_is_not_there_is_unavailable(postgres_url: str) -> None:
    store = open_store("postgresql://nobody@localhost:1/nothing")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        store.migrate()
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        store.get("x")


def test_a_row_that_stays_locked_is_unavailable(postgres_url: str) -> None:
    url = f"{postgres_url}{'&' if '?' in postgres_url else '?'}options=-c%20lock_timeout%3D100ms"
    store = Place(url, "test_locked").open()
    run_id = submitted(store)
    with psycopg.connect(postgres_url) as conn:
        conn.execute("select * from test_locked.runs for update")
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            store.claim(run_id, "w1", seconds=60.0)
        assert store.get(run_id).fence == 0
    conn.close()
    store.close()
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute("drop schema test_locked cascade")


def test_connections_are_bounded(postgres_url: str, admin: psycopg.Connection) -> None:
    store = Place(postgres_url, "test_alone").open(connections=2)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: store.figures(), range(60)))
    sql = "select count(*) from pg_stat_activity where application_name = 'narrowboat'"
    (count,) = admin.execute(sql).fetchone() or (0,)
    assert 1 <= count <= 2
    store.close()
    admin.execute("drop schema test_alone cascade")


def test_a_connection_that_never_gets_free_is_an_error(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, admin: psycopg.Connection
) -> None:
    monkeypatch.setattr("narrowboat.stores.postgres.database._WAIT_SECONDS", 0.05)
    store = Place(postgres_url, "test_alone").open(connections=1)
    with (
        store._database.read(),  # type: ignore[attr-defined]
        pytest.raises(StoreUnavailable, match=r"All 1 connections .* in use for 0.05 s"),
    ):
        store.figures()
    store.close()
    admin.execute("drop schema test_alone cascade")


def test_tables_upgraded_under_a_prepared_statement_are_read_after_one_error(
    store: Store, admin: psycopg.Connection
) -> None:
    run_id = submitted(store)
    for _ in range(10):
        store.get(run_id)
    admin.execute("alter table test_alone.runs add column extra text")
    with pytest.raises(StoreUnavailable, match="cached plan"):
        store.get(run_id)
    assert store.get(run_id).id == run_id


def test_a_full_disk_is_said_to_be_full() -> None:
    with pytest.raises(StorageFull, match="make room"), _driver_errors():
        raise psycopg.errors.DiskFull("no space left on device")


def test_a_bug_is_not_called_an_outage(store: Store) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn), _driver_errors():
        raise psycopg.errors.UndefinedColumn("x")
