"""The sheet that a run reads: its header found, its rows in portions, from any row on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

from narrowboat.data.sheet import Block, Book, SheetRow, place_of
from narrowboat.jobs.input import Input

Opener: TypeAlias = Callable[[Path], Book]
"""Opens a file that somebody uploaded."""


def isolated(path: Path) -> Book:
    """Read in a child process with limits, since nobody knows what the file does."""
    from narrowboat.data.sources.spreadsheet import open_isolated

    return open_isolated(path)


class Sheet:
    """One sheet of an opened file. meanwhile: what can be done while the process that reads it starts."""

    def __init__(self, opener: Opener, given: Input, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._book = opener(given.check())
        self._begun: tuple[list[SheetRow], Iterator[SheetRow]] | None = None
        try:
            meanwhile()
            self.sheets = self._book.sheets()
            self._place = place_of(given.sheet, self.sheets)
            info = self.sheets[self._place]
            self.headers, self.first = self._header(info.names, given.header)
        except BaseException:
            self._book.close()
            raise
        self.info = info
        """The sheet that is read."""
        self.total = None if info.rows is None else max(0, info.rows - self.first)
        """Rows, as the file says; it may say it wrong."""
        self._rows: Iterator[SheetRow] = iter(())

    def _header(self, names: tuple[str, ...] | None, row: int | None) -> tuple[tuple[str, ...], int]:
        """What stands above each column (empty where nothing does), and the number of that row."""
        from narrowboat.data.sources.spreadsheet import find_header, header_of

        found = header_of(names) if names is not None else find_header(self._remembered(row or 0), row=row)
        headers = [""] * (max((heading.position for heading in found.headings), default=-1) + 1)
        for heading in found.headings:
            headers[heading.position] = heading.name
        return tuple(headers), found.row

    def _flat(self, after: int) -> Iterator[SheetRow]:
        blocks: Iterator[Block] = self._book.open(self._place, after=after)
        return chain.from_iterable(block.rows for block in blocks)

    def _remembered(self, start: int) -> Iterator[SheetRow]:
        """The sheet from its beginning, for the header. Rows from `start` on are kept: reading goes on behind them."""
        rows, looked_at = self._flat(0), list[SheetRow]()
        self._begun = (looked_at, rows)
        for one in rows:
            if one[0] >= start:
                looked_at.append(one)
            yield one

    def go_to(self, after: int) -> None:
        """The next portion begins below row `after`."""
        begun, self._begun = self._begun, None
        if begun is None or after != self.first:
            self._rows = self._flat(after)
        else:
            looked_at, rest = begun
            self._rows = chain([one for one in looked_at if one[0] > after], rest)

    def take(self, rows: int) -> tuple[list[SheetRow], bool]:
        """The next so many rows, and whether they are the last."""
        taken = list(islice(self._rows, rows))
        following = next(self._rows, None) if len(taken) == rows else None
        if following is not None:
            self._rows = chain((following,), self._rows)
        return taken, following is None

    def close(self) -> None:
        self._book.close()
