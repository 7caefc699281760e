"""Dates and times as serial numbers: days since 1899-12-30, times as fractions of a day (ECMA-376 part 1, 18.17.4).

Serial 60 is 1900-02-29, a day that never was. Readers disagree on what lies before, so moments before 1900-03-01
do not fit, and become text. Python's last year, 9999, is Excel's as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import repeat
from operator import attrgetter, sub
from typing import Final

from narrowboat.data.formats.scalars import are_in
from narrowboat.data.formats.xlsx.cells import VALUE_END, Cells, spelled

__all__ = ["dates", "datetimes", "naive_dates", "text_dates", "text_datetimes", "text_times", "times"]

_EPOCH: Final = datetime(1899, 12, 30)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_FIRST_DAY: Final = date(1900, 3, 1).toordinal() - _EPOCH_DAY
_FIRST: Final = timedelta(_FIRST_DAY)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_000) - _EPOCH
"""Readers round to milliseconds, and for the day after this one there is no date."""
_MICROSECONDS: Final = attrgetter("microseconds")
_PERCENT: Final = [b".%02d" % part for part in range(100)]
_PERCENT_SECONDS: Final = 864
"""A hundredth of a day: the seconds within it do not change the first two digits of the part of a day."""
_WITHIN: Final = [b"%010d%b" % ((second * 625_000_000 + 27) // 54, VALUE_END) for second in range(_PERCENT_SECONDS)]
"""Its digits from the third on, in 10^-12 days, rounded, and the end of the cell."""
_DAY_LENGTH: Final = len("yyyy-mm-dd")


def dates(before: bytes, values: Sequence[date]) -> Cells:
    """Days. Raises ValueError for those too early."""
    numbers = [ordinal - _EPOCH_DAY for ordinal in map(date.toordinal, values)]
    if min(numbers) < _FIRST_DAY:
        raise ValueError
    return spelled(before, numbers)


def text_dates(before: bytes, values: Sequence[str]) -> Cells:
    """Days as ISO 8601 text; midnight may follow. Raises ValueError for what is none."""
    try:
        days = list(map(date.fromisoformat, values))
    except ValueError:
        days = list(map(date.fromisoformat, map(_day, values)))
    return dates(before, days)


def naive_dates(before: bytes, values: Sequence[datetime]) -> Cells:
    """Midnights as days. Raises ValueError for any other time of day, TypeError for aware ones."""
    deltas = list(map(sub, values, repeat(_EPOCH)))
    if any(delta.seconds or delta.microseconds for delta in deltas) or min(deltas) < _FIRST:
        raise ValueError
    return spelled(before, [delta.days for delta in deltas])


def datetimes(before: bytes, zone: tzinfo, values: Sequence[datetime]) -> Cells:
    """Moments; aware ones as the clock shows them in `zone`. Raises ValueError for those too early."""
    try:
        deltas = list(map(sub, values, repeat(_EPOCH)))
    except TypeError:
        deltas = _aware(zone, values)
    return _serials(_Days(before, _FIRST_DAY), deltas)


def text_datetimes(before: bytes, zone: tzinfo, values: Sequence[str]) -> Cells:
    """Moments as ISO 8601 text. Raises ValueError for what is none."""
    return datetimes(before, zone, list(map(datetime.fromisoformat, values)))


def times(before: bytes, values: Sequence[time]) -> Cells:
    """Times of day. Raises ValueError for aware ones."""
    if any(value.tzinfo for value in values):
        raise ValueError
    midnight = date.min
    spans = [datetime.combine(midnight, value) - datetime.min for value in values]
    return _serials(_Days(before, 0), spans)


def text_times(before: bytes, values: Sequence[str]) -> Cells:
    """Times of day as ISO 8601 text. Raises ValueError for what is none."""
    return times(before, list(map(time.fromisoformat, values)))


def _aware(zone: tzinfo, values: Sequence[datetime]) -> list[timedelta]:
    if are_in(zone, values):
        return list(map(sub, values, repeat(_EPOCH.replace(tzinfo=zone))))
    return [_shown(value, zone) - _EPOCH for value in values]


def _shown(value: datetime, zone: tzinfo) -> datetime:
    return value if value.utcoffset() is None else value.astimezone(zone).replace(tzinfo=None)


class _Days(dict[int, bytes]):
    """How the cell of a moment begins, by its day. Raises ValueError for a day that is too early."""

    def __init__(self, before: bytes, first: int) -> None:
        super().__init__()
        self._before, self._first = before, first

    def __missing__(self, day: int) -> bytes:
        if day < self._first:
            raise ValueError
        self[day] = begun = b"%b%d" % (self._before, day)
        return begun


def _serials(begun: _Days, spans: Sequence[timedelta]) -> Cells:
    """Days and, after the point, the part of a day: 17 digits, so that each microsecond is kept."""
    if any(map(_MICROSECONDS, spans)):
        return Cells(b"", _microseconds(begun, spans), b"")
    # From tables: numbers of so many digits are slow to divide and to spell.
    cells = [
        begun[span.days] + _PERCENT[(second := span.seconds) // _PERCENT_SECONDS] + _WITHIN[second % _PERCENT_SECONDS]
        for span in spans
    ]
    return Cells(b"", cells, b"")


def _microseconds(begun: _Days, spans: Sequence[timedelta]) -> list[bytes]:
    if max(spans) > _LAST:
        spans = [min(span, _LAST) for span in spans]
    pieces: list[int | bytes] = [0] * (2 * len(spans))
    pieces[::2] = [begun[span.days] for span in spans]
    pieces[1::2] = [((span.seconds * 1_000_000 + span.microseconds) * 625 + 27) // 54 for span in spans]
    cells = (b"%%b.%%012d%b\0" % VALUE_END * len(spans) % tuple(pieces)).split(b"\0")
    cells.pop()  # what is behind the last NUL
    return cells


def _day(text: str) -> str:
    day, rest = text[:_DAY_LENGTH], text[_DAY_LENGTH:]
    if rest.strip("T 0:."):
        raise ValueError
    return day
