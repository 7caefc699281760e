"""Receipts: what a run committed in a database that is not the store's, in the same transaction as its rows.

One row a run: the fence that may commit, and the last chunk. A worker that died between the two commits left a receipt
that the store does not know; who takes over finds it here, and goes on behind it.
"""

from __future__ import annotations

from typing import Any

from narrowboat.data.target import Receipt
from narrowboat.data.targets.engine import Engine, Refusal, make_table
from narrowboat.errors import LeaseLost, TargetFailed

_TABLE = """
create table if not exists narrowboat_receipts (
    run text primary key, fence bigint not null, number bigint, note text
)"""
_TAKE_OVER = """
insert into narrowboat_receipts (run, fence) values (?, ?)
on conflict (run) do update set fence = excluded.fence where narrowboat_receipts.fence <= excluded.fence
returning number, note"""
_NOTE = "update narrowboat_receipts set number = ?, note = ? where run = ? and fence = ? returning run"
_FORGET = "delete from narrowboat_receipts where run = ? and fence = ? returning run"


def forget(engine: Engine, run: str) -> None:
    """Drop what a run that did not come to its end left."""
    if engine.has_table("narrowboat_receipts"):
        engine.execute("delete from narrowboat_receipts where run = ?", (run,))


class Attempt:
    """An attempt at a run in a database: its transactions, and the receipts they leave."""

    def __init__(self, engine: Engine, run: str, fence: int) -> None:
        self._engine, self._run, self._fence = engine, run, fence
        self._begun = False

    def take_over(self) -> Receipt | None:
        """See `data.target.Loading`."""
        make_table(self._engine, "narrowboat_receipts", _TABLE)
        self._begin()
        found = self._engine.execute(_TAKE_OVER, (self._run, self._fence))
        if not found:
            raise self._lost()
        self.commit()
        number, text = found[0]
        return None if number is None else Receipt(number, text)

    @property
    def connection(self) -> Any:
        """See `data.target.Loading`."""
        return self._engine.connection if self._begun else None

    def note(self, number: int, text: str) -> None:
        """See `data.target.Loading`."""
        self._begin()
        if not self._engine.execute(_NOTE, (number, text, self._run, self._fence)):
            raise self._lost()

    def forget(self) -> None:
        """See `data.target.Loading`."""
        self._begin()
        self._engine.execute(_FORGET, (self._run, self._fence))
        self.commit()

    def _lost(self) -> LeaseLost:
        self.rollback()
        return LeaseLost(f"Run {self._run} was taken over by another worker.")

    def _begin(self) -> None:
        if not self._begun:
            self._engine.begin()
            self._begun = True

    def commit(self) -> None:
        """See `data.target.Loading`."""
        if self._begun:
            try:
                self._engine.commit()
            except Refusal as refusal:
                raise TargetFailed(
                    f"The database refused to commit a chunk of rows: {refusal.problem.message}. Which row is at fault "
                    "cannot be told: a deferred foreign key of another table, to which triggers write, is looked at "
                    "only now."
                ) from refusal
            self._begun = False

    def rollback(self) -> None:
        """See `data.target.Loading`."""
        if self._begun:
            self._begun = False
            self._engine.rollback()

    def interrupt(self) -> None:
        """See `data.target.Loading`."""
        self._engine.interrupt()

    def close(self) -> None:
        """See `data.target.Loading`."""
        self._begun = False
        self._engine.close()
