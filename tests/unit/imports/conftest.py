"""The databases that imports write to: those of the tests of targets."""

from __future__ import annotations

import pytest

from tests.unit.targets.conftest import place, postgres, server, sqlite
from tests.unit.targets.places import CUSTOMERS, Place

__all__ = ["place", "postgres", "server", "shop", "sqlite"]


@pytest.fixture
def shop(place: Place) -> Place:
    """With a table of customers."""
    place.run(CUSTOMERS)
    return place
