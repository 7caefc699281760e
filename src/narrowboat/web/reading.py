"""Reading: bytes of artifacts, piece by piece in threads, so that a download holds one piece whatever its size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from narrowboat.errors import NoArtifact
from narrowboat.jobs.artifact import PIECE
from narrowboat.kernel.model import ChunkRow
from narrowboat.web.ranges import Span
from narrowboat.web.threads import Threads


def of_file(path: Path, span: Span) -> Iterator[bytes]:
    """Bytes of a finished file. Raises NoArtifact where they are not there."""
    try:
        file = open(path, "rb", buffering=0)
    except FileNotFoundError:
        raise NoArtifact(f"{path.name} is not there any more.") from None
    yield from of_open(file, span)


def of_open(file: BinaryIO, span: Span) -> Iterator[bytes]:
    """The same of an open file, which is closed behind them."""
    with file:
        yield from _pieces(file, span.begin, span.end - span.begin)


def of_chunks(folder: Path, published: str, rows: Iterable[ChunkRow], span: Span) -> Iterator[bytes]:
    """Those bytes of committed chunks that lie in the span of the whole.

    published: the name under which the finished file appears, in place of the parts, at any moment.
    """
    for row in rows:
        begin, end = max(span.begin, row.start), min(span.end, row.start + row.extent.length)
        if begin < end:
            file, offset = _opened(folder, published, row)
            with file:
                yield from _pieces(file, offset + begin - row.start, end - begin)


def _opened(folder: Path, published: str, row: ChunkRow) -> tuple[BinaryIO, int]:
    """The file that has the chunk, and where in it the chunk begins."""
    try:
        return open(folder / row.extent.file, "rb", buffering=0), row.extent.offset
    except FileNotFoundError:
        return open(folder / published, "rb", buffering=0), row.start


def _pieces(file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    file.seek(offset)
    while length:
        if not (piece := file.read(min(PIECE, length))):
            raise NoArtifact("The file is shorter on disk than what was committed.")
        yield piece
        length -= len(piece)


async def in_threads(threads: Threads, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, each read in a thread."""
    while piece := await threads.run(next, pieces, b""):
        yield piece
