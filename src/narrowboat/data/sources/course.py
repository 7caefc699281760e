"""The way of a reading: from a row to its place in the order, and to a position from which to go on."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from narrowboat.data.source import Position, Row
from narrowboat.data.sources.position import decode, encode
from narrowboat.errors import SourceFailed


class Course(NamedTuple):
    """How the rows of a statement are to be understood.

    names: the columns of the order. cells: index and meaning of each of them in a row; empty without a key.
    hidden: cells at a row's end that serve the position and are not delivered.
    sparse: only the last row of a block has these; nothing is promised then.
    promised: which columns of the order are a key by the user's word alone, not the catalogue's.
    delivered: rows read before this statement.
    """

    names: tuple[str, ...]
    cells: tuple[tuple[int, Callable[[Any], Any]], ...]
    hidden: int
    promised: tuple[int, ...]
    fingerprint: str
    delivered: int = 0
    sparse: bool = False

    def shown(self, rows: list[Row]) -> list[Row]:
        """The rows of a block without what is hidden."""
        if not self.hidden:
            return rows
        shown = itemgetter(slice(None, -self.hidden))
        return [*rows[:-1], shown(rows[-1])] if self.sparse else list(map(shown, rows))

    def values(self, row: Row) -> tuple[Any, ...]:
        """The row's place in the order."""
        return tuple([take(row[index]) for index, take in self.cells])

    def position(self, row: Row, delivered: int) -> Position | None:
        """After `row`, the last of `delivered` rows."""
        if not self.cells:
            return None
        return [delivered, list(self.names), [encode(value) for value in self.values(row)], self.fingerprint]


class Place(NamedTuple):
    """A position, read back."""

    delivered: int
    names: tuple[str, ...]
    values: tuple[Any, ...]


def place(after: Position, fingerprint: str) -> Place:
    """Raises SourceFailed where the columns are no longer what they were."""
    delivered, names, values, columns = after
    if columns != fingerprint:
        raise SourceFailed("The columns are not those that were there when the run began. Start a new run.")
    return Place(delivered, tuple(names), tuple(decode(value) for value in values))
