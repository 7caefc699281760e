"""Source: where rows come from. The protocol every source in `sources/` keeps."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from narrowboat.data.columns import Column

Row: TypeAlias = tuple[Any, ...]
"""A row: one cell a column, in the columns' order.

A cell is None, text (`str`, or UTF-8 `bytes` when the reader was opened with `raw_text`), int, float,
bool, Decimal, date, datetime, time, UUID, or raw bytes where the column is Type.BINARY. With `raw_text` a cell of an
INTEGER, DECIMAL, DATE or DATETIME column may be its text too.
"""

Position: TypeAlias = list[Any]
"""The resume key's values in the last row delivered, as JSON; opaque to everyone but its source."""


class Block(NamedTuple):
    """A fixed number of rows (fewer only at the end) and where they end."""

    rows: Sequence[Row]
    position: Position | None
    """None where the source cannot go on from here (no unique key)."""


class Count(NamedTuple):
    """How many rows there are. `estimated` is True where the figure comes from statistics."""

    rows: int
    estimated: bool


class Shape(NamedTuple):
    """What a source delivers, known before the first row."""

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """The unique, non-null columns by which a run goes on after an interruption; empty: it starts from zero."""
    no_key_because: str = ""
    """A sentence for people, where `key` is empty."""

    @property
    def resumable(self) -> bool:
        return bool(self.key)


class Reader(Protocol):
    """One open statement. Used by one thread, but for `cancel`."""

    def blocks(self) -> Iterator[Block]:
        """Deliver the rows block by block; each row exactly once, in the key's order."""
        ...

    def cancel(self) -> None:
        """Stop the statement that is running, from another thread. `blocks` then raises or ends. Idempotent."""
        ...

    def close(self) -> None:
        """Give back the connection. Idempotent."""
        ...


@runtime_checkable
class Source(Protocol):
    """Rows that can be read in order, and again from a position.

    A source object is inert: it connects in `shape`, `count` and `open`, and holds nothing between them.
    All three raise SourceUnavailable (no connection; worth trying again) or SourceFailed (the request is at fault).
    """

    def shape(self) -> Shape:
        """Columns and resume key, from the catalogue or the statement's description."""
        ...

    def count(self) -> Count | None:
        """Rows that `open` would deliver; None where only reading them all would tell."""
        ...

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Start reading behind `after` (None: from the first row), `rows` rows a block.

        raw_text: text cells are delivered as UTF-8 bytes where that is cheaper.
        """
        ...


class Visit(Protocol):
    """A source told of and read over one connection. Close it, unless it was opened: then its reader has it.

    Each verb is as that of `Source`.
    """

    def shape(self) -> Shape: ...

    def count(self) -> Count | None: ...

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader: ...

    def close(self) -> None:
        """Idempotent."""
        ...


@runtime_checkable
class Visited(Source, Protocol):
    """A source to which a connection costs something, so that one serves from its shape to its last row."""

    def visit(self) -> Visit:
        """Connect. Raises what `Source.shape` raises."""
        ...


class Separately:
    """A `Visit` of a source that knows none."""

    def __init__(self, source: Source) -> None:
        self.shape, self.count, self.open = source.shape, source.count, source.open

    def close(self) -> None: ...


def visit(source: Source) -> Visit:
    """The way to ask and read a source with as few connections as it can."""
    return source.visit() if isinstance(source, Visited) else Separately(source)
