"""The databases that imports write to: those of the tests of targets."""

from __future__ import annotations

from tests.unit.targets.conftest import place, postgres, server, shop, sqlite

__all__ = ["place", "postgres", "server", "shop", "sqlite"]
