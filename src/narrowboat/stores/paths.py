"""SqlPaths: figures of the paths that requests took, in the database of the runs."""

from __future__ import annotations

from collections.abc import Sequence

from narrowboat.kernel.rollout import PathFigures
from narrowboat.stores.database import Database


class SqlPaths:
    """A `kernel.rollout.Paths` over SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, figures: PathFigures) -> None:
        with self._database.write() as tx:
            tx.change("path_add", **figures._asdict())

    def totals(self) -> Sequence[PathFigures]:
        with self._database.read() as tx:
            return [PathFigures(**row) for row in tx.rows("path_totals")]
