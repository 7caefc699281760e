"""Stopping a statement that runs, and losing one."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, suppress

import psycopg
import pytest

from narrowboat.data.sources import query, table
from narrowboat.errors import SourceFailed, SourceUnavailable
from tests.unit.sources.places import Place, Postgres, Sqlite
from tests.unit.sources.reading import Reading


@pytest.mark.services
@pytest.mark.parametrize("verb", ["pg_terminate_backend", "pg_cancel_backend"])
def test_a_lost_connection_is_worth_another_attempt_and_an_administrators_cancel_is_not(
    postgres: Postgres, verb: str
) -> None:
    reading = Reading(query(postgres.url, postgres.slow))
    with psycopg.connect(postgres.url, autocommit=True) as other:
        find = (
            f"select {verb}(pid) from pg_stat_activity where query like '%fetch forward%' and pid <> pg_backend_pid()"
        )
        while other.execute(find.encode()).fetchone() is None:
            time.sleep(0.01)
    reading.join(timeout=20)
    assert isinstance(reading.error, SourceUnavailable if verb == "pg_terminate_backend" else SourceFailed)


@pytest.mark.services
def test_a_table_that_another_session_holds_is_not_waited_for_for_ever(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    from narrowboat.data.sources import postgres as module

    monkeypatch.setattr(module, "_BEGIN", module._BEGIN.replace(b"'10s'", b"'100ms'"))
    postgres.run("create table t (id integer primary key)")
    with psycopg.connect(postgres.url) as migration:
        migration.execute("lock table t in access exclusive mode")
        with pytest.raises(SourceUnavailable, match="lock"):
            table(postgres.url, "t").shape()


def test_a_database_that_a_writer_holds_is_worth_another_attempt(
    sqlite: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from narrowboat.data.sources import sqlite as module

    monkeypatch.setattr(module, "_WAIT", 0.05)
    sqlite.run("pragma journal_mode = delete", "create table t (id integer primary key)")
    writer = sqlite3.connect(sqlite.path, isolation_level=None)
    writer.execute("pragma journal_mode = delete")
    writer.execute("begin exclusive")
    with pytest.raises(SourceUnavailable, match="locked"):
        table(sqlite.url, "t").shape()
    writer.execute("rollback")
    writer.close()
    assert table(sqlite.url, "t").shape().resumable


def test_cancelling_and_closing_at_once_does_no_harm(place: Place) -> None:
    place.run("create table t (id integer primary key)", "insert into t values (1), (2), (3)")
    for _ in range(20):
        reader = table(place.url, "t").open(after=None, rows=1, raw_text=False)
        canceller = threading.Thread(target=reader.cancel)
        canceller.start()
        with suppress(SourceUnavailable):
            list(reader.blocks())
        reader.close()
        canceller.join()


def test_what_is_closed_in_the_middle_keeps_no_writer_waiting(sqlite: Sqlite) -> None:
    """Also while something still refers to the reading, such as the traceback of what stopped it."""
    sqlite.run("create table t (id integer primary key)")
    sqlite.insert("t", [(number,) for number in range(1, 5001)])
    with closing(sqlite3.connect(sqlite.path, timeout=0)) as writer:
        writer.execute("pragma journal_mode = delete")  # where a reader keeps writers out
        reader = table(sqlite.url, "t").open(after=None, rows=10, raw_text=False)
        blocks = reader.blocks()
        assert len(next(blocks).rows) == 10
        reader.close()
        writer.execute("insert into t values (0)")
        writer.commit()
        assert blocks is not None
