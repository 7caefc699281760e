"""Manners: how the people who fill in the file write numbers, dates and telephone numbers."""

from __future__ import annotations

from typing import NamedTuple


class Manners(NamedTuple):
    """What a cell that is text may look like."""

    decimal_comma: bool = False
    """`1.234,50` is one thousand and some. Else `1,234.50` is."""
    day_first: bool | None = None
    """How `01/02/2026` is read: True, the first of February; False, the second of January; None, it is refused."""
    region: str | None = None
    """ISO 3166 code of the country that telephone numbers without one belong to: `GH`."""
    yes: tuple[str, ...] = ("true", "yes", "y", "1", "x", "on")
    no: tuple[str, ...] = ("false", "no", "n", "0", "off")
    """Words for a boolean, in lower case."""
