"""Restoring: a run's records as they were before it, each one only if nobody changed it since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from narrowboat.data.target import Image, Outcome, What, Wish
from narrowboat.data.targets import images, words
from narrowboat.data.targets.engine import ROW, STAGE, Catalogue, Engine, Refusal, listed, quoted
from narrowboat.data.targets.receipts import Attempt


class TableRestoring(Attempt):
    """Implements `data.target.Restoring`."""

    def __init__(self, engine: Engine, table: Catalogue, wish: Wish, undone: str) -> None:
        super().__init__(engine, wish.run, wish.fence)
        self._table, self._undone = table, undone
        self._where = " and ".join(f"{listed([name])} = ?" for name in table.primary)
        images.make_images(engine)
        engine.prepare(table, table.primary)

    def count(self) -> int:
        """See `data.target.Restoring`."""
        return images.count(self._engine, self._undone)

    def images(self, before: int | None, limit: int) -> Sequence[Image]:
        """See `data.target.Restoring`."""
        return images.next_images(self._engine, self._undone, before, limit)

    def restore(self, made: Sequence[Image]) -> Sequence[Outcome]:
        """See `data.target.Restoring`."""
        self._begin()
        outcomes = self._some(made)
        done = [image.row for image, one in zip(made, outcomes, strict=True) if one.what is not What.REJECTED]
        images.drop(self._engine, self._undone, done)
        return outcomes

    def _some(self, made: Sequence[Image]) -> list[Outcome]:
        """What becomes of each, in bulk; a record that cannot be taken back is found by halving."""
        if len(made) == 1:
            return [self._one(made[0])]
        self._engine.execute("savepoint narrowboat")
        try:
            outcomes = self._together(made)
        except Refusal:
            self._engine.execute("rollback to savepoint narrowboat")
            self._engine.execute("release savepoint narrowboat")
            middle = len(made) // 2
            return [*self._some(made[:middle]), *self._some(made[middle:])]
        self._engine.execute("release savepoint narrowboat")
        return outcomes

    def _together(self, made: Sequence[Image]) -> list[Outcome]:
        """Raises Refusal."""
        self._engine.stage([(image.row, *json.loads(image.record)) for image in made])
        found = dict(self._engine.execute(self._now))
        outcomes = [self._decided(image, found.get(image.row)) for image in made]
        created = [image.row for image, one in zip(made, outcomes, strict=True) if one.what is What.CREATED]
        if created:
            self._engine.remove_staged(self._table, created)
        changed = [image for image, one in zip(made, outcomes, strict=True) if one.what is What.UPDATED]
        self._engine.put_back(self._table, [(json.loads(one.record), one.before or "") for one in changed])
        self._engine.settle()
        return outcomes

    @property
    def _now(self) -> str:
        """The statement that gives the rows that are staged, and the image of each one's record."""
        same = " and ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in self._table.primary)
        image = self._engine.image(self._table, "t")
        return (
            f"select s.{ROW}, {image} from {STAGE} as s "  # noqa: S608  all quoted
            f"join {self._table.sql} as t on {same}{self._engine.locking}"
        )

    def _decided(self, image: Image, now: str | None) -> Outcome:
        """What is to become of a record. now: its image; None where it is gone."""
        shown = words.shown_record(self._table.primary, image.record)
        if now is None:
            return Outcome(What.REJECTED, image.record, words.gone(shown))
        if now != image.after:
            return Outcome(What.REJECTED, image.record, words.changed_since(shown))
        return Outcome(What.CREATED if image.before is None else What.UPDATED, image.record)

    def _one(self, image: Image) -> Outcome:
        shown = words.shown_record(self._table.primary, image.record)
        self._engine.execute("savepoint narrowboat")
        try:
            outcome = self._back(image)
            self._engine.settle()
        except Refusal as refusal:
            self._engine.execute("rollback to savepoint narrowboat")
            told = words.referred_to(shown) if refusal.problem.code == words.NO_PARENT else refusal.problem
            outcome = Outcome(What.REJECTED, image.record, told)
        self._engine.execute("release savepoint narrowboat")
        return outcome

    def _back(self, image: Image) -> Outcome:
        record = json.loads(image.record)
        now = self._engine.execute(
            f"select {self._engine.image(self._table, 't')} from {self._table.sql} as t "  # noqa: S608  all quoted
            f"where {self._where}{self._engine.locking}",
            record,
        )
        outcome = self._decided(image, now[0][0] if now else None)
        if outcome.what is What.CREATED:
            self._remove(record)
        elif image.before is not None and outcome.what is What.UPDATED:
            self._put_back(record, image.before)
        return outcome

    def _remove(self, record: Sequence[Any]) -> None:
        """Raises Refusal."""
        self._engine.remove(self._table, record)

    def _put_back(self, record: Sequence[Any], before: str) -> None:
        """Raises Refusal."""
        self._engine.put_back(self._table, [(record, before)])
