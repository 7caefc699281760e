"""Gzip and zip around any other format.

A format that can be followed while it grows still can inside its envelope: each piece is deflated on its own.
One that is made at the end (parquet) is wrapped at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from struct import pack
from typing import Final

from narrowboat.data.format import Alterations, Format, State, Table, Writer
from narrowboat.data.formats.deflate import CODEC, Deflate
from narrowboat.data.formats.zip import ZipStream
from narrowboat.data.source import Row

__all__ = ["Gzip", "GzipWriter", "Zip", "ZipWriter"]

_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952: deflate, no name, no time, unknown system."""
_PIECE: Final = 1 << 18
"""Bytes deflated at once where a finished file is wrapped."""


_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
)
"""What Windows takes for a device, whatever its ending."""


class _Envelope:
    """What both envelopes take from the format inside."""

    __slots__ = ("inner",)

    def __init__(self, inner: Format) -> None:
        self.inner = inner

    @property
    def raw_text(self) -> bool:
        return self.inner.raw_text

    @property
    def spools(self) -> bool:
        return self.inner.spools

    @property
    def codec(self) -> str:
        return ", ".join(dict.fromkeys(filter(None, (self.inner.codec, CODEC))))


class Gzip(_Envelope):
    """A format in one gzip member."""

    media_type = "application/gzip"
    __slots__ = ()

    @property
    def extension(self) -> str:
        return f"{self.inner.extension}.gz"

    @property
    def several_tables(self) -> bool:
        return self.inner.several_tables

    def writer(self, state: State | None = None) -> Writer:
        return self.inner.writer(state) if self.spools else GzipWriter(self.inner, state)

    def assemble(self, spool: Path, out: Path) -> None:
        """Assemble the file inside beside `out`, then wrap it."""
        deflate = Deflate()
        _wrap(self.inner, spool, out, deflate.write, _GZIP_HEADER, lambda: deflate.end() + _gzip_trailer(deflate))


class Zip(_Envelope):
    """A format in a zip: a member for each table, or one for all where the format itself holds several."""

    media_type = "application/zip"
    __slots__ = ()

    @property
    def extension(self) -> str:
        return f"{self.inner.extension}.zip"

    @property
    def several_tables(self) -> bool:
        return self.inner.several_tables or not self.spools

    def writer(self, state: State | None = None) -> Writer:
        return self.inner.writer(state) if self.spools else ZipWriter(self.inner, state)

    def assemble(self, spool: Path, out: Path) -> None:
        """Assemble the file inside beside `out`, then wrap it."""
        archive = ZipStream()
        _wrap(self.inner, spool, out, archive.write, archive.open(f"table.{self.inner.extension}"), archive.end)


def _wrap(
    inner: Format, spool: Path, out: Path, pack: Callable[[bytes], bytes], start: bytes, end: Callable[[], bytes]
) -> None:
    bare = out.with_name(out.name + ".bare")
    inner.assemble(spool, bare)
    with open(bare, "rb") as source, open(out, "wb") as target:
        target.write(start)
        for piece in iter(lambda: source.read(_PIECE), b""):
            target.write(pack(piece))
        target.write(end())
    bare.unlink()


def _gzip_trailer(deflate: Deflate) -> bytes:
    return pack("<II", deflate.crc, deflate.size & 0xFFFFFFFF)


class GzipWriter:
    """Puts another writer's bytes into a gzip member. State: the other's, CRC and sizes."""

    __slots__ = ("_begun", "_deflate", "_inner")

    def __init__(self, inner: Format, state: State | None = None) -> None:
        self._inner = inner.writer(state["inner"] if state else None)
        self._deflate = Deflate(state=state["deflate"]) if state else Deflate()
        self._begun = bool(state and state["begun"])

    @property
    def alterations(self) -> Alterations:
        return self._inner.alterations

    @alterations.setter
    def alterations(self, fresh: Alterations) -> None:
        self._inner.alterations = fresh

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        return self._packed(self._inner.begin(table, sample))

    def block(self, rows: Sequence[Row]) -> bytes:
        return self._packed(self._inner.block(rows))

    def end(self) -> bytes:
        return self._packed(self._inner.end()) + self._deflate.end() + _gzip_trailer(self._deflate)

    def state(self) -> State:
        return {"inner": self._inner.state(), "deflate": self._deflate.state(), "begun": self._begun}

    def _packed(self, data: bytes) -> bytes:
        header = b"" if self._begun else _GZIP_HEADER
        self._begun = True
        return header + self._deflate.write(data) if data else header


class ZipWriter:
    """Puts other writers' bytes into the members of a zip. State: the zip's, the open member's, the names so far."""

    __slots__ = ("_archive", "_format", "_inner", "_names")

    def __init__(self, inner: Format, state: State | None = None) -> None:
        self._format = inner
        self._inner = inner.writer(state["inner"] if state else None)
        self._archive = ZipStream(state["zip"] if state else None)
        self._names: list[str] = list(state["names"]) if state else []

    @property
    def alterations(self) -> Alterations:
        return self._inner.alterations

    @alterations.setter
    def alterations(self, fresh: Alterations) -> None:
        self._inner.alterations = fresh

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        before = b""
        if not self._names or not self._format.several_tables:
            before = self._next_member(table.name)
        return before + self._packed(self._inner.begin(table, sample))

    def block(self, rows: Sequence[Row]) -> bytes:
        return self._packed(self._inner.block(rows))

    def end(self) -> bytes:
        last = self._packed(self._inner.end()) if self._names else b""
        return last + self._archive.end()

    def state(self) -> State:
        return {"inner": self._inner.state(), "zip": self._archive.state(), "names": list(self._names)}

    def _next_member(self, table: str) -> bytes:
        closing = b""
        if self._names:
            closing = self._packed(self._inner.end())
            noted = self._inner.alterations
            self._inner = self._format.writer()
            self._inner.alterations = noted
        self._names.append(_member_name(table, self._names))
        return closing + self._archive.open(f"{self._names[-1]}.{self._format.extension}")

    def _packed(self, data: bytes) -> bytes:
        return self._archive.write(data) if data else b""


def _member_name(table: str, taken: Sequence[str]) -> str:
    """A file name for the table on any system, unlike those taken."""
    plain = re.sub(r'[\x00-\x1f\x7f"*/:<>?\\|]', "_", table).strip(" .") or "table"
    if plain.partition(".")[0].rstrip().casefold() in _DEVICES:
        plain = f"_{plain}"
    return next(name for name in _numbered(plain) if name.casefold() not in map(str.casefold, taken))


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in range(2, 1 << 30):
        yield f"{name} ({number})"
