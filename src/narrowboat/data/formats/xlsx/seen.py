"""Cells made before, for columns of text whose values come again and again: states, sources, vehicles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from narrowboat.data.formats.xlsx.cells import NULL, Cells, found, whole
from narrowboat.data.formats.xlsx.text import BEFORE_SPACE, of_bytes, of_str

__all__ = ["Seen"]

_MOST: Final = 200
"""Values that are kept; a column that has more is not kept at all."""
_LONGEST: Final = 256
"""Bytes or characters of a value that is kept."""


class Seen:
    """Whole cells by value, kept from block to block. What is written is the same with it and without it.

    All bytes or all str: values of other types may be equal and look different, as 1, 1.0 and True.
    Two tables: where one text of a block needs `xml:space`, every cell of its column has it.
    """

    __slots__ = ("_kinds", "_plain", "_spaced")

    def __init__(self) -> None:
        self._kinds: set[type] = set()
        self._plain: dict[Any, bytes] = {}
        """Without the values that need `xml:space`."""
        self._spaced: dict[Any, bytes] = {}

    def cells(self, values: Sequence[Any]) -> Cells | None:
        """The cells of a block; None if it does not pay to look them up, now or later."""
        try:
            return self._known(values) or (self._known(values) if self._learn(values) else None)
        except TypeError:  # not to be hashed
            return None

    def _known(self, values: Sequence[Any]) -> Cells | None:
        for made in (self._plain, self._spaced):
            try:
                return Cells(b"", found(made, values), b"")
            except KeyError:
                continue
        return None

    def _learn(self, values: Sequence[Any]) -> bool:
        """Make what is missing; False if that is too much, or nothing is gained by it."""
        first, new = not self._spaced, set(values).difference(self._spaced)
        if len(self._spaced) + len(new) > _MOST:
            return False
        if None in new:
            new.remove(None)
            self._plain[None] = self._spaced[None] = NULL
        self._kinds.update(map(type, new))
        if not new:
            return True
        return self._kinds in ({bytes}, {str}) and self._keep(list(new)) and not (first and self._as_they_came())

    def _keep(self, new: list[Any]) -> bool:
        """Whether they could be kept."""
        cells = of_str(new) if str in self._kinds else of_bytes(new)
        if cells.notes or max(map(len, new)) > _LONGEST:
            return False
        if cells.before == BEFORE_SPACE and len(new) > 1:  # some of them need it
            return all(self._keep([value]) for value in new)
        if cells.before != BEFORE_SPACE:
            self._plain.update(zip(new, whole(cells), strict=True))
        self._spaced.update(zip(new, whole(cells._replace(before=BEFORE_SPACE)), strict=True))
        return True

    def _as_they_came(self) -> bool:
        """Whether no value is absent or altered: such text is written faster than looked up."""
        return None not in self._plain and len(self._plain) == len(self._spaced)
