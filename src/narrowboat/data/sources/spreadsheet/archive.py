"""A zip archive from someone unknown: checked as a whole first, then its members are streamed."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from operator import attrgetter
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from isal import isal_zlib

from narrowboat.data.sources.spreadsheet.limits import FileLimits
from narrowboat.errors import FileBroken, FileEncrypted, FileTooLarge

_READ: Final = 64 * 1024
PIECE: Final = 256 * 1024
"""Bytes that come out of an inflater at once, at most."""
_LOCAL_HEADER: Final = 30
_ENCRYPTED: Final = 0x1


class Archive:
    """Members by their names, which know neither case nor the direction of slashes, as in OOXML.

    Raises FileBroken (no sound zip; members that overlap), FileTooLarge or FileEncrypted at once.
    """

    def __init__(self, file: BinaryIO, limits: FileLimits) -> None:
        self._file = file
        try:
            with ZipFile(file) as listed:
                members = listed.infolist()
        except (BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error, EOFError) as error:
            raise FileBroken(f"The file is damaged or was cut off: {error}. Upload it again.") from error
        self._size = file.seek(0, 2)
        _check(members, self._size, limits)
        self._members = {_plain(member.filename): member for member in members if not member.is_dir()}

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._members

    def names(self) -> list[str]:
        """Members as they are called, without folders."""
        return [member.filename for member in self._members.values()]

    def size(self, name: str) -> int:
        """Bytes of a member when unpacked."""
        return self._member(name).file_size

    def close(self) -> None:
        """Give back the file."""
        self._file.close()

    def stream(self, name: str) -> Iterator[bytes]:
        """A member's content in pieces of at most 256 KiB; at its end size and CRC are checked. Raises FileBroken."""
        member = self._member(name)
        crc = size = 0
        for piece in self._unpacked(member):
            size += len(piece)
            if size > member.file_size:
                raise FileBroken(f"{name} is larger than the archive says. Upload the file again.")
            crc = isal_zlib.crc32(piece, crc)
            yield piece
        if (size, crc) != (member.file_size, member.CRC):
            raise FileBroken(f"{name} is damaged: its check sum does not fit. Upload the file again.")

    def _member(self, name: str) -> ZipInfo:
        try:
            return self._members[_plain(name)]
        except KeyError:
            raise FileBroken(f"The file lacks {name}, which it speaks of.") from None

    def _unpacked(self, member: ZipInfo) -> Iterator[bytes]:
        raw = self._raw(member)
        return raw if member.compress_type == ZIP_STORED else _inflated(raw, member.filename)

    def _raw(self, member: ZipInfo) -> Iterator[bytes]:
        self._file.seek(member.header_offset)
        header = self._file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise FileBroken(f"{member.filename} is not where the archive says. Upload the file again.")
        name, extra = struct.unpack_from("<HH", header, 26)
        at, left = member.header_offset + _LOCAL_HEADER + name + extra, member.compress_size
        while left > 0:
            self._file.seek(at)  # another member may be read in between
            if not (piece := self._file.read(min(_READ, left))):
                raise FileBroken(f"The file ends within {member.filename}. Upload it again.")
            at, left = at + len(piece), left - len(piece)
            yield piece


def _inflated(raw: Iterator[bytes], name: str) -> Iterator[bytes]:
    machine = isal_zlib.decompressobj(-15)  # no header or trailer of deflate's own
    try:
        for packed in raw:
            rest = packed
            while rest and not machine.eof:
                if piece := machine.decompress(rest, PIECE):
                    yield piece
                rest = machine.unconsumed_tail
        while not machine.eof and (piece := machine.decompress(b"", PIECE)):
            yield piece
    except isal_zlib.error as error:  # type: ignore[misc]  # a class, which the stub takes for an instance
        raise FileBroken(f"{name} is damaged: {error}. Upload the file again.") from error
    if not machine.eof:
        raise FileBroken(f"{name} was cut off. Upload the file again.")


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


def _check(members: list[ZipInfo], size: int, limits: FileLimits) -> None:
    if len(members) > limits.members:
        raise FileTooLarge(f"The file has {len(members):,} parts; at most {limits.members:,} are allowed.")
    limits.check_expanded(size, sum(member.file_size for member in members))
    names = Counter(_plain(member.filename) for member in members)
    if names and (most := names.most_common(1)[0])[1] > 1:
        raise FileBroken(f"The archive has {most[0]} {most[1]} times, so nobody can tell which one counts.")
    end = 0
    for member in sorted(members, key=attrgetter("header_offset")):
        if member.flag_bits & _ENCRYPTED:
            raise FileEncrypted("The archive is protected by a password. Remove it and upload the file again.")
        if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise FileBroken(f"{member.filename} is packed in a way that spreadsheets do not use.")
        if member.header_offset < end:
            raise FileBroken(f"{member.filename} overlaps another part of the archive: no program writes that.")
        end = member.header_offset + _LOCAL_HEADER + member.compress_size
