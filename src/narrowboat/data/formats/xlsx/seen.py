"""Cells made before, for columns whose values come again and again: states, sources, vehicles, marks."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Final, Protocol

from narrowboat.data.formats.xlsx.cells import NULL, Cells, Render, found, whole
from narrowboat.data.formats.xlsx.numbers import LARGEST
from narrowboat.data.formats.xlsx.text import BEFORE, BEFORE_SPACE, of_bytes, of_str

__all__ = ["Seen", "SeenNumbers", "SeenTexts"]

_MOST: Final = 1000
"""Values that are kept; a column that has more is not kept at all."""
_LONGEST: Final = 256
"""Bytes or characters of a value that is kept."""
_NUMBERS: Final = frozenset({int, float, NoneType})


class Seen(Protocol):
    """Whole cells by value, kept from block to block. What is written is the same with it and without it."""

    def cells(self, values: Sequence[Any]) -> Cells | None:
        """The cells of a block; None if it does not pay to look them up, now or later."""
        ...


class SeenTexts:
    """All bytes or all str: values of other types may be equal and look different, as 1, 1.0 and True.

    Two tables: where one text of a block needs `xml:space`, every cell of its column has it.
    """

    __slots__ = ("_kinds", "_plain", "_spaced")

    def __init__(self) -> None:
        self._kinds: set[type] = set()
        self._plain: dict[Any, bytes] = {}
        """Without the values that need `xml:space`."""
        self._spaced: dict[Any, bytes] = {}
        """All of them, from the first that needs it on."""

    def cells(self, values: Sequence[Any]) -> Cells | None:
        """See `Seen.cells`."""
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
        new = _new(values, self._spaced or self._plain)
        if new is None:
            return False
        if None in new:
            new.remove(None)
            self._add([None], [NULL])
        self._kinds.update(map(type, new))
        if not new:
            return True
        return self._kinds in ({bytes}, {str}) and self._keep(list(new))

    def _keep(self, new: list[Any]) -> bool:
        """Whether they could be kept."""
        cells = of_str(new) if str in self._kinds else of_bytes(new)
        if cells.notes or max(map(len, new)) > _LONGEST:
            return False
        if cells.before == BEFORE_SPACE and len(new) > 1:  # some of them need it
            return all(self._keep([value]) for value in new)
        if cells.before != BEFORE_SPACE:
            self._add(new, whole(cells))
            return True
        self._spaced = self._spaced or {value: _spaced(cell) for value, cell in self._plain.items()}
        self._spaced[new[0]] = whole(cells)[0]
        return True

    def _add(self, values: Sequence[Any], cells: Sequence[bytes]) -> None:
        self._plain.update(zip(values, cells, strict=True))
        if self._spaced:
            self._spaced.update(zip(values, map(_spaced, cells), strict=True))


class SeenNumbers:
    """Ints and floats of a column where those that are equal look the same, as 1 and 1.0 do in one of decimals."""

    __slots__ = ("_made", "_render")

    def __init__(self, render: Render) -> None:
        self._render = render
        self._made: dict[float | None, bytes] = {}

    def cells(self, values: Sequence[Any]) -> Cells | None:
        """See `Seen.cells`."""
        if not set(map(type, values)) <= _NUMBERS:  # True is 1, and a Decimal too
            return None
        try:
            return Cells(b"", found(self._made, values), b"")
        except KeyError:
            return Cells(b"", found(self._made, values), b"") if self._learn(values) else None

    def _learn(self, values: Sequence[float | None]) -> bool:
        """Make what is missing; False if that is too much, or one of them is no number for a cell."""
        new = _new(values, self._made)
        if new is None:
            return False
        if None in new:
            self._made[None] = NULL
        numbers = [value for value in new if value is not None]
        try:
            if max(map(abs, numbers), default=0) > LARGEST:  # where an int is no number for a cell, and a float is
                return False
            self._made.update(zip(numbers, whole(self._render(numbers)), strict=True) if numbers else ())
        except TypeError:  # not finite
            return False
        return True


def _spaced(cell: bytes) -> bytes:
    return BEFORE_SPACE + cell.removeprefix(BEFORE) if cell != NULL else cell


def _new(values: Sequence[Any], made: dict[Any, bytes]) -> set[Any] | None:
    """The values that are not among those made; None if they are too many, or of the first block most come once."""
    new = set(values).difference(made)
    too_many = len(made) + len(new) > _MOST or (not made and 3 * len(new) > 2 * len(values))
    return None if too_many else new
