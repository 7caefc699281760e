"""Cells in one piece, so that all of them are looked at together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

__all__ = ["UNIT", "Texts", "are_whole", "join"]

UNIT: Final = b"\x1f"
"""The unit separator stands between cells that are looked at as one piece."""
_PADDED: Final = re.compile(rb"\x1f0[^\x1f]")

Texts: TypeAlias = Sequence[bytes]


def join(cells: Texts) -> bytes:
    """The cells in one piece, with UNIT before, between and behind them. Raises TypeError if not all are bytes."""
    return b"\x1f%b\x1f" % UNIT.join(cells)


def are_whole(cells: Texts, joint: bytes) -> bool:
    """Whether all are integers as JSON has them, without sign. Three times as fast as a regular expression."""
    marks = joint.translate(None, b"0123456789")
    return len(marks) == len(cells) + 1 == marks.count(UNIT) and all(cells) and not _PADDED.search(joint)
