"""The store that the tests of the kernel run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat.kernel.store import Store
from narrowboat.stores import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path}/runs.db")) as store:
        store.migrate()
        yield store
