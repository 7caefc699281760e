"""The stores the conformance suite runs over: one line each in `STORES`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from narrowboat.kernel.store import Store
from narrowboat.stores.database import Database
from tests.postgresql import any_server
from tests.store.samples import Place

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this session's own, or the one that TEST_POSTGRESQL names."""
    with any_server() as url:
        yield url


@contextmanager
def sqlite(request: pytest.FixtureRequest) -> Iterator[Place]:
    folder: Path = request.getfixturevalue("tmp_path")
    yield Place(f"sqlite:///{folder}/runs.db")


@contextmanager
def postgresql(request: pytest.FixtureRequest) -> Iterator[Place]:
    import psycopg

    place = Place(request.getfixturevalue("postgres_url"), f"test_{next(_NUMBERS)}")
    yield place
    with psycopg.connect(place.url, autocommit=True) as conn:
        conn.execute(f"drop schema if exists {place.schema} cascade")


STORES = {"sqlite": sqlite, "postgresql": postgresql}


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.services] * (name != "sqlite")) for name in STORES])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Where a store is: an empty database of this test's own."""
    with STORES[request.param](request) as place:
        yield place


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """The same, as what is kept beside the runs uses it."""
    with closing(place.database()) as database:
        database.migrate()
        yield database


@pytest.fixture
def open_again(place: Place) -> Iterator[Callable[..., Store]]:
    """Opens the store once more, as another process would; all are closed in the end."""
    opened = []

    def again(**options: Any) -> Store:
        opened.append(place.open(**options))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[..., Store]) -> Store:
    """An empty store."""
    return open_again()
