"""What a cell's text means, by the attributes of the cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Final, TypeAlias

from narrowboat.data.sheet import Cell, CellError
from narrowboat.data.sources.spreadsheet.xlsx.moments import Calendar, Kind, Moment
from narrowboat.data.sources.spreadsheet.xlsx.strings import Strings
from narrowboat.data.sources.spreadsheet.xlsx.styles import Styles

Meaning: TypeAlias = Callable[[str], Cell]
"""Raises ValueError for a text that such a cell cannot hold, TypeError for None."""

_ATTRIBUTE: Final = re.compile(r'\s+([\w:.-]+)="([^"<]*)"')
_ATTRIBUTES: Final = re.compile(rf"(?:{_ATTRIBUTE.pattern})*\s*/?")
_INFINITE: Final = float("inf")
_REMEMBERED: Final = 20_000


class Meanings(dict[str | None, Meaning]):
    """From a cell's attributes as they are written to what its text means; each is worked out once.

    None stands for a cell that is not there. Raises LookupError for attributes that need a closer look.
    """

    def __init__(self, strings: Strings, styles: Styles, calendar: Calendar) -> None:
        super().__init__({None: _nothing})
        self.strings = strings
        self._styles = styles
        self._moments = {kind: _Moments(calendar, kind).__getitem__ for kind in Kind if kind}

    def __missing__(self, written: str | None) -> Meaning:
        assert written is not None  # noqa: S101  # there from the start
        if not _ATTRIBUTES.fullmatch(written):
            raise LookupError(written)
        attributes = dict(_ATTRIBUTE.findall(written))
        if "r" in attributes:
            raise LookupError(written)  # its place is not what the others' is
        meaning = _nothing if written.endswith("/") else self.of(attributes.get("t", "n"), attributes.get("s", ""))
        if len(self) < _REMEMBERED:
            self[written] = meaning
        return meaning

    def of(self, kind: str, style: str) -> Meaning:
        """What a cell of this `t` and `s` means. Raises LookupError for a `t` that nobody knows."""
        if kind == "n":
            styled = self._styles[int(style)] if style.isdecimal() and int(style) < len(self._styles) else Kind.NUMBER
            return self._moments[Kind(styled)] if styled else number
        return self.strings.__getitem__ if kind == "s" else _BY_TYPE[kind]


class _Moments(dict[str, Moment]):
    """Moments by their serial as written. Dates repeat, and a look-up costs a tenth."""

    def __init__(self, calendar: Calendar, kind: Kind) -> None:
        super().__init__()
        self._calendar, self._kind = calendar, kind

    def __missing__(self, text: str) -> Moment:
        moment = self._calendar.moment(number(text), self._kind)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = moment
        return moment


def number(text: str) -> int | float:
    """An int where the text is one (as openpyxl has it), else a float. Raises ValueError."""
    if "." not in text:
        try:
            return int(text)
        except ValueError:
            pass
    value = float(text)
    if -_INFINITE < value < _INFINITE:
        return value
    raise ValueError(f"{text!r} is no number")


def _nothing(_: str) -> None:
    return None


class _Truth(dict[str, bool]):
    def __missing__(self, text: str) -> bool:
        plain = text.strip().lower()
        if plain not in self:
            raise ValueError(f"{text!r} is neither true nor false")
        return self[plain]


def _iso(text: str) -> Cell:
    """ISO 8601, as `t="d"` has it; a zone is dropped, since a sheet's moments have none."""
    parse = date.fromisoformat if len(text) == 10 else datetime.fromisoformat
    try:
        moment = parse(text)
    except ValueError:
        moment = time.fromisoformat(text)  # type: ignore[assignment]
    return moment if type(moment) is date else moment.replace(tzinfo=None)  # type: ignore[call-arg]


_BY_TYPE: Final[dict[str, Meaning]] = {
    "str": str.__str__,
    "inlineStr": str.__str__,
    "b": _Truth({"1": True, "0": False, "true": True, "false": False}).__getitem__,
    "e": CellError,
    "d": _iso,
}
"""`str.__str__`, unlike `str`, raises TypeError for None."""
