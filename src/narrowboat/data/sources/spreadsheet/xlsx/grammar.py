"""The regular expressions of a sheet's rows, for one way of writing them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from narrowboat.data.letters import letters_of

Match: TypeAlias = Callable[..., re.Match[str] | None]

_NEVER: Final = re.compile("(?!)")
NUMBERS: Final = re.compile(r'<(?:\w+:)?row\b(?: r="([0-9]++)")?')


class Manner(NamedTuple):
    """How a program writes its rows."""

    prefix: str = ""
    """Of the names, with its colon."""
    slots: int = 0
    """Columns that a row may have. 0: nothing is known yet."""
    references: bool = True
    """Cells say where they are."""
    spaced: bool = False
    """There is white space between elements."""

    def row(self) -> Match:
        """Matches a row: groups are its number, its other attributes, then attributes and text of each column.

        Nothing in it can be tried in two ways (every repetition is possessive or in an atomic group), so its time is
        linear. Groups are atomic, for Python 3.11.4 and older forget to go back where a possessive one ends amid a try:
        https://github.com/python/cpython/issues/106052
        """
        if not self.slots:
            return _NEVER.match
        p, w = self.prefix, r"\s*+" if self.spaced else ""
        text = rf'<(?:{p}v|{p}is><{p}t)(?> xml:space="preserve"|)>(?>([^<]++)|)</(?:{p}v|{p}t></{p}is)>{w}'
        formula = rf"(?><{p}f[^>]*+>(?>[^<]*+</{p}f>|){w}|)"
        content = rf"(?>{w}{formula}(?>{text}|)</{p}c>{w}|)"
        if self.references:
            cells = "".join(rf'(?><{p}c r="{letters_of(i)}\1"([^>]*+)>{w}{content}|)' for i in range(self.slots))
        else:
            cells = rf"(?><{p}c((?>\s[^>]*+|/|))>{w}{content}|)" * self.slots
        return re.compile(rf'\s*+<{p}row(?> r="([0-9]++)"|)([^>]*+)>{w}{cells}</{p}row>').match

    def empty(self) -> Match:
        """Matches rows without content, as many as follow each other."""
        p = self.prefix
        cell = rf"<{p}c(?>\s[^/>]*+|)/>\s*+"
        return re.compile(rf"\s*+(?>(?:<{p}row(?>\s[^/>]*+|)(?>/>|>\s*+(?>(?:{cell})*)</{p}row>)\s*+)+)").match

    def closed(self) -> Match:
        """Matches a row that is closed where it is opened, however it is written."""
        attribute = r"""\s+[\w:.-]+\s*=\s*(?:"[^"]*+"|'[^']*+')"""
        return re.compile(rf"\s*+<{self.prefix}row(?>(?:{attribute})*)\s*+/>").match

    def end(self) -> Match:
        """Matches the end of the rows."""
        return re.compile(rf"\s*+</{self.prefix}sheetData\s*+>").match

    def learnt(self, row: str, width: int, most: int) -> Manner:
        """The manner that fits `row` too, which has `width` columns."""
        slots = self.slots if width <= self.slots else max(width, self.slots * 3 // 2)
        cell = re.search(rf"<{self.prefix}c\b[^>]*", row)
        references = self.references if cell is None else " r=" in cell[0]
        spaced = self.spaced or re.search(r">\s+<", row) is not None
        return Manner(self.prefix, min(slots, most), references, spaced)
