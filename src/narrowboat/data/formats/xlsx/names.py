"""Names of sheets that Excel allows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

__all__ = ["sheet_name"]

_LONGEST: Final = 31
"""In UTF-16 units, as Excel counts."""
_NOT_ALLOWED: Final = frozenset("[]:*?/\\\x7f\ufffe\uffff").union(map(chr, range(32)))
_RESERVED: Final = "history"


def sheet_name(wanted: str, taken: Collection[str]) -> str:
    """`wanted` made valid and, if it is taken in any case of letters, numbered: always the same for the same arguments.

    Not allowed are []:*?/\\ and control characters (each becomes `_`), an apostrophe at either end, more than
    31 characters, nothing at all, and the word History.
    """
    name = "".join("_" if _is_bad(one) else one for one in wanted).strip() or "Sheet"
    if name.casefold() == _RESERVED:
        name += "_"
    folded = {other.casefold() for other in taken}
    number = 1
    while (fitted := _fitted(name, f" ({number})" if number > 1 else "")).casefold() in folded:
        number += 1
    return fitted


def _is_bad(one: str) -> bool:
    return one in _NOT_ALLOWED or "\ud800" <= one <= "\udfff"


def _fitted(name: str, ending: str) -> str:
    room = _LONGEST - len(ending)
    if 2 * len(name) > room:
        name = name.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore")
    if name.startswith("'"):
        name = "_" + name[1:]
    if not ending and name.endswith("'"):
        name = name[:-1] + "_"
    return name + ending
