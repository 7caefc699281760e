"""One rig for all tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proxies.rig import CHAINS, Rig

MISSING = [name for name in ("caddy", "nginx") if not shutil.which(name)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.services)


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The application behind every chain of proxies."""
    if MISSING:
        pytest.skip(f"not installed: {', '.join(MISSING)} (scripts/system-packages.sh installs them)")
    made = Rig(tmp_path_factory.mktemp("proxies"))
    yield made
    made.close()


@pytest.fixture(params=CHAINS)
def chain(request: pytest.FixtureRequest) -> str:
    """Each chain of proxies."""
    found: str = request.param
    return found
