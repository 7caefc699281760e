"""Rows: what a report shows, a page at a time or all of it as it comes. Lines of the artifact are passed on unparsed.

A row's number counts from 0 within a generation of its run: a run that had to start from zero may number them anew.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator
from typing import Any

from narrowboat.data.formats.declared import columns_of
from narrowboat.errors import StoreUnavailable, UnknownRun
from narrowboat.kernel.model import Run, State
from narrowboat.web import sse
from narrowboat.web.context import Context
from narrowboat.web.follow import AFTER_FAULT, Follow, Watched
from narrowboat.web.lines import Found, Lines

MOST = 1000
"""Rows of a page at most."""
ROOM = 1 << 20
"""Bytes of a page; the row that reaches it is its last one."""
PIECE = 1 << 18
"""Bytes of a piece of a stream, in the same way."""
REST = 0.05
"""Seconds until a stream that has all there is looks again: several chunks cost it little more than one."""
WHOLE = (State.SUCCEEDED, State.PARTIAL)
"""The states of a run that has shown all its rows."""
NDJSON = "application/x-ndjson"
AWAY = (
    b'event: away\ndata: {"detail": "The database of runs is away. Nothing is lost; rows go on when it is back."}\n\n'
)
"""Without an id: what a client has seen stays."""


def columns(run: Run) -> list[dict[str, Any]]:
    """The columns; none while nothing is committed."""
    state = (run.cursor or {}).get("writer") or {}
    return [
        {
            "name": column.name,
            "label": column.header,
            "type": column.type.value,
            "zone": column.zone,
            "currency": column.currency,
            "scale": column.scale,
        }
        for column in columns_of(state.get("columns") or ())
    ]


def page(found: Found, first: int) -> bytes:
    """A page as JSON: `schemas.RowsPage`."""
    run = found.run
    about = {
        "columns": columns(run),
        "generation": run.generation,
        "from": first,
        "watermark": run.counters.rows,
        "total": run.total,
        "total_estimated": run.total_estimated,
        "state": run.state.value,
        "done": run.ended,
    }
    head = json.dumps(about, ensure_ascii=False)[:-1].encode("utf-8", "replace")
    return b'%b,"rows":[%b]}' % (head, _array(found.lines))


def _array(lines: bytes) -> bytes:
    return lines.rstrip(b"\n").replace(b"\n", b",")


class Stream:
    """All rows of a run from `first` on, as they are committed."""

    def __init__(self, context: Context, lines: Lines, run: Run, first: int) -> None:
        self._context, self._lines = context, lines
        self._run, self.at, self.generation = run, first, run.generation
        self.away = False
        """The store cannot be asked: rows go on when it is back."""
        self.until = math.inf
        """On the monotonic clock: batches end then, though there are more."""

    @property
    def follow(self) -> Follow:
        """Who tells when there is more."""
        return self._context.nb.follow

    async def batches(self, watched: Watched) -> AsyncIterator[Found | None]:
        """Rows as they come; None after some seconds without any, and each second while the store is away.

        Ends with the run, where the run started again from zero, when the server stops, or with its time.
        """
        while not self.follow.draining and not sse.is_long(self.until):
            version = watched.run.version
            found = await self._read()
            if found is None:
                yield None
                await asyncio.sleep(AFTER_FAULT)
                continue
            self._run = found.run
            if found.run.generation != self.generation:
                return
            if found.rows:
                self.at += found.rows
                yield found
            everything = self.at >= found.run.counters.rows
            if everything and found.run.ended:
                return
            if found.rows and not everything:
                continue
            if found.rows:
                await asyncio.sleep(REST)
            if await watched.after(found.run.version if everything else version, sse.QUIET) is None:
                yield None

    async def _read(self) -> Found | None:
        """What comes next; None while the store is away, which one tailer finds out for all."""
        self.away = self.follow.away
        if not self.away:
            try:
                return await self._context.reading.run(self._lines.read, self.at, PIECE, PIECE)
            except StoreUnavailable:
                self.away = True
        return None

    @property
    def restarted(self) -> bool:
        """The run began again, so the rows that were sent count no more."""
        return self._run.generation != self.generation

    @property
    def ended(self) -> Run | None:
        """The run, if all its rows were sent and no more will come."""
        over = self._run.ended and self.at >= self._run.counters.rows and not self.restarted
        return self._run if over else None

    def begin_again(self) -> None:
        """From the first row of the new generation."""
        self.generation, self.at = self._run.generation, 0


async def ndjson(stream: Stream, run_id: str) -> AsyncIterator[bytes]:
    """An object with the columns, an array for each row, and an object at the end with `done` or `failed`.

    Without that last line the answer is not whole. It is cut off, without a final chunk, unless all rows came.
    """
    first, begun = stream.at, False
    async with stream.follow.run(run_id) as watched:
        async for found in stream.batches(watched):
            if found and not begun:
                begun = True
                yield _line({"columns": columns(found.run), "generation": found.run.generation, "from": first})
            yield found.lines if found else b"\n"
    run = stream.ended
    if run is None:
        why = "the run started again from zero" if stream.restarted else "the server stops"
        raise ConnectionAbortedError(f"Run {run_id}: {why}, so its rows are cut off: they must not look whole.")
    if not begun:
        yield _line({"columns": columns(run), "generation": run.generation, "from": first})
    yield _line(_end(run))
    if run.state not in WHOLE:
        raise ConnectionAbortedError(f"Run {run_id} {run.state.replace('_', ' ')}: its rows must not look whole.")


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _end(run: Run) -> dict[str, Any]:
    word = "done" if run.state in WHOLE else "failed"
    return {word: True, "rows": run.counters.rows, "state": run.state.value, "code": run.error_code}


def place(last_id: str | None) -> tuple[int, int] | None:
    """Generation and rows seen, from the id of an event."""
    match = re.fullmatch(r"(\d{1,9})-(\d{1,18})(?:\.end)?", last_id or "", re.ASCII)
    return (int(match[1]), int(match[2])) if match else None


def is_over(run: Run, last_id: str | None) -> bool:
    """Whether the client has seen all there will be."""
    return run.ended and last_id == _end_id(run)


def _end_id(run: Run) -> str:
    return f"{run.generation}-{run.counters.rows}.end"


async def events(stream: Stream, run_id: str, seen: tuple[int, int] | None, *, brief: bool) -> AsyncIterator[bytes]:
    """Server-Sent Events: `columns`, `rows` (an array of rows, id: generation and rows so far), `done` or `failed`.

    `restart` comes where the run began again from zero: what was received counts no more. `away` comes each second
    while the store cannot be asked. seen: what the client has. brief: what there is now, and the client comes back for
    more.
    """
    yield sse.COME_BACK if brief else f"retry: {sse.RETRY}\n\n".encode()
    if seen and seen[0] != stream.generation:
        yield sse.event("restart", f"{stream.generation}-0", "{}")
    stream.until = time.monotonic() + sse.LONGEST
    try:
        async with stream.follow.run(run_id) as watched:
            async for piece in _told(stream, watched):
                yield piece
                if brief and piece in (sse.COMMENT, AWAY):
                    return
    except UnknownRun:
        return  # deleted; who comes back is told so
    if stream.ended is None:
        yield sse.come_back(stream.until)


async def _told(stream: Stream, watched: Watched) -> AsyncIterator[bytes]:
    begun = False
    while True:
        async for found in stream.batches(watched):
            if found and not begun:
                begun = True
                yield sse.event("columns", _id(found.run, stream.at - found.rows), json.dumps(columns(found.run)))
            yield _rows(found, stream.at) if found else AWAY if stream.away else sse.COMMENT
        if not stream.restarted:
            break
        stream.begin_again()
        begun = False
        yield sse.event("restart", f"{stream.generation}-0", "{}")
    if run := stream.ended:
        if not begun:
            yield sse.event("columns", _id(run, stream.at), json.dumps(columns(run)))
        yield sse.event("done" if run.state in WHOLE else "failed", _end_id(run), json.dumps(_end(run)))


def _rows(found: Found, at: int) -> bytes:
    return b"event: rows\nid: %b\ndata: [%b]\n\n" % (_id(found.run, at).encode(), _array(found.lines))


def _id(run: Run, rows: int) -> str:
    return f"{run.generation}-{rows}"
