"""Rows of libraries that give any Python object, with the cells that a source may deliver."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from narrowboat.data.source import Row

_CELLS: Final = frozenset({type(None), str, int, float, bool, Decimal, date, datetime, time, UUID, bytes})


def plain(rows: Iterable[Iterable[Any]]) -> list[Row]:
    """Documents and arrays become JSON text, enumerations their values, all else its text."""
    made = [tuple(row) for row in rows]
    if {type(cell) for row in made for cell in row} <= _CELLS:
        return made
    return [tuple([cell if type(cell) in _CELLS else _cell(cell) for cell in row]) for row in made]


def _cell(value: Any) -> Any:
    match value:
        case Enum():
            return _cell(value.value) if type(value.value) not in _CELLS else value.value
        case memoryview() | bytearray():
            return bytes(value)
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    for kind in (str, int, float, Decimal):
        if isinstance(value, kind):
            return kind(value)
    return str(value)
