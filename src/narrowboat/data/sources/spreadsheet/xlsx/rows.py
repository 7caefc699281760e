"""Rows of a sheet as fast as plain Python can: one match of one regular expression a row.

The expression has a place for each column, so a match yields the attributes and the text of all cells at once, and
what attributes mean is looked up in a dict. It knows the shapes that programs write. A row of another shape (rich
text, odd attributes, prefixes within) goes to expat alone; a sheet with comments or CDATA goes there from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, chain
from operator import call
from typing import Final

from narrowboat.data.sheet import Block, Cells, SheetRow
from narrowboat.data.sources.spreadsheet.limits import BLOCK_CELLS, BLOCK_ROWS, CELL_TEXT, MIB, ROWS
from narrowboat.data.sources.spreadsheet.xlsx.cells import Meanings
from narrowboat.data.sources.spreadsheet.xlsx.fragments import Found, Fragments, checked, trimmed
from narrowboat.data.sources.spreadsheet.xlsx.grammar import NUMBERS, Manner
from narrowboat.data.sources.spreadsheet.xlsx.markup import dereferenced, opened, unescaped
from narrowboat.errors import FileBroken

_ROW: Final = 32 * MIB
"""Characters of one row with its markup, at most."""
_STRICT: Final = 4096
"""Characters that expat is fed at once: a hundred rows at most, should each have a cell in the last column."""
_SLOTS: Final = 200
"""Columns of the expression at most; wider rows go to expat."""

_HIDDEN: Final = re.compile(r"""\shidden=["'](?:1|true|on)["']""")


class Rows:
    """The rows of one sheet that stand below row `after`, without empty ones. Raises FileBroken."""

    def __init__(self, texts: Iterator[str], part: str, meanings: Meanings, after: int = 0) -> None:
        self._texts, self._part, self._meanings, self._after = texts, part, meanings, after
        self._number = 0
        """Of the last row that was passed."""
        self._hidden: set[int] = set()
        self._by_expat = 0

    def blocks(self) -> Iterator[Block]:
        """The rows in blocks."""
        pending: list[SheetRow] = []
        for rows in self._portions():
            pending += rows
            while (end := _block_end(pending)) is not None:
                yield self._block(pending[:end])
                del pending[:end]
        if pending:
            yield self._block(pending)

    def _block(self, rows: list[SheetRow]) -> Block:
        if not self._hidden:
            return Block(rows)
        hidden = frozenset(number for number, _ in rows if number in self._hidden)
        self._hidden -= hidden
        return Block(rows, hidden)

    def _portions(self) -> Iterator[list[SheetRow]]:
        head = opened(self._texts, self._part, "sheetData")
        if head is not None and not head.empty:
            self._begin(head.prefix)
            yield from self._read(head.rest)
        for _ in self._texts:
            pass  # what follows the rows says nothing about them, but belongs to the check sum

    def _begin(self, prefix: str) -> None:
        self._manner = Manner(prefix)
        self._row, self._empty = self._manner.row(), self._manner.empty()
        self._closed, self._end = self._manner.closed(), self._manner.end()
        self._close = f"</{prefix}row>"
        self._fragments = Fragments(self._part, prefix, self._meanings)

    def _read(self, text: str) -> Iterator[list[SheetRow]]:
        for piece in chain(("",), self._texts):
            text += piece
            if ("!" in text and "<!" in text) or ("?" in text and "<?" in text):  # one character is found at once
                yield from self._strict(text)
                return
            rows, text, more = self._plain(text)
            yield rows
            while more:
                rows, text, more = self._plain(text)
                yield rows
            if self._end(text):
                return
            if len(text) > _ROW:
                raise FileBroken(f"{self._part} has a row of more than {_ROW:,} characters after row {self._number}.")
        raise FileBroken(f"{self._part} was cut off after row {self._number}. Upload the file again.")

    def _strict(self, text: str) -> Iterator[list[SheetRow]]:
        """The rest of the sheet by expat: comments and CDATA may hold what looks like a row."""
        for piece in chain((text,), self._texts):
            for start in range(0, len(piece), _STRICT):
                rows: list[SheetRow] = []
                self._take(self._fragments.feed(piece[start : start + _STRICT]), rows)
                yield rows
                if self._fragments.done:
                    return
        raise FileBroken(f"{self._part} was cut off after row {self._number}. Upload the file again.")

    def _plain(self, text: str) -> tuple[list[SheetRow], str, bool]:
        """The whole rows of `text` (or some, where they are wide), what is left of it, and whether that has more."""
        rows: list[SheetRow] = []
        room = BLOCK_CELLS
        place = self._skip(text) if self._number < self._after else 0
        ampersand = text.find("&", place)
        escape = text.find("_x", place) if "_" in text else -1  # one character is found ten times as fast
        while room > 0:
            cells: Cells | None = None
            if found := self._row(text, place):
                groups = found.groups()
                number, attributes = groups[:2]
                end, texts = found.end(), groups[3::2]
                if -1 < ampersand < end or -1 < escape < end:
                    texts = _characters(texts)
                    ampersand = text.find("&", end) if -1 < ampersand < end else ampersand
                    escape = text.find("_x", end) if -1 < escape < end else escape
                if end - place < CELL_TEXT and (number or " r=" not in attributes):
                    cells = self._cells(groups[2::2], texts)
            if cells is None:
                if (after := self._odd(text, place, rows)) == place:
                    return rows, text[place:], False
                place = after
                room -= len(rows[-1][1]) if rows else 0
                continue
            place = end
            number = int(number) if number else self._number + 1
            if not self._number < number <= ROWS:
                checked(number, self._number, self._part)
            self._number = number
            if cells[-1] is None:
                cells = trimmed(cells)
            if not cells:
                place = self._pass_empty(text, place)
            elif number > self._after:
                rows.append((number, cells))
                room -= len(cells)
                if "hidden" in attributes and _HIDDEN.search(attributes):
                    self._hidden.add(number)
        return rows, text[place:], True

    def _cells(self, attributes: tuple[str | None, ...], texts: tuple[str | None, ...]) -> Cells | None:
        """What stands in the cells; None where expat has to look."""
        meaning = self._meanings.__getitem__
        try:
            try:
                return tuple(map(call, map(meaning, attributes), texts))  # type: ignore[arg-type]  # None raises
            except TypeError:  # a cell with attributes and without text
                pairs = zip(attributes, texts, strict=True)
                return tuple([None if text is None else meaning(written)(text) for written, text in pairs])
        except (ValueError, LookupError):
            return None

    def _odd(self, text: str, place: int, rows: list[SheetRow]) -> int:
        """Pass what the expression does not know: empty rows, or one row by expat. `place` itself: not whole yet."""
        if (after := self._pass_empty(text, place)) > place:
            return after
        if closed := self._closed(text, place):
            end = closed.end()
        elif self._end(text, place) or (end := text.find(self._close, place)) < 0:
            return place
        else:
            end += len(self._close)
        row = text[place:end]
        width = self._take(self._fragments.feed(row), rows)
        self._learn(row, width)
        return end

    def _pass_empty(self, text: str, place: int) -> int:
        """Where the next row begins that has something in it. A million of these is what a formatted column leaves."""
        if not (found := self._empty(text, place)):
            return place
        for written in NUMBERS.findall(found[0]):
            self._number = checked(int(written) if written else self._number + 1, self._number, self._part)
        return found.end()

    def _take(self, found: list[Found], rows: list[SheetRow]) -> int:
        """Add what expat found; the width of the widest."""
        for row in found:
            number = self._number + 1 if row.number is None else row.number
            self._number = checked(number, self._number, self._part)
            if row.cells and number > self._after:
                rows.append((number, row.cells))
                if row.hidden:
                    self._hidden.add(number)
        return max((len(row.cells) for row in found), default=0)

    def _learn(self, row: str, width: int) -> None:
        """Widen the expression; and fit it anew to what came by, ever more seldom, should it not fit at all."""
        self._by_expat += 1
        if self._manner.slots < width <= _SLOTS or self._by_expat.bit_count() == 1:
            self._manner = self._manner.learnt(row, width, _SLOTS)
            self._row = self._manner.row()

    def _skip(self, text: str) -> int:
        """Where to read on in `text`, when the rows before were delivered already."""
        last = text.rfind(f"<{self._manner.prefix}row")
        if last <= 0 or not (found := NUMBERS.match(text, last)):
            return 0
        before = int(found[1]) - 1 if found[1] else self._number + len(NUMBERS.findall(text, 0, last))
        if before > self._after:
            return 0
        self._number = max(before, self._number)
        return last


def _characters(texts: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Texts with references and escapes resolved; what cannot be, is left for expat to complain about."""
    try:
        plain = [dereferenced(text) if text and "&" in text else text for text in texts]
        return tuple([unescaped(text) if text and "_x" in text else text for text in plain])
    except ValueError:
        return tuple([text and chr(0) for text in texts])


def _block_end(rows: list[SheetRow]) -> int | None:
    """How many of these rows are a block; None where there are not enough yet."""
    widths = [len(row) for _, row in rows[:BLOCK_ROWS]]
    if sum(widths) >= BLOCK_CELLS:
        return next(count for count, cells in enumerate(accumulate(widths), 1) if cells >= BLOCK_CELLS)
    return BLOCK_ROWS if len(widths) == BLOCK_ROWS else None
