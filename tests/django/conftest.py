"""The example shop with its data, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.django.shop import copy, fill
from tests.postgresql import own_server


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything, on SQLite; to be copied."""
    folder = tmp_path_factory.mktemp("shop")
    fill(folder)
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """One for this test."""
    return copy(filled, tmp_path)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL with everything in it."""
    with own_server() as server:
        fill(tmp_path_factory.mktemp("shop"), DATABASE_URL=server.get_uri())
        yield server.get_uri()
