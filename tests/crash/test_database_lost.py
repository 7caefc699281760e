"""PostgreSQL restarted or its connections cut in the middle of a run, as the source and as the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from narrowboat.kernel.model import Run, State
from narrowboat.kernel.runner import Moment
from narrowboat.testing import run_inline
from tests.crash.conftest import Place
from tests.postgresql import Server as Postgres
from tests.postgresql import own_server
from tests.waiting import until

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this module's own, with the leads in it, that may be restarted."""
    with own_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            conn.execute("create table leads (id integer primary key, name text, since date)")
            conn.execute(
                "insert into leads select n, 'Lead ' || n, date '2026-01-01' + n % 28 from generate_series(1, 2600) n"
            )
        yield server


@pytest.fixture
def place(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("CRASH_SOURCE", postgres.get_uri())
    place = Place(tmp_path, {"CRASH_SOURCE": postgres.get_uri()})
    with closing(place.nb.store):
        yield place


def restart(postgres: Postgres) -> None:
    postgres.stop()
    postgres.start()


def cut(postgres: Postgres) -> None:
    with psycopg.connect(postgres.get_uri(), autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and "
            "datname is not null"
        )


def after(chunks: int, action: Callable[[], None]) -> Callable[[Moment], None]:
    """A watch that acts once, after so many committed chunks."""
    seen = []

    def watch(moment: Moment) -> None:
        if moment.point == "committed":
            seen.append(moment)
            if len(seen) == chunks:
                action()

    return watch


def assert_same(place: Place, run: Run, expected: bytes) -> None:
    assert (run.state, run.counters.rows, run.error) == (State.SUCCEEDED, 2600, None)
    assert place.file(run) == expected


@pytest.mark.parametrize("disturb", [restart, cut])
def test_a_source_that_goes_away_comes_back_and_no_row_is_missing_or_doubled(
    place: Place, postgres: Postgres, disturb: Callable[[Postgres], None]
) -> None:
    expected = place.file(run_inline(place.nb, place.start("xlsx").id))
    run = place.start("xlsx")
    states = []

    def watch(moment: Moment) -> None:
        if moment.point == "released" and moment.run:
            states.append((moment.run.state, moment.run.error_code))

    once = after(9, lambda: disturb(postgres))
    ended = run_inline(place.nb, run.id, watch=lambda moment: (once(moment), watch(moment)) and None)
    assert (State.QUEUED, "source-unavailable") in states, "it was noticed, and tried again"
    assert_same(place, ended, expected)


@pytest.mark.parametrize("disturb", [restart, cut])
def test_a_store_that_goes_away_comes_back_and_the_run_with_it(
    tmp_path: Path, leads: Path, undisturbed: dict[str, bytes], postgres: Postgres, disturb: Callable[[Postgres], None]
) -> None:
    (tmp_path / "crm.db").symlink_to(leads)
    place = Place(tmp_path, {"CRASH_STORE": postgres.get_uri(), "CRASH_SLOW": "0.01"})
    with closing(place.nb.store) as store:
        run = place.start("xlsx")
        process = place.worker_in_background(run)
        until(lambda: store.get(run.id).seq > 3, what="some chunks")
        disturb(postgres)
        process.wait(30)
        assert_same(place, place.see_through(run), undisturbed["xlsx"])
