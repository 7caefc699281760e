"""Restoring: a run's records as they were before it, each one only if nobody changed it since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from narrowboat.data.target import Image, Outcome, What, Wish
from narrowboat.data.targets import images, words
from narrowboat.data.targets.engine import Catalogue, Engine, Refusal, listed
from narrowboat.data.targets.receipts import Attempt


class TableRestoring(Attempt):
    """Implements `data.target.Restoring`."""

    def __init__(self, engine: Engine, table: Catalogue, wish: Wish, undone: str) -> None:
        super().__init__(engine, wish.run, wish.fence)
        self._table, self._undone = table, undone
        self._where = " and ".join(f"{listed([name])} = ?" for name in table.primary)
        images.make_images(engine)

    def count(self) -> int:
        """See `data.target.Restoring`."""
        return images.count(self._engine, self._undone)

    def images(self, before: int | None, limit: int) -> Sequence[Image]:
        """See `data.target.Restoring`."""
        return images.next_images(self._engine, self._undone, before, limit)

    def restore(self, made: Sequence[Image]) -> Sequence[Outcome]:
        """See `data.target.Restoring`."""
        self._begin()
        outcomes = [self._one(image) for image in made]
        done = [image.row for image, one in zip(made, outcomes, strict=True) if one.what is not What.REJECTED]
        images.drop(self._engine, self._undone, done)
        return outcomes

    def _one(self, image: Image) -> Outcome:
        shown = words.shown_record(self._table.primary, image.record)
        self._engine.execute("savepoint narrowboat")
        try:
            outcome = self._back(image, shown)
            self._engine.settle()
        except Refusal as refusal:
            self._engine.execute("rollback to savepoint narrowboat")
            told = words.referred_to(shown) if refusal.problem.code == words.NO_PARENT else refusal.problem
            outcome = Outcome(What.REJECTED, image.record, told)
        self._engine.execute("release savepoint narrowboat")
        return outcome

    def _back(self, image: Image, shown: str) -> Outcome:
        record = json.loads(image.record)
        now = self._engine.execute(
            f"select {self._engine.image(self._table, 't')} from {self._table.sql} as t "  # noqa: S608  all quoted
            f"where {self._where}{self._engine.locking}",
            record,
        )
        if not now:
            return Outcome(What.REJECTED, image.record, words.gone(shown))
        if now[0][0] != image.after:
            return Outcome(What.REJECTED, image.record, words.changed_since(shown))
        if image.before is None:
            self._remove(record)
            return Outcome(What.CREATED, image.record)
        self._put_back(record, image.before)
        return Outcome(What.UPDATED, image.record)

    def _remove(self, record: Sequence[Any]) -> None:
        """Raises Refusal."""
        self._engine.remove(self._table, record)

    def _put_back(self, record: Sequence[Any], before: str) -> None:
        """Raises Refusal."""
        self._engine.put_back(self._table, record, before)
