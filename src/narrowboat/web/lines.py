"""Lines: the rows of a report as they lie in its artifact, found by their number and cut out without parsing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from narrowboat.errors import NoArtifact
from narrowboat.jobs.definition import Definition, delivering
from narrowboat.kernel.model import ChunkRow, Run
from narrowboat.kernel.store import Store
from narrowboat.web.ranges import ENDLESS, Span
from narrowboat.web.reading import of_chunks

CHUNKS = 32
"""Looked up at once."""


class Found(NamedTuple):
    """Committed rows, and the run as it was known after them."""

    run: Run
    lines: bytes
    """Each with its end."""
    rows: int


class Lines:
    """Reads the rows of one run. Blocks; to be used in threads."""

    def __init__(self, store: Store, folder: Path, job: Definition | None, run: Run) -> None:
        """Raises NoArtifact for a run that shows no rows, and where its job is not known here."""
        if run.kind != "report" or job is None:
            raise NoArtifact(f"Run {run.id} is of kind {run.kind!r} and shows no rows; download its file.")
        self._store, self._folder = store, folder
        self._id, self._published = run.id, delivering(job).filename(run)
        self._next = (0, 0)
        """The row behind those that were read last, and where it begins in the whole."""

    def read(self, first: int, most: int, room: int) -> Found:
        """Rows from `first` on, counted from 0: at most `most`, and no more than one beyond `room` bytes.

        Fewer come where fewer are committed, and at some places between. The run is asked for last: all rows that it
        counts were there to be found before, or come next time. Raises NoArtifact where the file of a run is gone.
        """
        chunks = self._store.chunks(self._id, row=first, limit=CHUNKS)
        run = self._store.get(self._id)
        inside = [chunk for chunk in chunks if chunk.row_from + chunk.rows > first]
        if not inside:
            return Found(run, b"", 0)
        try:
            begin = self._offset(inside, first)
            lines = b"".join(self._cut(inside, begin, most, room))
        except FileNotFoundError:
            if run.ended:
                raise NoArtifact(f"The rows of run {self._id} are not there any more. Run it again.") from None
            return Found(run, b"", 0)  # the run started again from zero at this moment
        rows = lines.count(b"\n")
        self._next = (first + rows, begin + len(lines))
        return Found(run, lines, rows)

    def _offset(self, chunks: list[ChunkRow], first: int) -> int:
        """Where the row begins in the whole. Who reads on is not made to look for it in a chunk of thousands again."""
        row, offset = self._next
        if row == first:
            return offset
        offset, skip = chunks[0].start, first - chunks[0].row_from
        for piece in of_chunks(self._folder, self._published, chunks[:1] if skip else (), Span(0, ENDLESS)):
            passed = piece.count(b"\n")
            if passed >= skip:
                return offset + len(piece) - len(piece.split(b"\n", skip)[-1])
            offset, skip = offset + len(piece), skip - passed
        return offset

    def _cut(self, chunks: list[ChunkRow], begin: int, most: int, room: int) -> Iterator[bytes]:
        """Pieces of whole lines together, from an offset on: the end is where there is enough."""
        for piece in of_chunks(self._folder, self._published, chunks, Span(begin, ENDLESS)):
            ends = piece.count(b"\n")
            if ends >= most:
                yield piece[: len(piece) - len(piece.split(b"\n", most)[-1])]
                return
            if len(piece) >= room and ends:
                yield piece[: piece.find(b"\n", max(0, room - 1)) + 1 or piece.rfind(b"\n") + 1]
                return
            yield piece
            most, room = most - ends, room - len(piece)
