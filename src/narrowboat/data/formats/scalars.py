"""One value as text: the forms of numbers, moments and bytes that the text formats share."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from operator import attrgetter
from typing import Final

from narrowboat.data.columns import Column, Type
from narrowboat.errors import BadConfiguration

__all__ = ["are_in", "base64_text", "decimal_text", "integer_text", "moment_text", "scale_of", "text_moment", "zone_of"]

_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_LONGEST: Final = 1000
"""Digits to which a number with an exponent is written out; `1E+999999999` would fill the memory."""


def integer_text(value: int) -> str:
    """All digits; in hexadecimal where Python refuses to print so many (over 4,300)."""
    try:
        return int.__repr__(value)
    except ValueError:
        return hex(value)


def scale_of(column: Column) -> int:
    """How many digits after the point a DECIMAL or MONEY column has at least."""
    if column.scale is not None:
        return column.scale
    return 2 if column.type is Type.MONEY else 0


def decimal_text(number: str, scale: int) -> str | None:
    """A number in plain notation with at least `scale` digits after the point; None if it is no number.

    Digits are added, never cut: nothing is rounded.
    """
    if not _NUMBER.fullmatch(number):
        return None
    if "e" in number or "E" in number:
        number = _plain(number)
    if not scale or "E" in number:
        return number
    whole, _, fraction = number.partition(".")
    return f"{whole}.{fraction:0<{scale}}"


def _plain(number: str) -> str:
    from decimal import Decimal

    value = Decimal(number)
    return f"{value:f}" if abs(value.adjusted()) < _LONGEST else f"{value:E}"


def moment_text(value: date | time, zone: tzinfo, separator: str) -> str:
    """ISO 8601. An aware datetime is shown in `zone` with its offset; a naive one as it is."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is zone:
        return value.isoformat(separator)
    if value.utcoffset() is None:
        return value.replace(tzinfo=None).isoformat(separator)
    try:
        return value.astimezone(zone).isoformat(separator)
    except OverflowError:  # within a day of the years 1 and 9999
        return value.isoformat(separator)


def are_in(zone: tzinfo, moments: Iterable[datetime]) -> bool:
    """Whether all have the zone's own time already. A quick look: it may say no though it is so."""
    zones = set(map(attrgetter("tzinfo"), moments))
    if zones <= {zone}:
        return True
    (offset, *others) = {found and found.utcoffset(None) for found in zones}  # None where it depends on the day
    return not others and offset is not None and offset == zone.utcoffset(None)


def text_moment(text: str, zone: tzinfo, separator: str) -> str | None:
    """A datetime that came as text, aware ones as `moment_text` shows them; None if it is no such text."""
    shape = _MOMENT.fullmatch(text)
    if shape is None:
        return None
    if shape[1] is None:
        return f"{text[:10]}{separator}{text[11:]}"
    try:
        return moment_text(datetime.fromisoformat(text), zone, separator)
    except ValueError:
        return None


def zone_of(column: Column) -> tzinfo:
    """The zone in which the column's aware datetimes are shown. Raises BadConfiguration for an unknown name."""
    if column.zone in (None, "UTC"):
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(str(column.zone))
    except (LookupError, OSError, ValueError) as problem:
        message = f"Column {column.name!r} is to be shown in the time zone {column.zone!r}, which is not known."
        raise BadConfiguration(f"{message} Give an IANA name, such as 'Africa/Accra'.") from problem


def base64_text(value: bytes) -> str:
    """RFC 4648, with padding."""
    return b2a_base64(value, newline=False).decode("ascii")
