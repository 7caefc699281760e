"""Numbers and booleans. A number that a spreadsheet could not hold digit by digit does not fit, and becomes text.

A cell's number is an IEEE double: whole numbers to 2^53 and decimals of 15 digits are told apart in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import countOf
from typing import Any, Final

from narrowboat.data.formats.joint import are_whole, join
from narrowboat.data.formats.xlsx.cells import VALUE_END, Cells, found, spelled

__all__ = [
    "LARGEST",
    "TRUTH",
    "booleans",
    "decimals",
    "exact",
    "floats",
    "integers",
    "numerals",
    "truth_cells",
    "whole_numerals",
]

LARGEST: Final = 2**53
_DIGITS: Final = 15
_IN_NUMBERS: Final = b"0123456789.-+e, "
"""What a list of finite ints and floats is spelled with."""
_BETWEEN: Final = b", "
_REACH: Final = 300
"""Powers of ten, up or down, that surely stay within a double's."""
_SMALL: Final = re.compile(rb"(?:-?(?=[\d.]{1,16}\0)(?:0|[1-9]\d{0,14})(?:\.\d+)?\0)*")
"""Numbers of at most 15 digits, each with NUL behind it."""
_NUMERAL: Final = rb"-?(0|[1-9]\d*)(?:\.(\d+))?(?:[Ee][+-]?(\d+))?"

TRUTH: Final[dict[Any, bytes]] = {False: b"0", True: b"1"} | {
    spelling: digit
    for word, digit in {"0": b"0", "f": b"0", "false": b"0", "1": b"1", "t": b"1", "true": b"1"}.items()
    for spelling in (word, word.upper(), word.title())
}
"""What stands for no and yes: booleans, 0 and 1, and the words of SQL."""


def truth_cells(before: bytes) -> Mapping[Any, bytes]:
    """The cell of each value in TRUTH."""
    return {value: before + digit + VALUE_END for value, digit in TRUTH.items()}


def integers(before: bytes, values: Sequence[int]) -> Cells:
    """Ints, and floats among them. Raises TypeError for others, OverflowError past 2^53."""
    if countOf(map(type, values), int) != len(values):
        return floats(before, values)
    if _past_the_largest(values):
        raise OverflowError
    return spelled(before, values)


def floats(before: bytes, values: Sequence[float]) -> Cells:
    """Floats, and ints among them. Raises TypeError for others and what is not finite, OverflowError past 2^53.

    Their spelling tells all that: asking each value for its type and size would take longer than to spell it.
    """
    return _cells(before, _spelling(values))


def exact(before: bytes, values: Sequence[float]) -> Cells:
    """Ints and floats, and those that are equal look the same: 1.0 as 1. Raises what `floats` raises."""
    total = sum(values)
    if type(total) is int:  # all of them are; True is spelled as 1
        if (total > LARGEST or min(values) < 0) and _past_the_largest(values):
            raise OverflowError
        return spelled(before, values)
    spelling = _spelling(values) + _BETWEEN
    if b".0, " in spelling:
        spelling = spelling.replace(b".0, ", _BETWEEN).replace(b"-0, ", b"0, ")
    return _cells(before, spelling.removesuffix(_BETWEEN))


def _spelling(values: Sequence[float]) -> bytes:
    """The values as a list shows them, if all are numbers."""
    spelling = repr(list(values))[1:-1].encode()
    if spelling.translate(None, _IN_NUMBERS):
        raise TypeError
    if _past_the_largest(values) and _past_the_largest([value for value in values if isinstance(value, int)]):
        raise OverflowError
    return spelling


def _cells(before: bytes, spelling: bytes) -> Cells:
    cells = before + spelling.replace(_BETWEEN, VALUE_END + b"\0" + before) + VALUE_END
    return Cells(b"", cells.split(b"\0"), b"")


def decimals(before: bytes, values: Iterable[object]) -> Cells:
    """What prints as a number: Decimal."""
    return numerals(before, [str(value).encode() for value in values])


def numerals(before: bytes, values: Sequence[bytes]) -> Cells:
    """Numbers as ASCII text. Raises ValueError for what is none, or has over 15 digits."""
    joined = b"\0".join([*values, b""])
    if joined.count(b"\0") != len(values) or not _SMALL.fullmatch(joined):
        for value in values:
            _require_exact(value)
    return Cells(before, values, VALUE_END)


def whole_numerals(before: bytes, values: Sequence[bytes]) -> Cells:
    """Integers as ASCII text. Raises ValueError for what is no number, OverflowError past 2^53."""
    if are_whole(values, join(values)) and max(map(len, values)) <= _DIGITS:
        return Cells(before, values, VALUE_END)
    try:
        return numerals(before, values)
    except OverflowError:  # 16 digits may be exact too
        return integers(before, list(map(int, values)))


def booleans(cells: Mapping[Any, bytes], values: Sequence[object]) -> Cells:
    """What has a cell of `truth_cells`. Raises KeyError for the rest."""
    return Cells(b"", found(cells, values), b"")


def _past_the_largest(values: Sequence[float]) -> bool:
    return max(values, default=0) > LARGEST or min(values, default=0) < -LARGEST


def _require_exact(value: bytes) -> None:
    match = re.fullmatch(_NUMERAL, value)
    if not match:
        raise ValueError
    whole, fraction, exponent = match.groups(b"")
    if len((whole + fraction).strip(b"0")) > _DIGITS or len(whole + fraction) + int(exponent[:9] or 0) > _REACH:
        raise OverflowError
