"""Growing: a response that follows a run's file while it is written, like `tail -f`.

It sends committed bytes alone, and it ends well only when the run has published them all. If the run ends otherwise,
starts from zero, or the server stops, it raises: the server then closes the connection without a final chunk, and the
client sees that something is missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from narrowboat.kernel.model import Artifact, ChunkRow, Run
from narrowboat.web.context import Context
from narrowboat.web.ranges import ENDLESS, Span
from narrowboat.web.reading import in_threads, of_chunks, of_file

PATIENCE = 30.0
"""Seconds after which the run is looked at although nobody told that it moved."""


class News(NamedTuple):
    """A run, and chunks that were committed before it was looked at."""

    run: Run
    chunks: Sequence[ChunkRow]


class Growing:
    """The bytes of a run's file from `begin` on. published: what the finished file is called."""

    def __init__(self, context: Context, run: Run, published: str, *, begin: int = 0) -> None:
        self._context, self._published = context, published
        self._id, self._generation = run.id, run.generation
        self._folder = context.nb.run_folder(run.id)
        self._at, self._seq = begin, -1

    async def to_the_end(self) -> AsyncIterator[bytes]:
        """Everything, as it comes. Raises ConnectionAbortedError when there will not be all of it."""
        follow = self._context.nb.follow
        async with follow.run(self._id) as watched:
            while True:
                version = watched.run.version
                async for piece in self.committed(ENDLESS):
                    yield piece
                if self._run.artifact:
                    return
                if self._run.ended:
                    raise self._cut(f"the run {self._run.state.replace('_', ' ')}")
                if follow.draining:
                    raise self._cut("the server stops")
                await watched.after(version, PATIENCE)

    async def committed(self, end: int) -> AsyncIterator[bytes]:
        """What is committed now, up to `end`. Raises ConnectionAbortedError."""
        while self._at < end:
            self._run, chunks = await self._context.threads.run(self._news)
            if self._run.generation != self._generation:
                raise self._cut("the run started again from zero")
            if not (pieces := self._pieces(self._run.artifact, chunks, end)):
                return
            async for piece in in_threads(self._context.reading, pieces):
                yield piece
                self._at += len(piece)
            if self._run.artifact:
                return
            self._seq = chunks[-1].seq

    def _pieces(self, made: Artifact | None, chunks: Sequence[ChunkRow], end: int) -> Iterator[bytes] | None:
        """What to send next; None if there is nothing yet."""
        if made:
            return of_file(self._folder / made.path, Span(self._at, min(end, made.bytes)))
        return of_chunks(self._folder, self._published, chunks, Span(self._at, end)) if chunks else None

    def _news(self) -> News:
        """The run is asked for last: chunks of a newer generation than it says are never taken for its own."""
        store = self._context.nb.store
        chunks = store.chunks(self._id, after=self._seq)
        return News(store.get(self._id), chunks)

    def _cut(self, why: str) -> ConnectionAbortedError:
        return ConnectionAbortedError(
            f"Run {self._id}: {why}, so this download is cut off: it must not look whole. Resume it with Range."
        )
