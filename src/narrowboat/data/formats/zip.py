"""A zip file written front to back: no seeking, no time of day, and a state small enough to commit with each chunk.

Layout and names: PKWARE APPNOTE.TXT 6.3.10. Sizes and CRC follow each member in a data descriptor (4.3.9).
Zip64 (4.5.3) appears only where a number does not fit: for a member that grew past 4 GiB, for offsets past it,
and for more than 65,534 members.
"""

from __future__ import annotations

from struct import pack
from typing import Final

from narrowboat.data.format import State
from narrowboat.data.formats.deflate import Deflate

__all__ = ["ZipStream"]

_DEFLATED: Final = 8
_HAS_DESCRIPTOR: Final = 0x08
_NAME_IS_UTF8: Final = 0x800
_DATE: Final = 1 << 5 | 1
"""1980-01-01, the first day that zip can tell."""
_VERSION: Final = 20
_VERSION_ZIP64: Final = 45
_FULL32: Final = 0xFFFFFFFF
_FULL16: Final = 0xFFFF


class ZipStream:
    """One zip file as a stream: `open` and `write` for each member, then `end`; each returns the next bytes."""

    __slots__ = ("_deflate", "_level", "_members", "_open", "offset")

    offset: int
    """Bytes returned so far."""

    def __init__(self, state: State | None = None, *, level: int = 1) -> None:
        """At the start of a file, or at `state`. level: ISA-L's, 0 to 3."""
        self._level = level
        self.offset = state["offset"] if state else 0
        self._members: list[list[str | int]] = list(state["members"]) if state else []
        """Closed members: name, CRC-32, packed size, size, offset of the local header."""
        self._open: tuple[str, int] | None = None
        """The open member's name and offset."""
        self._deflate = Deflate(level)
        if state and state["open"]:
            name, start, *sums = state["open"]
            self._open, self._deflate = (name, start), Deflate(level, sums)

    @property
    def member_size(self) -> int:
        """Bytes written to the open member, before compression."""
        return self._deflate.size

    def open(self, name: str) -> bytes:
        """Start the member `name`, closing the one before."""
        closing = self.close()
        self._open = (name, self.offset)
        raw = name.encode()
        header = (_VERSION, _flags(name), _DEFLATED, 0, _DATE, 0, 0, 0, len(raw), 0)
        return closing + self._out(pack("<4sHHHHHIIIHH", b"PK\3\4", *header) + raw)

    def write(self, data: bytes) -> bytes:
        """Add one block to the open member."""
        return self._out(self._deflate.write(data))

    def close(self) -> bytes:
        """End the open member, if there is one: its last block and its data descriptor."""
        if not self._open:
            return b""
        last, (name, start) = self._deflate.end(), self._open
        crc, packed, size = sums = self._deflate.state()
        self._members.append([name, *sums, start])
        self._open, self._deflate = None, Deflate(self._level)
        form = "<4sIII" if max(packed, size) < _FULL32 else "<4sIQQ"
        return self._out(last + pack(form, b"PK\7\x08", crc, packed, size))

    def add(self, name: str, data: bytes) -> bytes:
        """A whole member at once."""
        return self.open(name) + self.write(data) + self.close()

    def end(self) -> bytes:
        """Close the open member and write the central directory; nothing may follow."""
        closing = self.close()
        directory = b"".join(_entry(*member) for member in self._members)  # type: ignore[arg-type]
        return closing + self._out(directory + _ending(len(self._members), len(directory), self.offset))

    def state(self) -> State:
        """The state after the bytes returned so far, as JSON."""
        return {
            "offset": self.offset,
            "members": list(self._members),
            "open": [*self._open, *self._deflate.state()] if self._open else None,
        }

    def _out(self, data: bytes) -> bytes:
        self.offset += len(data)
        return data


def _flags(name: str) -> int:
    return _HAS_DESCRIPTOR | (0 if name.isascii() else _NAME_IS_UTF8)


def _entry(name: str, crc: int, packed: int, size: int, offset: int) -> bytes:
    """A member's line in the central directory (4.3.12); numbers that do not fit go to the zip64 extra field."""
    raw = name.encode()
    wide = [number for number in (size, packed, offset) if number >= _FULL32]
    extra = pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = _VERSION_ZIP64 if wide else _VERSION
    fields = (version, version, _flags(name), _DEFLATED, 0, _DATE, crc, min(packed, _FULL32), min(size, _FULL32))
    place = (len(raw), len(extra), 0, 0, 0, 0, min(offset, _FULL32))
    return pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", *fields, *place) + raw + extra


def _ending(members: int, length: int, start: int) -> bytes:
    """The end of the central directory (4.3.14 to 4.3.16): how many members, how long, where it starts."""
    wide = b""
    if members >= _FULL16 or length >= _FULL32 or start >= _FULL32:
        versions = (_VERSION_ZIP64, _VERSION_ZIP64)
        wide = pack("<4sQHHIIQQQQ", b"PK\6\6", 44, *versions, 0, 0, members, members, length, start)
        wide += pack("<4sIQI", b"PK\6\7", 0, start + length, 1)
    count = min(members, _FULL16)
    return wide + pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, min(length, _FULL32), min(start, _FULL32), 0)
