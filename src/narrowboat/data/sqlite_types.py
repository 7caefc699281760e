"""Types in SQLite: what the declared ones mean, and how values are given to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final

from narrowboat.data.columns import Column, Type

_MEANINGS: Final = {
    "BOOL": Type.BOOLEAN,
    "DATETIME": Type.DATETIME,
    "TIMESTAMP": Type.DATETIME,
    "DATE": Type.DATE,
    "TIME": Type.TIME,
    "MONEY": Type.MONEY,
    "INTERVAL": Type.TEXT,
    "INT": Type.INTEGER,
    "CHAR": Type.TEXT,
    "CLOB": Type.TEXT,
    "TEXT": Type.TEXT,
    "STRING": Type.TEXT,
    "UUID": Type.TEXT,
    "JSON": Type.TEXT,
    "BLOB": Type.BINARY,
    "BINARY": Type.BINARY,
    "BYTEA": Type.BINARY,
    "REAL": Type.FLOAT,
    "FLOA": Type.FLOAT,
    "DOUB": Type.FLOAT,
    "DEC": Type.DECIMAL,
    "NUM": Type.DECIMAL,
}
"""Parts of names, in the order of SQLite's own rules for affinity; those that it does not know come before."""


def column(name: str, declared: str) -> Column:
    """The column as its declaration has it; Type.ANY where that says nothing."""
    declared = declared.upper()
    kind = next((meaning for part, meaning in _MEANINGS.items() if part in declared), Type.ANY)
    exact = kind in (Type.DECIMAL, Type.MONEY)
    return Column(name, kind, scale=_scale(declared) if exact else None)


def _scale(declared: str) -> int | None:
    """The 2 of `DECIMAL(10, 2)`."""
    within = declared.partition("(")[2].partition(")")[0]
    scale = within.partition(",")[2].strip()
    return int(scale) if scale.isascii() and scale.isdigit() else None


def holds_text(declared: str) -> bool:
    """Whether SQLite makes text of every number in a column of this declaration (datatype3.html, 3.1: affinity)."""
    declared = declared.upper()
    return "INT" not in declared and any(part in declared for part in ("CHAR", "CLOB", "TEXT"))


def bindable(value: Any, other: Callable[[Any], Any]) -> Any:
    """A value as SQLite has it: times as ISO text with a blank after the date. other: what becomes of the rest."""
    match value:
        case None | int() | float() | str() | bytes():
            return value
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
    return other(value)
