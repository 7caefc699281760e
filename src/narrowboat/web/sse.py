"""Server-Sent Events of a run: snapshots of its state, and one `done` at its end.

Each snapshot's id is the run's version, which is durable. So a client that comes back with its last id, to whichever
process, needs no history: it is told the newest snapshot if it has not seen that.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Callable

from narrowboat.errors import UnknownRun
from narrowboat.kernel.model import Run
from narrowboat.web.follow import Follow, Watched

HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "Content-Encoding": "identity",  # or a proxy that compresses holds small events back
    "X-Accel-Buffering": "no",
}
MEDIA_TYPE = "text/event-stream"
QUIET = 4.0
"""Seconds without an event after which a comment is sent, so that no proxy takes the stream for dead."""
PAUSE = 0.004
"""Seconds between two snapshots, at least. A screen shows one each 0.016, and the newest should not be old by then."""
SHARE = 0.0001
"""Seconds between two, at least, for each follower of a run: however many there are, telling them takes the server at
most a third of a processor."""
COMMENT = b":\n\n"
LONGEST = 300.0
"""Seconds after which a stream ends: who comes back is asked again who they are, and what they may see by now."""
SOON = b"retry: 200\n\n"
"""How soon to come back then."""
RETRY = 2000
"""Milliseconds after which a client that lost the connection comes back."""
COME_BACK = b"retry: 1000\n\n"
"""The same, where each look is a request of its own."""


def is_over(run: Run, last_id: str | None) -> bool:
    """Whether the client has seen all there will be."""
    return run.ended and last_id == _done_id(run)


async def events(
    follow: Follow, run_id: str, last_id: str | None, view: Callable[[Watched], str]
) -> AsyncIterator[bytes]:
    """The stream. view: a snapshot as JSON, in one line."""
    yield f"retry: {RETRY}\n\n".encode()
    until = time.monotonic() + LONGEST
    try:
        async with follow.run(run_id) as watched:
            async for piece in snapshots(follow, watched, last_id, view, until):
                yield piece
    except UnknownRun:
        return  # deleted; who comes back is told so
    if is_long(until) or follow.draining:
        yield come_back(until)


def look(run: Run, last_id: str | None, text: str) -> bytes:
    """What is new of a run at this moment, for a stream that ends at once. text: the run as JSON."""
    told = b"" if last_id == str(run.version) else event("run", str(run.version), text)
    return told + (event("done", _done_id(run), text) if run.ended else b"")


def is_long(until: float) -> bool:
    """Whether a stream has lasted as long as it may."""
    return time.monotonic() >= until


def come_back(until: float) -> bytes:
    """When to come back: at once where the stream has lasted long enough, else from a server that leaves."""
    return SOON if is_long(until) else f"{retry_later()}\n\n".encode()


def retry_later() -> str:
    """The line that sends those who follow a server that leaves to another: not all of them at one moment."""
    return f"retry: {random.randint(500, 3000)}"  # noqa: S311  # no secret


async def snapshots(
    follow: Follow, watched: Watched, last_id: str | None, view: Callable[[Watched], str], until: float
) -> AsyncIterator[bytes]:
    """Snapshots of one run as events, with a comment after each quiet while.

    They end with the run, when the server stops, or with the time: `until`, on the monotonic clock.
    """
    seen = int(last_id) if last_id and re.fullmatch("[0-9]{1,18}", last_id) else -1
    while not follow.draining and not is_long(until):
        run = watched.run
        if run.version != seen:
            seen = run.version
            yield event("run", str(run.version), view(watched))
            if run.ended:
                yield event("done", _done_id(run), view(watched))
                return
            await asyncio.sleep(max(PAUSE, SHARE * watched.followers))
        elif run.ended:
            yield event("done", _done_id(run), view(watched))
            return
        if await watched.after(seen, QUIET) is None:
            yield COMMENT


def _done_id(run: Run) -> str:
    return f"{run.version}.done"


def event(name: str, event_id: str, data: str) -> bytes:
    """One event on the wire; `data` is one line."""
    return f"event: {name}\nid: {event_id}\ndata: {data}\n\n".encode()
