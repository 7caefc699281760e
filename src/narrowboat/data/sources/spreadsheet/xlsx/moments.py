"""Numbers that are dates: which number formats say so, and what day a number is."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache
from math import floor, isfinite
from typing import Final, TypeAlias

Moment: TypeAlias = date | datetime | time | timedelta | float


class Kind(IntEnum):
    """What a number format makes of a number."""

    NUMBER = 0
    DATE = 1
    DATETIME = 2
    TIME = 3
    ELAPSED = 4


BUILT_IN: Final = {
    **dict.fromkeys((14, 15, 16, 17), Kind.DATE),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), Kind.TIME),
    22: Kind.DATETIME,
    46: Kind.ELAPSED,
    **dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), Kind.DATE),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), Kind.TIME),
}
"""ECMA-376 part 1, 18.8.30. 27 to 36 and 50 to 58 are dates and times in the East Asian locales."""

_NOT_CODE: Final = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]|general', re.I | re.S)
_HALF_DAY: Final = re.compile(r"am/pm|a/p|上午/下午", re.I)
_ELAPSED: Final = re.compile(r"\[(?:h+|m+|s+)\]", re.I)
_LAST: Final = 2_958_465.999_99
"""Seconds before 1899-12-30 and so many days are the year 10000."""
_LAST_1904: Final = _LAST - 1462
_DAY: Final = 86_400_000
"""Milliseconds."""
_MILLISECOND: Final = timedelta(milliseconds=1)
_DATE, _SPAN = Kind.DATE, Kind.ELAPSED
"""An enum's own names are slow to look up."""


@lru_cache(maxsize=1024)
def kind_of(code: str) -> Kind:
    """What a format code makes of a number, judged by its first section."""
    section = _HALF_DAY.sub("h", _NOT_CODE.sub("", code).split(";")[0]).lower()
    if _ELAPSED.search(section):
        return Kind.ELAPSED
    clock = "h" in section or "s" in section
    day = "y" in section or "d" in section or ("m" in section and not clock)
    if day and clock:
        return Kind.DATETIME
    return Kind.DATE if day else Kind.TIME if clock else Kind.NUMBER


class Calendar:
    """Serial numbers to moments, by the workbook's date system."""

    def __init__(self, *, since_1904: bool) -> None:
        self._since_1904 = since_1904
        self._epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)
        self._zero = self._epoch.toordinal()

    def moment(self, serial: float, kind: Kind) -> Moment:
        """What a cell of this kind shows. A number that names no day stays a number.

        Fractions of a day are rounded to milliseconds, which is as exact as a spreadsheet is. In the 1900 system
        day 60 is 29 February 1900, which never was, and the days before it are shifted by one.
        """
        if 61 <= serial <= _LAST_1904 and kind is not _SPAN:  # nearly all: no day is out of order
            if kind is not _DATE:
                return self._epoch + _MILLISECOND * round(serial * _DAY)
            if serial == (whole := int(serial)):
                return date.fromordinal(self._zero + whole)
            return self._shown(0, round(serial * _DAY), kind)
        if kind is _SPAN:
            return timedelta(milliseconds=round(serial * _DAY)) if abs(serial) < _LAST else serial
        if not isfinite(serial) or not 0 <= serial < (_LAST_1904 if self._since_1904 else _LAST):
            return serial
        day, milliseconds = floor(serial), round((serial - floor(serial)) * _DAY)
        if day == 0 and not (self._since_1904 and kind is not Kind.TIME):
            return (datetime.min + timedelta(milliseconds=milliseconds % _DAY)).time()
        if not self._since_1904 and day <= 60:
            if day == 60:
                return serial
            day += 1
        return self._shown(day, milliseconds, kind)

    def _shown(self, day: int, milliseconds: int, kind: Kind) -> Moment:
        moment = self._epoch + timedelta(day, 0, 0, milliseconds)
        return moment.date() if kind is Kind.DATE and not milliseconds % _DAY else moment
