"""The table of shared strings: in memory while it is small, else on disk with an index of pages."""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, count
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from narrowboat.data.sources.spreadsheet.limits import CELL_TEXT, MIB
from narrowboat.data.sources.spreadsheet.xlsx.markup import (
    Attributes,
    Markup,
    dereferenced,
    opened,
    unescaped,
)
from narrowboat.errors import FileBroken

_PAGE: Final = 64
"""Strings of a page: what is read from disk at once."""
_BEGUN: Final = 16 * _PAGE
"""Strings that are kept until they become pages together."""
_OBJECT: Final = 120
"""Bytes that a string and its place in a dict take beside its characters."""
_KEPT: Final = 8 * MIB
"""Bytes of strings that stay in memory; more go to disk. Also of pages that are kept when they were read from there."""
_ITEM: Final = 32 * MIB
"""Characters of one item with its markup, at most."""
_SEPARATOR: Final = "\0"
"""In no XML, and `unescaped` makes none."""


class Strings(dict[str | None, str | None]):
    """Texts by number, the number as the sheet writes it. As a dict, since a look-up is the hot spot of reading.

    A miss is read from disk. Raises FileBroken for a number that the table does not have.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self._begun: list[str] = []
        self._kept = 0
        self._file: BinaryIO | None = None
        self._pages = array("Q", [0])
        self._cached = 0

    def add(self, texts: list[str]) -> None:
        """Append texts."""
        if self._file is None:
            self._remember(self.count, texts)
        self.count += len(texts)
        self._begun += texts
        self._kept += sum(map(len, texts)) + _OBJECT * len(texts)
        if self._file is not None and len(self._begun) >= _BEGUN:
            self._write(len(self._begun) // _PAGE * _PAGE)
        elif self._file is None and self._kept > _KEPT:
            self._spill()

    def close(self) -> None:
        """End the table while it is filled: what is still in memory goes where the rest is."""
        if self._file is not None:
            self._write(len(self._begun))
        self._begun = []

    def discard(self) -> None:
        """Give back the file."""
        if self._file is not None:
            self._file.close()

    def _spill(self) -> None:
        self._file = TemporaryFile(prefix="narrowboat-")
        self.clear()
        self._write(len(self._begun) // _PAGE * _PAGE)

    def _write(self, ready: int) -> None:
        assert self._file is not None  # noqa: S101  # only called after a spill
        for start in range(0, ready, _PAGE):
            page = _SEPARATOR.join(self._begun[start : min(start + _PAGE, ready)]).encode()
            self._file.write(page)
            self._pages.append(self._pages[-1] + len(page))
        del self._begun[:ready]
        self._file.flush()

    def __missing__(self, number: str | None) -> str | None:
        place = _place(number)
        if not 0 <= place < self.count or self._file is None:
            raise FileBroken(f"names shared string {number}, and the table has {self.count:,}")
        page = place // _PAGE
        start, end = self._pages[page], self._pages[page + 1]
        texts = os.pread(self._file.fileno(), end - start, start).decode().split(_SEPARATOR)
        if self._cached > _KEPT:
            self.clear()
            self._cached = 0
        self._cached += end - start + _OBJECT * _PAGE
        self._remember(page * _PAGE, texts)
        return texts[place % _PAGE] or None

    def _remember(self, first: int, texts: list[str]) -> None:
        filled = [text or None for text in texts] if "" in texts else texts
        self.update(zip(map(str, count(first)), filled, strict=False))


def _place(number: str | None) -> int:
    try:
        return int(number or "")
    except ValueError:
        return -1


def read(texts: Iterator[str], part: str) -> Strings:
    """Read the part. Runs of rich text are joined, phonetic ones left out. Raises FileBroken."""
    table = Strings()
    head = opened(texts, part, "sst")
    if head is not None and not head.empty:
        _fill(table, _Items(part, head.prefix), head.rest, texts)
    table.close()
    return table


def _fill(table: Strings, items: _Items, rest: str, texts: Iterator[str]) -> None:
    close = f"</{items.prefix}si>"
    plain = True
    for text in chain(("",), texts):
        whole, rest = rest + text, ""
        # A comment or CDATA section may hold anything, so from there on expat alone decides what an item is.
        plain = plain and "<!" not in whole and "<?" not in whole
        if plain:
            end = whole.rfind(close) + len(close)
            whole, rest = (whole[:end], whole[end:]) if end >= len(close) else ("", whole)
        table.add(items.plain(whole) if plain else items.feed(whole))
        if len(rest) > _ITEM:
            raise FileBroken(f"{items.part} has an item of more than {_ITEM:,} characters.")
    table.add(items.feed(rest))
    if not items.done:
        raise FileBroken(f"{items.part} was cut off. Upload the file again.")


class _Items:
    """The items of the table: `plain` by one regular expression, `feed` by expat, which knows them all."""

    def __init__(self, part: str, prefix: str) -> None:
        self.part, self.prefix = part, prefix
        self.done = False
        self._items: list[str] = []
        self._texts: list[str] = []
        self._phonetic = self._in_text = False
        self._markup = Markup(part, self._start, self._end, self._text)
        self._markup.feed(f"<{prefix}sst>")
        self._all = f"<{prefix}si"
        self._simple = re.compile(
            rf'<{prefix}si><{prefix}t(?: xml:space="preserve")?>([^<]*)</{prefix}t></{prefix}si>'
        ).findall

    def plain(self, text: str) -> list[str]:
        """The items of `text`, which holds whole ones and no comments."""
        found: list[str] = self._simple(text)
        if len(found) != text.count(self._all):
            return self.feed(text)
        try:
            if "&" in text:
                found = [dereferenced(one) if "&" in one else one for one in found]
        except ValueError:
            return self.feed(text)
        if "_x" in text:
            found = list(map(unescaped, found))
        return checked(found, self.part)

    def feed(self, text: str) -> list[str]:
        """The items that end in `text`."""
        if not self.done:
            with suppress(_End):
                self._markup.feed(text)
        items, self._items = self._items, []
        return checked(list(map(unescaped, items)), self.part)

    def _start(self, name: str, _: Attributes) -> None:
        if name == "si":
            self._texts = []
        elif name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._in_text = not self._phonetic

    def _end(self, name: str) -> None:
        if name == "si":
            self._items.append("".join(self._texts))
        elif name == "rPh":
            self._phonetic = False
        elif name == "t":
            self._in_text = False
        elif name == "sst":
            self.done = True
            raise _End

    def _text(self, text: str) -> None:
        if self._in_text:
            self._texts.append(text)


class _End(Exception):
    pass


def checked(texts: list[str], part: str) -> list[str]:
    """The same. Raises FileBroken where one is longer than a cell can hold."""
    if texts and (longest := max(map(len, texts))) > CELL_TEXT:
        raise FileBroken(f"{part} has a text of {longest:,} characters; a cell of Excel holds {CELL_TEXT:,}.")
    return texts
