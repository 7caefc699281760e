"""Paths: requests by the path they took, added up by all processes."""

from __future__ import annotations

from contextlib import closing

from narrowboat.kernel.rollout import PathFigures
from narrowboat.kernel.store import Store
from narrowboat.stores.paths import SqlPaths
from tests.store.samples import Place


def test_figures_add_up_by_job_and_path(place: Place, store: Store) -> None:
    with closing(place.database()) as database:
        paths = SqlPaths(database)
        assert paths.totals() == []
        for figures in (
            PathFigures("sales", "old", 2, 1, 1.5),
            PathFigures("sales", "new", 1, 0, 0.25),
            PathFigures("sales", "old", 3, 0, 0.5),
        ):
            paths.add(figures)
        assert paths.totals() == [PathFigures("sales", "new", 1, 0, 0.25), PathFigures("sales", "old", 5, 1, 2.0)]
