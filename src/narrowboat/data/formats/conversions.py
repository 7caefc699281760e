"""Which conversion a cell gets: by the column's declared type, then by the cell's Python type."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime, tzinfo
from functools import partial
from operator import methodcaller
from typing import Any, Final

from narrowboat.data.columns import Column, Type
from narrowboat.data.formats.cells import Conversion, Form, Rendered, Style
from narrowboat.data.formats.joint import UNIT, Texts, are_whole, join
from narrowboat.data.formats.moments import utc_texts
from narrowboat.data.formats.scalars import (
    are_in,
    base64_text,
    decimal_text,
    integer_text,
    moment_text,
    scale_of,
    text_moment,
    zone_of,
)

__all__ = ["Conversions", "expects_text", "nearest"]


def expects_text(column: Column) -> bool:
    """Whether the column's cells are likely to be text that is written as it stands."""
    return column.type in (Type.TEXT, Type.DATE, Type.TIME, Type.ANY)


def nearest(kind: type, known: Container[str]) -> str:
    """The full name of the class itself or of its nearest parent that is among the known ones; `object` must be."""
    names = (f"{parent.__module__}.{parent.__qualname__}" for parent in kind.__mro__)
    return next(name for name in names if name in known)


class Conversions(dict[type, Conversion]):
    """One column's conversions by the cells' Python type. A class that is not known is taken as its parent."""

    def __init__(self, column: Column, style: Style) -> None:
        """Raises BadConfiguration for an unknown time zone."""
        super().__init__()
        self._column, self._style = column, style
        zone_of(column)

    def __missing__(self, kind: type) -> Conversion:
        by_name = _for_any(self._column, self._style) | _for_declared(self._column, self._style)
        self[kind] = by_name[nearest(kind, by_name)]
        return self[kind]

    def of_all(self, kinds: Set[type]) -> Conversion | None:
        """The one that takes cells of any of these types, if there is one."""
        found = {self[kind] for kind in kinds}
        if found == {self.get(float), _integers} and kinds == {int, float}:
            return partial(_numbers, self._style)
        return found.pop() if len(found) == 1 else None


def _for_any(column: Column, style: Style) -> dict[str, Conversion]:
    """What holds in every column, unless its type says otherwise. By name, so that nothing is imported for it."""
    text = partial(_text, style)
    moment = partial(moment_text, zone=zone_of(column), separator=style.separator)
    moments = partial(_plain, moment)
    return {
        "builtins.bytes": text,
        "builtins.str": partial(_encoded, text),
        "builtins.int": _integers,
        "builtins.float": partial(_floats, style),
        "builtins.bool": _booleans,
        "decimal.Decimal": partial(_decimals, style, 0),
        "datetime.date": moments,
        "datetime.datetime": partial(_moments, zone_of(column), style.separator, moment),
        "datetime.time": moments,
        "uuid.UUID": partial(_plain, str),
        "builtins.object": partial(_others, style),
    }


def _for_declared(column: Column, style: Style) -> dict[str, Conversion]:
    match column.type:
        case Type.TEXT:
            number = partial(_plain, _number_text)
            return {"builtins.int": number, "builtins.float": number, "builtins.bool": partial(_plain, _boolean_text)}
        case Type.INTEGER:
            return {"builtins.bytes": partial(_text_integers, style)}
        case Type.BOOLEAN:
            return {"builtins.int": _zero_one}
        case Type.BINARY:
            return {"builtins.bytes": partial(_base64, style) if style.base64 else _raw}
        case Type.DATE:
            return {"builtins.bytes": partial(_text_days, style)}
        case Type.DATETIME:
            moment = partial(text_moment, zone=zone_of(column), separator=style.separator)
            return _of_text(partial(_text_moments, style, moment))
        case Type.DECIMAL | Type.MONEY:
            scale = scale_of(column)
            numbers = partial(_decimal_numbers, style, scale)
            return {
                **_of_text(partial(_text_decimals, style, scale)),
                "builtins.int": numbers,
                "builtins.float": numbers,
                "decimal.Decimal": partial(_decimals, style, scale),
            }
    return {}


def _of_text(convert: Callable[[Texts], Rendered]) -> dict[str, Conversion]:
    return {"builtins.bytes": convert, "builtins.str": partial(_encoded, convert)}


def _text(style: Style, cells: Texts) -> Rendered:
    return style.text(cells, join(cells))


def _encoded(convert: Callable[[Texts], Rendered], cells: Sequence[str]) -> Rendered:
    try:
        return convert(list(map(str.encode, cells)))
    except UnicodeEncodeError:  # a lone surrogate: bytes that are no UTF-8 either, so the style repairs them
        return convert([cell.encode("utf-8", "surrogatepass") for cell in cells])


def _integers(cells: Sequence[int]) -> Rendered:
    try:
        line = b"%d " * len(cells) % tuple(cells)
    except ValueError:  # one of more than 4,300 digits
        return Rendered(_split(map(integer_text, cells)), Form.BARE)
    return Rendered(line.split(), Form.BARE)


def _floats(style: Style, cells: Sequence[float]) -> Rendered:
    return style.floats(", ".join(map(float.__repr__, cells)).encode())


def _numbers(style: Style, cells: Sequence[int | float]) -> Rendered:
    try:
        return style.floats(", ".join(map(repr, cells)).encode())
    except ValueError:  # an integer of more than 4,300 digits
        return style.floats(", ".join(map(_number_text, cells)).encode())


def _number_text(number: float) -> str:
    return integer_text(number) if isinstance(number, int) else float.__repr__(number)


def _booleans(cells: Sequence[bool]) -> Rendered:
    return Rendered(list(map(_BOOLEANS.__getitem__, cells)), Form.BARE)


def _zero_one(cells: Sequence[int]) -> Rendered:
    """The integers 0 and 1 of a boolean column; others stay the numbers they are."""
    try:
        return Rendered(list(map(_BOOLEANS.__getitem__, cells)), Form.BARE)
    except KeyError:
        return Rendered([_BOOLEANS.get(cell) or integer_text(cell).encode() for cell in cells], Form.BARE)


_BOOLEANS: Final = {0: b"false", 1: b"true"}


def _boolean_text(value: bool) -> str:
    return "true" if value else "false"


def _plain(text: Callable[[Any], str], cells: Sequence[Any]) -> Rendered:
    return Rendered(_split(map(text, cells)), Form.PLAIN)


def _moments(zone: tzinfo, separator: str, moment: Callable[[datetime], str], cells: Sequence[datetime]) -> Rendered:
    """Most are in the zone already."""
    if not are_in(zone, cells):
        return _plain(moment, cells)
    if zone is UTC:
        return Rendered(_split(utc_texts(cells, separator)), Form.PLAIN)
    return _plain(methodcaller("isoformat", separator), cells)


def _base64(style: Style, cells: Texts) -> Rendered:
    """Of no bytes, empty text: not what a null is."""
    texts, form, _ = _plain(base64_text, cells)
    return Rendered(texts if all(texts) else [text or style.empty for text in texts], form)


def _raw(cells: Texts) -> Rendered:
    return Rendered(cells, Form.PLAIN)


def _others(style: Style, cells: Sequence[Any]) -> Rendered:
    """Values of a type that no source should deliver: what Python prints for them, and said so."""
    texts = _encoded(partial(_text, style), [str(cell) for cell in cells])
    return texts._replace(notes=[*texts.notes, *((i, "written-as-text") for i in range(len(cells)))])


def _decimals(style: Style, scale: int, cells: Sequence[Any]) -> Rendered:
    return _padded(style, scale, map(str, cells))


def _decimal_numbers(style: Style, scale: int, cells: Sequence[int | float]) -> Rendered:
    """Ints and floats of a decimal column: with just `scale` digits where that says the same."""
    line = _with_digits(scale, cells) if scale else b""
    texts = line.split()
    if texts and max(map(len, texts)) <= _EXACT and list(map(float, texts)) == list(cells):
        return Rendered(texts if style.point == "." else line.replace(b".", b",").split(), Form.PLAIN)
    return _padded(style, scale, map(_number_text, cells))


_EXACT: Final = 16
"""A point and up to 15 digits: two such decimals are never the same float, so Python's own notation agrees."""


def _with_digits(scale: int, cells: Sequence[int | float]) -> bytes:
    try:
        return b"%%.%df " % scale * len(cells) % tuple(cells)
    except TypeError:  # an int beyond the largest float
        return b""


def _padded(style: Style, scale: int, numbers: Iterable[str]) -> Rendered:
    """Numbers with at least `scale` digits after the point; what is not finite keeps its name."""
    texts = (decimal_text(number, scale) or number for number in numbers)
    return Rendered(_split(text.replace(".", style.point) for text in texts), Form.PLAIN)


def _text_integers(style: Style, cells: Texts) -> Rendered:
    """Integers that came as text; where any is other text, all are written as they stand."""
    joint = join(cells)
    if are_whole(cells, joint) or re.fullmatch(rb"(?>(?:\x1f(?:0|-?[1-9]\d*+))*)\x1f", joint):
        return Rendered(cells, Form.BARE)
    return style.text(cells, joint)


def _text_decimals(style: Style, scale: int, cells: Texts) -> Rendered:
    """Numbers that came as text; other text is written as it stands."""
    joint = join(cells)
    fraction = rb"\.\d{%d,}+" % scale if scale else rb"(?>\.\d+|)"
    if style.point == "." and re.fullmatch(rb"(?>(?:\x1f[+-]?\d++%b)*)\x1f" % fraction, joint):
        return Rendered(cells, Form.PLAIN)
    numbers = [decimal_text(cell.decode("utf-8", "replace"), scale) for cell in cells]
    return _text(
        style,
        [cell if n is None else n.replace(".", style.point).encode() for cell, n in zip(cells, numbers, strict=True)],
    )


def _text_days(style: Style, cells: Texts) -> Rendered:
    """Days that came as text; other text is written as it stands."""
    joint = join(cells)
    return Rendered(cells, Form.PLAIN) if _shaped(joint, len(cells), 11, _DAY) else style.text(cells, joint)


def _text_moments(style: Style, moment: Callable[[str], str | None], cells: Texts) -> Rendered:
    """Moments that came as text; other text is written as it stands."""
    joint, wanted, other = join(cells), *((b" ", b"T") if style.separator == " " else (b"T", b" "))
    if _shaped(joint, len(cells), 20, _MOMENT[wanted]):
        return Rendered(cells, Form.PLAIN)
    if _shaped(joint, len(cells), 20, _MOMENT[other]):
        return Rendered(joint.replace(other, wanted)[1:-1].split(UNIT), Form.PLAIN)
    texts = [moment(cell.decode("utf-8", "replace")) for cell in cells]
    return _text(style, [cell if text is None else text.encode() for cell, text in zip(cells, texts, strict=True)])


_DAY: Final = {0: UNIT, 5: b"-", 8: b"-"}
_MOMENT: Final = {mark: {**_DAY, 11: mark, 14: b":", 17: b":"} for mark in (b" ", b"T")}


def _shaped(joint: bytes, number: int, size: int, marks: Mapping[int, bytes]) -> bool:
    """Whether each cell is digits but for these marks at these places. Five times as fast as a regular expression.

    size: of a cell with the UNIT before it.
    """
    return (
        len(joint) == size * number + 1
        and len(joint.translate(None, b"0123456789")) == len(marks) * number + 1
        and all(joint[place:-1:size] == mark * number for place, mark in marks.items())
    )


def _split(texts: Iterable[str]) -> list[bytes]:
    return "\x1f".join(texts).encode().split(UNIT)
