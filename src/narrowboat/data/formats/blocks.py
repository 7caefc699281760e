"""A block of rows as columns of text, and what was altered on the way.

A block is worked on by column, not by cell, because the cells of a column are nearly always of one kind: they
are joined into one piece, which C code checks at memory speed, and only a column with something special in it
is looked at cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import countOf
from typing import Any, Final

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alterations
from narrowboat.data.formats.cells import Conversion, Form, Note, Rendered, Style
from narrowboat.data.formats.conversions import Conversions, expects_text
from narrowboat.data.formats.repeats import Repeats
from narrowboat.data.source import Row
from narrowboat.errors import NotRepresentable

__all__ = ["BlockText", "turned"]

_NULL: Final = type(None)


class BlockText:
    """Renders a table's blocks in one style."""

    __slots__ = ("_columns", "_texts")

    def __init__(self, columns: Sequence[Column], style: Style) -> None:
        """Raises BadConfiguration for an unknown time zone."""
        self._columns = columns
        self._texts = [_ColumnText(column, style) for column in columns]

    def render(self, cells: Sequence[Sequence[Any]], before: int, alterations: Alterations) -> list[Rendered]:
        """Each column's cells as text. before: rows written before these, to number what is altered."""
        rendered = [text.render(column) for text, column in zip(self._texts, cells, strict=True)]
        if any(column.notes for column in rendered):
            notes = ((row, k, code) for k, column in enumerate(rendered) for row, code in column.notes)
            for row, k, code in sorted(notes):
                alterations.add(before + row + 1, self._columns[k].name, code)
        return rendered


def turned(rows: Sequence[Row], width: int, before: int) -> list[list[Any]]:
    """The rows as columns. Raises NotRepresentable if a row has not `width` cells."""
    if not {width}.issuperset(map(len, rows)):
        row = next(i for i, row in enumerate(rows) if len(row) != width)
        have = f"Row {before + row + 1} has {len(rows[row])} cells, the table {width} columns."
        raise NotRepresentable(f"{have} Let the source deliver one cell for each column.")
    cells = list(chain.from_iterable(rows))
    return [cells[place::width] for place in range(width)]


class _ColumnText:
    """Renders the cells of one column, block after block. Raises for no value of any kind."""

    __slots__ = ("_binary", "_conversions", "_expects_text", "_repeats", "_style")

    def __init__(self, column: Column, style: Style) -> None:
        self._style = style
        self._conversions = Conversions(column, style)
        self._expects_text, self._binary = expects_text(column), column.type is Type.BINARY
        self._repeats = Repeats(style, self._present) if column.type is Type.TEXT else None

    def render(self, cells: Sequence[Any]) -> Rendered:
        if self._repeats is not None:
            if (rendered := self._repeats.rendered(cells)) is not None:
                return rendered
            self._repeats = None
        if alike := self._alike(cells):
            return alike
        present = [cell for cell in cells if cell is not None]
        if not present:
            return Rendered([self._style.null] * len(cells), Form.DONE)
        rendered = self._present(present)
        return rendered if len(present) == len(cells) else self._spread(cells, present, rendered)

    def _present(self, cells: Sequence[Any]) -> Rendered:
        return self._alike(cells) or self._by_kind(cells)

    def _alike(self, cells: Sequence[Any]) -> Rendered | None:
        """None if not all cells are of one type. Most are text, so that is tried before anybody looks at each type."""
        first = type(cells[0])
        try:
            if first is bytes and not self._binary:
                return self._conversions[bytes](cells)
            if first is str and self._expects_text:
                return self._conversions[bytes](list(map(str.encode, cells)))
        except (TypeError, UnicodeEncodeError):
            return None
        if first is _NULL or countOf(map(type, cells), first) != len(cells):
            return None
        return self._conversions[first](cells)

    def _by_kind(self, cells: Sequence[Any]) -> Rendered:
        conversion = self._conversions.of_all(set(map(type, cells)))
        return self._mixed(cells) if conversion is None else conversion(cells)

    def _spread(self, cells: Sequence[Any], present: Sequence[Any], rendered: Rendered) -> Rendered:
        """What was rendered of the cells that are present, with nulls between."""
        null, texts = self._style.null, self._style.finish(rendered.texts, rendered.form)
        if texts is present:  # nothing had to be changed
            spread = [null if cell is None else cell for cell in cells]
        else:
            take = iter(texts).__next__
            spread = [null if cell is None else take() for cell in cells]
        if not rendered.notes:
            return Rendered(spread, Form.DONE)
        at = [i for i, cell in enumerate(cells) if cell is not None]
        return Rendered(spread, Form.DONE, [(at[i], code) for i, code in rendered.notes])

    def _mixed(self, cells: Sequence[Any]) -> Rendered:
        """Each conversion on the cells it is meant for."""
        places: dict[Conversion, list[int]] = {}
        for i, cell in enumerate(cells):
            places.setdefault(self._conversions[type(cell)], []).append(i)
        spread = [b""] * len(cells)
        notes: list[Note] = []
        for convert, at in places.items():
            texts, form, altered = convert([cells[i] for i in at])
            notes += [(at[i], code) for i, code in altered]
            for i, text in zip(at, self._style.finish(texts, form), strict=True):
                spread[i] = text
        return Rendered(spread, Form.DONE, notes)
