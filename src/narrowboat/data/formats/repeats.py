"""Cells rendered before, for columns of text whose values come again and again: states, sources, vehicles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress, count
from typing import Any, Final

from narrowboat.data.formats.cells import Form, Note, Rendered, Style

__all__ = ["Repeats"]

_MOST: Final = 200
"""Values that are kept; a column that has more is not kept at all."""
_LONGEST: Final = 256
"""Bytes or characters of a value that is kept."""


class Repeats:
    """Finished cells by value, kept from block to block. What is written is the same with it and without it.

    All text: values of other types may be equal and look different, as 1, 1.0 and True.
    """

    __slots__ = ("_codes", "_render", "_style", "_texts")

    def __init__(self, style: Style, render: Callable[[Sequence[Any]], Rendered]) -> None:
        """render: how cells that are all text are rendered."""
        self._style, self._render = style, render
        self._texts: dict[Any, bytes] = {}
        self._codes: dict[Any, list[str]] = {}
        """What was altered, by value."""

    def rendered(self, cells: Sequence[Any]) -> Rendered | None:
        """The cells of a block; None if it does not pay to look them up, now or later."""
        try:
            return self._known(cells) or (self._known(cells) if self._learn(cells) else None)
        except TypeError:  # not to be hashed
            return None

    def _known(self, cells: Sequence[Any]) -> Rendered | None:
        try:
            texts = list(map(self._texts.__getitem__, cells))
        except KeyError:
            return None
        return Rendered(texts, Form.DONE, self._notes(cells) if self._codes else ())

    def _notes(self, cells: Sequence[Any]) -> list[Note]:
        altered = compress(count(), map(self._codes.__contains__, cells))
        return [(i, code) for i in altered for code in self._codes[cells[i]]]

    def _learn(self, cells: Sequence[Any]) -> bool:
        """Render what is missing; False if that is too much, or nothing is gained by it."""
        first, new = not self._texts, set(cells).difference(self._texts)
        if len(self._texts) + len(new) > _MOST:
            return False
        if None in new:
            new.remove(None)
            self._texts[None] = self._style.null
        if not set(map(type, new)) <= {bytes, str} or max(map(len, new), default=0) > _LONGEST:
            return False
        self._keep(list(new))
        return not (first and self._as_they_came())

    def _keep(self, new: list[Any]) -> None:
        if new:
            texts, form, notes = self._render(new)
            self._texts.update(zip(new, self._style.finish(texts, form), strict=True))
            for i, code in notes:
                self._codes.setdefault(new[i], []).append(code)

    def _as_they_came(self) -> bool:
        """Whether no cell is absent or altered: such text is written faster than looked up."""
        return None not in self._texts and list(self._texts.values()) == list(self._texts)
