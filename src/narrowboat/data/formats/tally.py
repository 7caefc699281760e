"""What a Parquet column's values need: noted block by block, so that its type is known when all rows are.

Values travel as text; a value is of a kind if Arrow can parse its text as that kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from narrowboat.data.columns import Column, Type
from narrowboat.data.formats.conversions import nearest
from narrowboat.data.formats.scalars import scale_of

__all__ = ["Tally", "parsed"]

Texts: TypeAlias = Sequence[bytes | None]

_MOST_DIGITS: Final = 38
"""Digits of a decimal128; on each side of the point of a decimal256."""
_EXACT_DIGITS: Final = 15
"""Decimal digits that a float64 always holds."""

_MOMENTS: Final = (("naive", pa.timestamp("us")), ("aware", pa.timestamp("us", "UTC")))
_DECIMAL: Final = (("decimal", re.compile(rb"[+-]?0*\d{1,38}(?:\.\d{1,38})?")),)
_LONG: Final = re.compile(rb"[+-]?0*\d{1,38}")
"""Not asked of Arrow, whose decimals overflow in silence."""
_KINDS: Final[dict[Type, tuple[tuple[str, Any], ...]]] = {
    Type.INTEGER: (("integer", pa.int64()), ("long", _LONG)),
    Type.FLOAT: (("float", pa.float64()),),
    Type.DECIMAL: _DECIMAL,
    Type.MONEY: _DECIMAL,
    Type.DATE: (("date", pa.date32()), *_MOMENTS),
    Type.DATETIME: _MOMENTS,
    Type.TIME: (("time", pa.time64("us")),),
    Type.BOOLEAN: (("boolean", pa.bool_()),),
}
"""The kinds that a declared type allows, tried in this order, and what tells whether text is of the kind."""

_UNDECLARED: Final = {
    "builtins.object": Type.TEXT,
    "builtins.int": Type.INTEGER,
    "builtins.float": Type.FLOAT,
    "builtins.bool": Type.BOOLEAN,
    "decimal.Decimal": Type.DECIMAL,
    "datetime.date": Type.DATE,
    "datetime.datetime": Type.DATETIME,
    "datetime.time": Type.TIME,
}


class Tally:
    """The kinds seen in one column, and the most digits before and after the point in exact numbers."""

    __slots__ = ("column", "kinds", "scale", "whole")

    def __init__(self, column: Column, kinds: Iterable[str], whole: int, scale: int) -> None:
        self.column, self.kinds = column, set(kinds)
        self.whole, self.scale = whole, scale

    def note(self, cells: Sequence[Any], texts: Texts) -> list[int]:
        """Note a block. cells: as they came; texts: the same as text. Returns which of them the column cannot hold."""
        if self.column.type in (Type.TEXT, Type.BINARY):
            return []
        if self.column.type is not Type.ANY:
            at = [i for i, text in enumerate(texts) if text is not None]
            return self._note_as(self.column.type, texts, at)
        for type, at in _by_type(cells).items():
            if self._note_as(type, texts, at):
                self.kinds.add("text")
        return []

    def _note_as(self, type: Type, texts: Texts, at: list[int]) -> list[int]:
        """Returns the places of texts that are of no kind that the type allows."""
        for kind, test in _KINDS.get(type, ()):
            if not at:
                break
            unfit = {at[k] for k in _unfit([texts[i] or b"" for i in at], test)}
            if len(unfit) < len(at):
                self.kinds.add(kind)
                self._measure(kind, (texts[i] or b"" for i in at if i not in unfit))
            at = sorted(unfit)
        return at

    def _measure(self, kind: str, texts: Iterable[bytes]) -> None:
        if kind in ("integer", "long", "decimal"):
            for text in texts:
                whole, _, fraction = text.lstrip(b"+-0").partition(b".")
                self.whole, self.scale = max(self.whole, len(whole)), max(self.scale, len(fraction))

    def arrow_type(self) -> Any:
        """The narrowest Arrow type that holds every value noted."""
        match self.column.type:
            case Type.ANY:
                return self._undeclared()
            case Type.INTEGER:
                return pa.decimal128(_MOST_DIGITS, 0) if "long" in self.kinds else pa.int64()
            case Type.DECIMAL | Type.MONEY:
                return self._decimal()
            case Type.DATE | Type.DATETIME:
                return self._moment()
        return _FIXED[self.column.type]

    def _undeclared(self) -> Any:
        kinds = self.kinds
        if kinds == {"integer"}:
            return pa.int64()
        if kinds and kinds <= {"integer", "long", "decimal"}:
            return self._decimal()
        if kinds in ({"float"}, {"integer", "float"}) and self.whole <= _EXACT_DIGITS:
            return pa.float64()
        if kinds in ({"boolean"}, {"time"}):
            return _FIXED[Type(next(iter(kinds)))]
        if kinds and kinds <= {"date", "naive", "aware"}:
            return self._moment()
        return pa.string()

    def _decimal(self) -> Any:
        scale = max(self.scale, scale_of(self.column))
        if self.whole + scale <= _MOST_DIGITS:
            return pa.decimal128(_MOST_DIGITS, scale)
        return pa.decimal256(2 * _MOST_DIGITS, scale)

    def _moment(self) -> Any:
        kinds = self.kinds
        if not kinds and self.column.type is Type.DATE:
            return pa.date32()
        if kinds == {"aware"} or (not kinds and self.column.zone):
            return pa.timestamp("us", self.column.zone or "UTC")
        if "aware" in kinds:
            return pa.string()
        return pa.date32() if kinds == {"date"} else pa.timestamp("us")


_FIXED: Final = {
    Type.TEXT: pa.string(),
    Type.BINARY: pa.binary(),
    Type.FLOAT: pa.float64(),
    Type.TIME: pa.time64("us"),
    Type.BOOLEAN: pa.bool_(),
}


def parsed(texts: Any, arrow: Any) -> Any:
    """An array of text as an array of another type. Raises ArrowInvalid for text that is none."""
    if pa.types.is_time(arrow):  # which Arrow parses only behind a date
        return pc.binary_join_element_wise("1970-01-01T", texts, "").cast(pa.timestamp("us")).cast(arrow)
    return texts.cast(arrow)


def _unfit(texts: Sequence[bytes], test: Any) -> list[int]:
    """Which texts are not of the kind that `test` tells: a pattern or an Arrow type."""
    if isinstance(test, re.Pattern):
        return [i for i, text in enumerate(texts) if not test.fullmatch(text)]
    return _unparsed(pa.array(texts, pa.string()), test)


def _unparsed(texts: Any, arrow: Any) -> list[int]:
    """Which texts Arrow cannot parse, found by halving."""
    try:
        parsed(texts, arrow)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return [0]
    else:
        return []
    half = len(texts) // 2
    return _unparsed(texts[:half], arrow) + [half + i for i in _unparsed(texts[half:], arrow)]


def _by_type(cells: Sequence[Any]) -> dict[Type, list[int]]:
    """The places of cells that are not null, by the type that they would be declared as."""
    types = {kind: _UNDECLARED[nearest(kind, _UNDECLARED)] for kind in set(map(type, cells)) - {type(None)}}
    places: dict[Type, list[int]] = {}
    for i, cell in enumerate(cells):
        if cell is not None:
            places.setdefault(types[type(cell)], []).append(i)
    return places
