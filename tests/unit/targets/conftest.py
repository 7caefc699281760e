"""The databases that rows are imported into: an SQLite file and a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from narrowboat.data.targets.django import model
from tests.postgresql import own_server, schema
from tests.unit.targets.places import CUSTOMERS, Place, Postgres, Sqlite

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with own_server() as running:
        yield running.get_uri()


@pytest.fixture
def postgres(server: str) -> Iterator[Postgres]:
    place = Postgres(server, f"test_{next(_NUMBERS)}")
    with schema(server, place.schema):
        yield place


@pytest.fixture
def sqlite(tmp_path: Path) -> Sqlite:
    place = Sqlite(tmp_path / "shop.db")
    place.run()
    return place


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def place(request: pytest.FixtureRequest) -> Place:
    """A database of each kind."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["table", "model", "saved model"])
def shop(request: pytest.FixtureRequest, place: Place) -> Iterator[Place]:
    """With a table of customers, as a table and as a model of Django, in bulk and saved one by one."""
    place.run(CUSTOMERS)
    if request.param == "table":
        yield place
        return
    from tests.unit.sources.django_project import connected
    from tests.unit.targets.models import Customer

    with connected(place.url) as alias:
        yield replace(place, target=lambda url, name: model(Customer, signals=" " in request.param, using=alias))
