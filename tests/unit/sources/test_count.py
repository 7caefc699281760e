"""Counting before reading: exact where it is quick."""

from __future__ import annotations

import pytest

from narrowboat.data.source import Count
from narrowboat.data.sources import query, table
from tests.unit.sources.places import Postgres, Sqlite

SLOW = "select n from generate_series(1, 1000) as n where pg_sleep(0.01) is not null"


def test_a_count_of_sqlite_that_takes_too_long_is_given_up(sqlite: Sqlite) -> None:
    assert query(sqlite.url, sqlite.slow).count() is None


@pytest.mark.services
def test_a_count_of_postgres_that_takes_too_long_is_the_planners(postgres: Postgres) -> None:
    count = query(postgres.url, SLOW).count()
    assert count is not None
    assert count.estimated
    assert 900 <= count.rows <= 1000


@pytest.mark.services
def test_limits_and_pages_hold_for_an_estimate(postgres: Postgres) -> None:
    assert query(postgres.url, SLOW).limit(10).count() == Count(10, estimated=True)
    assert query(postgres.url, SLOW, key=("n",)).page(30, 100).count() == Count(0, estimated=True)


@pytest.mark.services
def test_an_estimate_knows_the_conditions(postgres: Postgres) -> None:
    postgres.run(
        "create table t (id integer primary key, city text)",
        "insert into t select n, case n % 10 when 0 then 'Köln' else 'Berlin' end from generate_series(1, 20000) as n",
        "analyze t",
        "create view slow as select * from t where pg_sleep(0.001) is not null",
    )
    exact = table(postgres.url, "t").where(city="Köln").count()
    assert exact == Count(2000, estimated=False)
    estimate = table(postgres.url, "slow").where(city="Köln").count()
    assert estimate is not None
    assert estimate.estimated
    assert 1500 <= estimate.rows <= 2500
