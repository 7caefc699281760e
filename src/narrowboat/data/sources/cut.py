"""Which part of the rows is wanted: the first so many, or a page."""

from typing import NamedTuple

from narrowboat.data.source import Count
from narrowboat.errors import BadParameter


class Cut(NamedTuple):
    """At most `size` rows behind the first `skip`. skip: None where no page was asked for. Made by `first`, `page`."""

    size: int | None = None
    skip: int | None = None

    def left(self, delivered: int) -> int | None:
        """Rows still to deliver; None: all there are."""
        return None if self.size is None else max(self.size - delivered, 0)

    @property
    def end(self) -> int | None:
        """How many rows it takes to have all of these; None: all there are."""
        return None if self.size is None else (self.skip or 0) + self.size

    def counted(self, count: Count | None) -> Count | None:
        """So many of the rows counted."""
        if count is None:
            return None
        behind = max(count.rows - (self.skip or 0), 0)
        return Count(behind if self.size is None else min(behind, self.size), count.estimated)


def first(rows: int) -> Cut:
    """Raises BadParameter below 0."""
    if rows < 0:
        raise BadParameter(f"A limit of {rows} rows cannot be: give 0 or more.")
    return Cut(rows)


def page(number: int, size: int) -> Cut:
    """Page `number`, counted from 1. Raises BadParameter for a page that cannot be."""
    if number < 1 or size < 1:
        raise BadParameter(f"Page {number} of {size} rows cannot be: pages count from 1 and hold at least a row.")
    return Cut(size, (number - 1) * size)
