"""A Python function as a target: it is called with chunks of checked rows, and may be called again after a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from narrowboat.data.records.field import Lookup
from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record
from narrowboat.data.target import Earlier, Mode, Outcome, Receipt, What, Wish
from narrowboat.errors import BadConfiguration


class Row(NamedTuple):
    """A checked row. `run` and `row` together are the same each time it is given: a key to tell a repetition by."""

    run: str
    row: int
    values: Mapping[str, Any]


Taker: TypeAlias = Callable[[Sequence[Row]], Mapping[int, str] | None]
"""Takes rows; gives those that it refused, by their number, with the reason in words for people."""


class Function:
    """A target made by `function`."""

    __slots__ = ("take",)
    transactional = False

    def __init__(self, take: Taker) -> None:
        self.take = take

    def __repr__(self) -> str:
        return f"function({self.take.__module__}.{self.take.__qualname__})"

    def is_in(self, url: str) -> bool:
        """See `data.target.Target`."""
        return False

    def open(self, wish: Wish) -> Calling:
        """See `data.target.Target`."""
        if wish.undo:
            raise BadConfiguration("A function cannot take back what it did: leave undo=True out.")
        if wish.mode is not Mode.CREATE:
            raise BadConfiguration("A function decides itself what becomes of a row: leave mode=… out.")
        return Calling(self.take, wish)


def function(take: Taker) -> Function:
    """A target that calls `take(rows)` with chunks of checked rows.

    At least once: after a crash the rows since the last committed chunk are given again, with the same `run` and `row`.
    It gives None, or `{row number: reason}` for rows that it refuses. What it raises fails the run.
    """
    return Function(take)


class Calling:
    """Implements `data.target.Loading`."""

    connection = None

    def __init__(self, take: Taker, wish: Wish) -> None:
        self._take, self._wish = take, wish

    def warnings(self) -> Sequence[str]:
        return ()

    def mark(self) -> Any:
        return None

    def find(self, lookup: Lookup, values: Sequence[Any]) -> Mapping[Any, Any]:
        """Raises BadConfiguration: a function has no tables."""
        raise BadConfiguration("A lookup needs a table as its target. In a function, look up by yourself.")

    def take_over(self) -> Receipt | None:
        return None

    def write(self, records: Sequence[Record], earlier: Earlier) -> Sequence[Outcome]:
        columns = self._wish.columns
        rows = [Row(self._wish.run, one.row, dict(zip(columns, one.values, strict=True))) for one in records]
        refused = (self._take(rows) or {}) if rows and not self._wish.dry_run else {}
        return [_outcome(refused.get(record.row)) for record in records]

    def note(self, number: int, text: str) -> None:
        """Nothing: there is no transaction to note it in."""

    def forget(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def _outcome(reason: str | None) -> Outcome:
    if reason is None:
        return Outcome(What.CREATED)
    return Outcome(What.REJECTED, problem=Problem("refused", reason))
