"""What SQLite's declared types mean."""

from __future__ import annotations

import re
from typing import Final

from narrowboat.data.columns import Column, Type

_MEANINGS: Final = (
    (re.compile(r"BOOL"), Type.BOOLEAN),
    (re.compile(r"DATETIME|TIMESTAMP"), Type.DATETIME),
    (re.compile(r"DATE"), Type.DATE),
    (re.compile(r"TIME"), Type.TIME),
    (re.compile(r"MONEY"), Type.MONEY),
    (re.compile(r"INT(?!ERVAL)"), Type.INTEGER),
    (re.compile(r"CHAR|CLOB|TEXT|STRING|UUID|JSON"), Type.TEXT),
    (re.compile(r"BLOB|BINARY|BYTEA"), Type.BINARY),
    (re.compile(r"REAL|FLOA|DOUB"), Type.FLOAT),
    (re.compile(r"DEC|NUMERIC|NUMBER"), Type.DECIMAL),
)
"""Names in the order of SQLite's own rules for affinity, those it does not know before them."""
_SCALE: Final = re.compile(r"\(\s*\d+\s*,\s*(\d+)\s*\)")


def column(name: str, declared: str) -> Column:
    """The column as its declaration has it; Type.ANY without one."""
    declared = declared.upper()
    kind = next((meaning for pattern, meaning in _MEANINGS if pattern.search(declared)), Type.ANY)
    scale = _SCALE.search(declared) if kind in (Type.DECIMAL, Type.MONEY) else None
    return Column(name, kind, scale=int(scale[1]) if scale else None)
