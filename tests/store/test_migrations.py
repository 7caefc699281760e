"""Migrations: made once, by whoever comes first, and never by an older version."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from narrowboat.errors import BadConfiguration, StoreUnavailable
from narrowboat.kernel.store import Store
from narrowboat.stores import open_store
from tests.store.samples import Place, submitted


def execute(place: Place, sql: str) -> list[tuple[object, ...]]:
    """A statement on the tables as they are in the database."""
    if place.url.startswith("sqlite"):
        conn = sqlite3.connect(place.url[len("sqlite:///") :])
        sql = sql.replace("tables.", "narrowboat_")
    else:
        conn = psycopg.connect(place.url)  # type: ignore[assignment]
        sql = sql.replace("tables.", f"{place.schema}.")
    cursor = conn.execute(sql)
    rows = cursor.fetchall() if cursor.description else []
    conn.commit()
    conn.close()
    return rows


def test_migrating_again_changes_nothing(store: Store, place: Place) -> None:
    run_id = submitted(store)
    before = execute(place, "select version, name, at from tables.migrations order by version")
    store.migrate()
    assert execute(place, "select version, name, at from tables.migrations order by version") == before
    assert before[0][:2] == (13, "0013_tables")
    assert store.get(run_id).id == run_id


def test_tables_of_an_older_version_are_brought_up_to_date_with_what_they_hold(store: Store, place: Place) -> None:
    run_id = submitted(store)
    execute(place, "alter table tables.runs drop column stood_first")
    execute(place, "delete from tables.migrations where version = 14")
    store.migrate()
    assert store.get(run_id).stood_first == 0
    assert execute(place, "select version from tables.migrations order by version") == [(13,), (14,)]


def test_tables_of_a_newer_version_are_left_alone(store: Store, place: Place) -> None:
    execute(place, "insert into tables.migrations (version, name) values (9999, 'from the future')")
    with pytest.raises(BadConfiguration, match="newer Narrowboat"):
        store.migrate()


def test_without_tables_the_error_says_what_to_do(place: Place) -> None:
    store = open_store(place.url, schema=place.schema)
    with pytest.raises(StoreUnavailable, match="migrate"):
        submitted(store)
    with pytest.raises(StoreUnavailable, match="migrate"):
        store.get("x")
    store.close()


def test_many_threads_migrate_at_once(place: Place) -> None:
    stores = [open_store(place.url, schema=place.schema) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda store: store.migrate(), stores))
    submitted(stores[0])
    for store in stores:
        store.close()


def _migrate_elsewhere(place: Place) -> str:
    store = place.open()
    try:
        return submitted(store)
    finally:
        store.close()


def test_many_processes_migrate_at_once(place: Place, open_again: Callable[..., Store]) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        runs = pool.map(_migrate_elsewhere, [place] * 6, chunksize=1)
    assert set(open_again().versions(runs)) == set(runs)
