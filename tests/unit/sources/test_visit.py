"""A visit: shape, count and rows over one connection, and none of them disturbs the next."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from narrowboat import Narrowboat
from narrowboat.data.source import visit
from narrowboat.data.sources import query, rows, table
from narrowboat.data.sources.database import Database
from narrowboat.data.sources.relation import Session
from narrowboat.errors import SourceFailed, UnknownColumn
from narrowboat.kernel.model import State
from narrowboat.testing import run_inline
from tests.unit.sources.places import Postgres, Sqlite

Place = Sqlite | Postgres


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    """Those that are made."""
    made: list[Session] = []
    connect = Database.connect

    def noted(database: Database) -> Session:
        made.append(connect(database))
        return made[-1]

    monkeypatch.setattr(Database, "connect", noted)
    return made


def closed(session: Session) -> bool:
    try:
        session.count(query("sqlite:///none.db", "select 1").wanted)  # type: ignore[arg-type]
    except Exception:
        return True
    return False


def test_one_connection_tells_counts_and_reads(place: Place, sessions: list[Session]) -> None:
    place.run("create table t (id integer primary key, a text)", "insert into t values (1, 'x'), (2, 'y')")
    source = table(place.url, "t")
    with closing(visit(source)) as found:
        assert found.shape() == source.shape()
        counted = found.count()
        assert counted is not None
        assert counted.rows == 2
        del sessions[1:]  # that of `source.shape`
        reader = found.open(after=None, rows=10, raw_text=False)
    with closing(reader):
        assert [row for block in reader.blocks() for row in block.rows] == [(1, "x"), (2, "y")]
    assert len(sessions) == 1
    assert closed(sessions[0])


def test_a_run_connects_once_for_the_table_it_reads_first(
    place: Place, sessions: list[Session], tmp_path: Path
) -> None:
    place.run("create table t (id integer primary key, a text)", "insert into t values (1, 'x'), (2, 'y')")
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")
    nb.export("one")(lambda: table(place.url, "t"))
    nb.export("two")(lambda: {"a": table(place.url, "t"), "b": table(place.url, "t").where(id=1)})
    with closing(nb.store):
        assert run_inline(nb, nb.start("one").run.id).state is State.SUCCEEDED
        assert len(sessions) == 1
        sessions.clear()
        ended = run_inline(nb, nb.start("two").run.id)
    assert (ended.state, ended.counters.rows, ended.total, len(sessions)) == (State.SUCCEEDED, 3, 3, 4)
    assert all(map(closed, sessions))


@pytest.mark.parametrize("wrong", [lambda t: t.columns("b"), lambda t: t.rename({"b": "B"})])
def test_what_is_wrong_leaves_no_connection_open(
    place: Place, sessions: list[Session], tmp_path: Path, wrong: Callable[..., object]
) -> None:
    place.run("create table t (id integer primary key)")
    with pytest.raises(UnknownColumn):
        wrong(table(place.url, "t")).shape()  # type: ignore[attr-defined]
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")
    nb.export("wrong")(lambda: wrong(table(place.url, "t")))
    with closing(nb.store):
        assert run_inline(nb, nb.start("wrong").run.id).error_code == UnknownColumn.code
    with pytest.raises(SourceFailed):
        visit(table(place.url, "nowhere"))
    assert len(sessions) == 3
    assert all(map(closed, sessions))


def test_the_time_limit_of_a_count_does_not_hold_for_the_rows_in_sqlite(
    sqlite: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowboat.data.sources.sqlite._COUNTING", 0.0)
    sqlite.run("create table empty (id integer primary key)")
    numbers = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 300000) select i from n"
    with closing(visit(query(sqlite.url, numbers))) as found:
        assert found.count() is None, "it was given up"
        reader = found.open(after=None, rows=1000, raw_text=False)
    with closing(reader):
        assert sum(len(block.rows) for block in reader.blocks()) == 300_000


@pytest.mark.services
@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_the_time_limit_of_a_count_does_not_hold_for_the_rows_in_postgresql(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    monkeypatch.setattr("narrowboat.data.sources.postgres._COUNTING", 200)
    # What is stable and asked for by nobody is not called, so the rows take long and their count does not.
    postgres.run(
        "create function nap() returns integer stable language plpgsql as 'begin perform pg_sleep(0.3); return 1; end'"
    )
    slow = f"select n, nap() from generate_series(1, 2) as n where pg_sleep({pause}) is not null"
    with closing(visit(query(postgres.url, slow))) as found:
        counted = found.count()
        assert counted is not None
        assert counted.estimated is bool(pause)
        reader = found.open(after=None, rows=10, raw_text=False)
    with closing(reader):
        assert sum(len(block.rows) for block in reader.blocks()) == 2


def test_a_source_that_costs_no_connection_is_asked_as_it_is() -> None:
    with closing(visit(rows([{"a": 1}, {"a": 2}]))) as found:
        counted, columns = found.count(), found.shape().columns
        reader = found.open(after=None, rows=10, raw_text=False)
    assert counted is not None
    assert (counted.rows, [column.name for column in columns]) == (2, ["a"])
    assert [row for block in reader.blocks() for row in block.rows] == [(1,), (2,)]


@pytest.mark.services
def test_a_server_that_vanishes_is_noticed_while_it_is_waited_for(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's own answer would take two hours."""
    told = []
    connect = psycopg.connect
    monkeypatch.setattr(psycopg, "connect", lambda *args, **more: told.append(more) or connect(*args, **more))
    Database(postgres.url).connect().close()
    Database(f"{postgres.url}&keepalives_idle=60").connect().close()
    assert {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}.items() <= told[0].items()
    assert "keepalives_idle" not in told[1]
