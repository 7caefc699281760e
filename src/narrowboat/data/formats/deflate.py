"""Raw deflate in blocks that stand alone, with the CRC-32 and sizes that zip and gzip put behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import isal
from isal import isal_zlib

__all__ = ["CODEC", "Deflate"]

CODEC: Final = f"isal {isal.__version__} (ISA-L {isal.ISAL_VERSION})"
"""The build that the compressed bytes depend on."""

_WINDOW: Final = -15
"""Negative: no header or trailer of deflate's own."""
_FIRST_BYTE: Final = b"\x00\x01\x00\xfe\xff"
"""RFC 1951: the header of a stored block of one byte."""
_LAST_BLOCK: Final = b"\x03\x00"
"""RFC 1951: a final block with fixed codes and nothing in it."""


class Deflate:
    """One deflate stream. Each `write` is compressed by a fresh compressor and fully flushed.

    So the bytes depend on the blocks alone, not on what one compressor object saw before, and a stream
    goes on from `state()` after an interruption exactly as if there had been none.

    The first byte of a block is stored, and is the compressor's dictionary for the rest. Without one, ISA-L's
    assembler for levels 1 and 2 (`write_first_byte` in igzip_icf_body_h1_gr_bt.asm, 2.31 and 2.32) hashes a
    register that was never set, so that the bytes depend on the compressor's address: one file in 200 differed.
    """

    __slots__ = ("_level", "crc", "packed", "size")

    def __init__(self, level: int = 1, state: Sequence[int] = (0, 0, 0)) -> None:
        """level: ISA-L's, 0 (fastest) to 3 (smallest)."""
        self._level = level
        self.crc, self.packed, self.size = state

    def write(self, data: bytes) -> bytes:
        """Compress one block."""
        if not data:
            return b""
        first, rest = data[:1], memoryview(data)[1:]
        compressor = isal_zlib.compressobj(self._level, isal_zlib.DEFLATED, _WINDOW, zdict=first)
        packed = b"".join((_FIRST_BYTE, first, compressor.compress(rest), compressor.flush(isal_zlib.Z_FULL_FLUSH)))
        self.crc = isal_zlib.crc32(data, self.crc)
        self.size += len(data)
        self.packed += len(packed)
        return packed

    def end(self) -> bytes:
        """End the stream; nothing may be written after it."""
        self.packed += len(_LAST_BLOCK)
        return _LAST_BLOCK

    def state(self) -> list[int]:
        """CRC-32, bytes out, bytes in: what `Deflate(level, state)` goes on from."""
        return [self.crc, self.packed, self.size]
