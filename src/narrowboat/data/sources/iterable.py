"""Rows that a Python program makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import chain, islice, takewhile
from typing import Any, TypeAlias

from narrowboat.data.columns import Column
from narrowboat.data.source import Block, Count, Position, Reader, Shape
from narrowboat.data.sources.records import column_names, tuples
from narrowboat.errors import BadConfiguration, NarrowboatError, SourceFailed, SourceUnavailable

Rows: TypeAlias = Iterable[Any] | Callable[[], Iterable[Any]]
"""Rows, or a function that makes them anew each time: tuples, lists, mappings, dataclasses or pydantic models."""

ROW_NUMBER = "row number"
"""Stands for the key where a source goes on by counting."""
_NOT_REPEATABLE = (
    "The rows come from a Python iterable that does not promise the same rows again, so an interrupted run starts "
    "from zero. If it gives them again, say repeatable=True."
)


def rows(source: Rows, *, columns: Sequence[str | Column] | None = None, repeatable: bool = False) -> IterableSource:
    """A source of the rows of `source`.

    columns: names or Columns; by default the keys or fields of the first row. repeatable: each iteration gives the
    same rows in the same order, so a run goes on after the rows it had; `source` is then a function or a collection.
    A generator can be read once. Raises BadConfiguration for a generator that is called repeatable.
    """
    if repeatable and isinstance(source, Iterator):
        raise BadConfiguration("A generator runs once and cannot be repeatable: give the function that makes it.")
    declared = None if columns is None else tuple(Column(one) if isinstance(one, str) else one for one in columns)
    return IterableSource(source, declared, repeatable)


class IterableSource:
    """Made by `rows`.

    A mapping that lacks a key has an empty cell there. One with a key that is no column fails, unless the columns
    were given: then it is left out.
    """

    def __init__(self, source: Rows, declared: tuple[Column, ...] | None, repeatable: bool) -> None:
        self._source = source
        self._declared = declared
        self._found: tuple[Column, ...] = ()
        self._repeatable = repeatable
        self._begun: _Iteration | None = None
        self._read = False

    def shape(self) -> Shape:
        """The columns. Without declared ones it makes the first row to see them. Raises SourceFailed."""
        if self._repeatable:
            return Shape(self._columns(), (ROW_NUMBER,))
        return Shape(self._columns(), (), _NOT_REPEATABLE)

    def count(self) -> Count | None:
        """Exact for a collection; unknown for anything else."""
        return Count(len(self._source), estimated=False) if isinstance(self._source, Sized) else None

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Iterate from the start and pass over the rows up to `after`. Text stays `str`. Raises SourceFailed."""
        if after is not None and not self._repeatable:
            raise SourceFailed(_NOT_REPEATABLE)
        columns = self._columns()
        iteration, self._begun = self._begun or self._iterate(), None
        names = tuple(column.name for column in columns)
        reader = _IterableReader(iteration, names, rows, repeatable=self._repeatable, exact=self._declared is None)
        reader.skip(after[0] if after else 0)
        return reader

    def _columns(self) -> tuple[Column, ...]:
        if self._declared is not None:
            return self._declared
        if not self._found:
            self._begun = self._iterate()
            first = self._begun.peek()
            self._found = () if first is None else tuple(Column(name) for name in column_names(first))
            if not isinstance(self._source, Iterator):
                self._begun.close()
                self._begun = None
        return self._found

    def _iterate(self) -> _Iteration:
        if isinstance(self._source, Iterator):
            if self._read:
                raise SourceFailed("The generator was read before and is used up. Give the function that makes it.")
            self._read = True
        return _Iteration(self._source)


class _Iteration:
    """An iterable under way. Whatever it raises becomes SourceFailed with the row's number."""

    def __init__(self, source: Rows) -> None:
        self._source = source
        self._made: Iterable[Any] | None = None
        self._rows: Iterator[Any] = iter(())
        self.passed = 0

    def take(self, count: int, go_on: Callable[[Any], bool]) -> list[Any]:
        """The next rows, until `go_on` says no."""
        taken: list[Any] = []
        try:
            if self._made is None:
                self._made = self._source() if callable(self._source) else self._source
                self._rows = iter(self._made)
            taken.extend(islice(takewhile(go_on, self._rows), count))
        except NarrowboatError:
            raise
        except Exception as error:
            row = self.passed + len(taken) + 1
            raise SourceFailed(f"Making row {row} failed: {type(error).__name__}: {error}") from error
        self.passed += len(taken)
        return taken

    def peek(self) -> Any:
        """The next row, which stays the next; None at the end."""
        ahead = self.take(1, lambda _: True)
        self.passed -= len(ahead)
        self._rows = chain(ahead, self._rows)
        return ahead[0] if ahead else None

    def close(self) -> None:
        close = getattr(self._made, "close", None)
        if callable(close):
            close()


class _IterableReader:
    def __init__(
        self, iteration: _Iteration, names: tuple[str, ...], rows: int, *, repeatable: bool, exact: bool
    ) -> None:
        self._iteration = iteration
        self._names = names
        self._rows = rows
        self._repeatable = repeatable
        self._exact = exact
        self._cancelled = False

    def skip(self, count: int) -> None:
        """Pass over the rows that were delivered before. Raises SourceFailed where there are not so many."""
        while (left := count - self._iteration.passed) > 0:
            if not self._iteration.take(min(left, self._rows), self._going):
                raise SourceFailed(
                    f"There were {count} rows before and now only {self._iteration.passed}: the iterable is not "
                    "repeatable. Start a new run, without repeatable=True."
                )

    def blocks(self) -> Iterator[Block]:
        taken: list[Any] | None = None
        while taken is None or len(taken) == self._rows:
            taken = self._iteration.take(self._rows, self._going)
            if self._cancelled:
                raise SourceUnavailable("The reading was cancelled.")
            if taken:
                first = self._iteration.passed - len(taken) + 1
                delivered = tuples(taken, self._names, first, exact=self._exact)
                yield Block(delivered, [self._iteration.passed] if self._repeatable else None)

    def cancel(self) -> None:
        self._cancelled = True

    def close(self) -> None:
        self._iteration.close()

    def _going(self, _: Any) -> bool:
        return not self._cancelled
