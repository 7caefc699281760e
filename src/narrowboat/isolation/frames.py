"""How a child answers: frames of one kind byte, a length, and the content."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

HEADER: Final = struct.Struct("<BI")


class Frame(IntEnum):
    """What a frame holds."""

    DATA = 1
    END = 2
    """Nothing: the answer is complete."""
    ERROR = 3
    """JSON: the error's code and its message."""
