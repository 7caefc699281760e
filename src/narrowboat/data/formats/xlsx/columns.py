"""A column's cells, by its declared type and by the Python type of the values; whatever does not fit becomes text."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from math import isfinite
from types import NoneType
from typing import Any, Final

from narrowboat.data.columns import Column, Type
from narrowboat.data.formats.scalars import integer_text, zone_of
from narrowboat.data.formats.xlsx import moments, numbers, text
from narrowboat.data.formats.xlsx.cells import NULL, Cells, Note, Render, nulls, value_cell, whole
from narrowboat.data.formats.xlsx.seen import Seen, SeenNumbers, SeenTexts
from narrowboat.data.formats.xlsx.styles import DATE, DATETIME, TIME, Styles

__all__ = ["ColumnCells"]

_MISFIT: Final = (ValueError, TypeError, LookupError, ArithmeticError)
_SURELY_TEXT: Final = frozenset({bytes, str})
_SURELY_NUMBERS: Final = frozenset({bytes, str, int, float})
_SURE: Final = {Type.BOOLEAN: frozenset({bytes})} | dict.fromkeys(
    (Type.INTEGER, Type.FLOAT, Type.DECIMAL, Type.MONEY, Type.ANY), _SURELY_NUMBERS
)
"""Types whose renderers refuse a block with values of any other: there it need not be asked of each."""


class ColumnCells(dict[type, Render]):
    """What renders a column's values, by their Python type. A class that is not known is taken as its parent."""

    def __init__(self, column: Column, styles: Styles) -> None:
        """Raises BadConfiguration for an unknown time zone, NotRepresentable for a currency that is no code."""
        super().__init__({NoneType: nulls})
        self._by_name = {**_TEXTS, **_for_type(column, styles)}
        self._sure = _SURE.get(column.type, _SURELY_TEXT)
        self._seen = self._seen_of(column.type)
        self._gaps = False
        """Whether a block had values that are absent or do not fit: from then on they are looked for first."""

    def __missing__(self, kind: type) -> Render:
        self[kind] = render = _found(self._by_name, kind)
        return render

    def cells(self, values: Sequence[Any]) -> Cells:
        """The values of one block."""
        if self._seen is not None:
            if (seen := self._seen.cells(values)) is not None:
                return seen
            self._seen = None
        if not self._gaps and (cells := self._at_once(values)):
            return cells
        self._gaps = True
        present = [value for value in values if value is not None]
        if not present:
            return nulls(values)
        cells = self._at_once(present) or self._sorted(present)
        return cells if len(present) == len(values) else _spread(cells, values)

    def _seen_of(self, kind: Type) -> Seen | None:
        if kind is Type.TEXT:
            return SeenTexts()
        return SeenNumbers(self[int]) if kind in (Type.INTEGER, Type.DECIMAL, Type.MONEY) else None

    def _at_once(self, values: Sequence[Any]) -> Cells | None:
        """Those of values that all are of one kind, which are most; no renderer of a sure type takes a None."""
        first = type(values[0])
        if first not in self._sure:
            return None
        try:
            return self[first](values)
        except _MISFIT:
            return None

    def _sorted(self, values: Sequence[Any]) -> Cells:
        """Values of one kind or several, each kind by itself."""
        renders = {self[kind] for kind in set(map(type, values))}
        if len(renders) == 1:
            return _alike(renders.pop(), values)
        inner, notes = [b""] * len(values), list[Note]()
        for render in renders:
            places = [place for place, value in enumerate(values) if self[type(value)] is render]
            cells = _alike(render, [values[place] for place in places])
            for place, cell in zip(places, whole(cells), strict=True):
                inner[place] = cell
            notes += [(places[index], code) for index, code in cells.notes]
        return Cells(b"", inner, b"", notes)


def _alike(render: Render, values: Sequence[Any]) -> Cells:
    """Values of one kind: all at once if all fit, else one by one."""
    try:
        return render(values)
    except _MISFIT:
        alone = [_alone(render, value) for value in values]
    notes = [(index, code) for index, cell in enumerate(alone) for _, code in cell.notes]
    return Cells(b"", [whole(cell)[0] for cell in alone], b"", notes)


def _spread(cells: Cells, values: Sequence[Any]) -> Cells:
    """The cells of those values that are there, put where those stand."""
    following = iter(whole(cells))
    inner = [NULL if value is None else next(following) for value in values]
    places = [place for place, value in enumerate(values) if value is not None] if cells.notes else []
    return Cells(b"", inner, b"", [(places[index], code) for index, code in cells.notes])


def _alone(render: Render, value: object) -> Cells:
    """One value, as text if it does not fit."""
    try:
        return render([value])
    except _MISFIT:
        cells = _found(_TEXTS, type(value))([value])
    endless = isinstance(value, float) and not isfinite(value)
    return cells._replace(notes=[(0, "not-finite" if endless else "written-as-text"), *cells.notes])


def _found(renders: Mapping[str, Render], kind: type) -> Render:
    """The renderer of a class or its nearest parent. By name, so that no library is imported to compare with it."""
    names = (f"{parent.__module__}.{parent.__qualname__}" for parent in kind.__mro__)
    name = next(name for name in names if name in renders)
    number = {"builtins.int": int, "builtins.float": float}.get(name, kind)
    return renders[name] if number is kind else _after(number, renders[name])


def _after(convert: Callable[[Any], object], render: Render) -> Render:
    return lambda values: render(list(map(convert, values)))


def _decoded(values: Sequence[bytes]) -> list[str]:
    texts = b"\0".join(values).decode().split("\0")
    if len(texts) != len(values):
        raise ValueError("NUL")
    return texts


def _from_bytes(render: Render) -> Render:
    return lambda values: render(_decoded(values))


def _refused(values: Sequence[object]) -> Cells:
    raise TypeError("no value of this column's type")


_TEXTS: Final[Mapping[str, Render]] = {
    "builtins.str": text.of_str,
    "builtins.bytes": text.of_bytes,
    "builtins.bytearray": text.of_bytes,
    "builtins.memoryview": text.of_bytes,
    "builtins.bool": _after(lambda value: "TRUE" if value else "FALSE", text.of_str),
    "builtins.int": _after(integer_text, text.of_str),
    "builtins.object": _after(str, text.of_str),
}
"""Any value as text."""


def _for_type(column: Column, styles: Styles) -> Mapping[str, Render]:
    """The renderers that a column's type adds to, or puts in place of, _TEXTS."""
    match column.type:
        case Type.TEXT:
            return {}
        case Type.BINARY:
            return _binary()
        case Type.BOOLEAN:
            return _booleans()
        case Type.DATE | Type.DATETIME | Type.TIME:
            return _moments(column)
        case Type.ANY:
            return _any(column)
        case Type.INTEGER:
            return _numbers(value_cell(styles.number(column)), numbers.exact, numbers.whole_numerals)
        case Type.FLOAT:
            return _numbers(value_cell(styles.number(column)), numbers.floats, numbers.numerals)
        case _:
            return _numbers(value_cell(styles.number(column)), numbers.exact, numbers.numerals)


def _any(column: Column) -> Mapping[str, Render]:
    number, zone = value_cell(), zone_of(column)
    return {
        "builtins.bool": partial(numbers.booleans, numbers.truth_cells(value_cell(kind=b"b"))),
        "builtins.int": partial(numbers.integers, number),
        "builtins.float": partial(numbers.floats, number),
        "decimal.Decimal": partial(numbers.decimals, number),
        "datetime.date": partial(moments.dates, value_cell(DATE)),
        "datetime.datetime": partial(moments.datetimes, value_cell(DATETIME), zone),
        "datetime.time": partial(moments.times, value_cell(TIME)),
        "uuid.UUID": _TEXTS["builtins.object"],
        "builtins.object": _refused,
    }


def _numbers(
    before: bytes, floats: Callable[[bytes, Sequence[float]], Cells], texts: Callable[[bytes, Sequence[bytes]], Cells]
) -> Mapping[str, Render]:
    integers, numerals = partial(floats, before), partial(texts, before)
    return {
        "builtins.bool": _after(int, integers),
        "builtins.int": integers,
        "builtins.float": integers,
        "decimal.Decimal": partial(numbers.decimals, before),
        "builtins.bytes": numerals,
        "builtins.str": _after(str.encode, numerals),
        "builtins.object": _refused,
    }


def _booleans() -> Mapping[str, Render]:
    booleans = partial(numbers.booleans, numbers.truth_cells(value_cell(kind=b"b")))
    return {
        "builtins.bool": booleans,
        "builtins.int": booleans,
        "builtins.str": booleans,
        "builtins.bytes": _from_bytes(booleans),
        "builtins.object": _refused,
    }


def _binary() -> Mapping[str, Render]:
    encoded = _after(partial(b2a_base64, newline=False), text.of_bytes)
    return {
        "builtins.bytes": encoded,
        "builtins.bytearray": encoded,
        "builtins.memoryview": encoded,
        "builtins.str": _refused,
        "builtins.object": _refused,
    }


def _moments(column: Column) -> Mapping[str, Render]:
    renders: dict[str, Render] = {"builtins.int": _refused, "builtins.bool": _refused, "builtins.object": _refused}
    match column.type:
        case Type.DATE:
            days = partial(moments.dates, value_cell(DATE))
            texts = partial(moments.text_dates, value_cell(DATE))
            renders |= {"datetime.date": days, "builtins.str": texts, "builtins.bytes": _from_bytes(texts)}
            renders["datetime.datetime"] = partial(moments.naive_dates, value_cell(DATE))
        case Type.DATETIME:
            before, zone = value_cell(DATETIME), zone_of(column)
            texts = partial(moments.text_datetimes, before, zone)
            exact = partial(moments.datetimes, before, zone)
            renders |= {"datetime.datetime": exact, "builtins.str": texts, "builtins.bytes": _from_bytes(texts)}
            renders["datetime.date"] = _after(_midnight, exact)
        case _:
            texts = partial(moments.text_times, value_cell(TIME))
            renders |= {"datetime.time": partial(moments.times, value_cell(TIME))}
            renders |= {"builtins.str": texts, "builtins.bytes": _from_bytes(texts)}
    return renders


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
