"""What SQLite's declared types mean."""

from __future__ import annotations

import re
from typing import Final

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
    scale = re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", declared) if exact else None
    return Column(name, kind, scale=int(scale[1]) if scale else None)
