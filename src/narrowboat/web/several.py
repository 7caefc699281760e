"""Several: one event stream for many runs, as a page needs that must not hold a connection for each.

Every event's data is a snapshot of a run, so one that comes twice does no harm, and a client that comes back needs no
`Last-Event-ID`: it says which version of each run it has seen.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from narrowboat.errors import NarrowboatError, UnknownRun
from narrowboat.kernel.model import Run
from narrowboat.web import sse
from narrowboat.web.follow import Follow, Watched

log = logging.getLogger("narrowboat.follow")

MOST = 100
"""Runs that one stream follows."""
BRIEF = b"event: brief\ndata: {}\n\n"
"""The stream ends as it should, and the client comes back: nothing is lost."""
BROKEN = b""
"""A run cannot be followed, such as where the store is away: the stream ends, and the client comes back."""


def place(asked: str) -> tuple[str, str | None]:
    """A run's id and the version of it that the client has seen, from `id` or `id:version`."""
    run_id, _, version = asked.partition(":")
    return run_id, version or None


async def events(
    follow: Follow, seen: Mapping[str, str | None], gone: Sequence[str], view: Callable[[Watched], str]
) -> AsyncIterator[bytes]:
    """The stream; it ends when all runs have. seen: runs with the version last seen. gone: ids of no run."""
    yield f"retry: {sse.RETRY}\n\n".encode()
    for run_id in gone:
        yield _gone(run_id)
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)  # who reads slowly misses snapshots, and nothing is kept
    until = time.monotonic() + sse.LONGEST
    pumps = [asyncio.create_task(_pump(follow, run_id, last, view, until, pieces)) for run_id, last in seen.items()]
    try:
        async for piece in _merged(follow, pieces, len(pumps)):
            yield piece
    finally:
        for pump in pumps:
            pump.cancel()
    if sse.is_long(until):
        yield sse.SOON + BRIEF
    elif follow.draining:
        yield f"event: leaving\n{sse.retry_later()}\ndata: {{}}\n\n".encode()


def glance(runs: Sequence[tuple[Run, str | None, str]], gone: Sequence[str]) -> bytes:
    """The stream where it must not last: one look at each run, after which the client comes back.

    runs: each with the version last seen and itself as JSON.
    """
    looks = [*map(_gone, gone), *(sse.look(*one) for one in runs)]
    return sse.COME_BACK + b"".join(looks) + BRIEF


async def _merged(follow: Follow, pieces: asyncio.Queue[bytes | None], open_pumps: int) -> AsyncIterator[bytes]:
    while open_pumps:
        try:
            async with asyncio.timeout(sse.QUIET):
                piece = await pieces.get()
        except TimeoutError:
            # A browser shows its page no comment, so this is an event.
            yield b"event: away\ndata: {}\n\n" if follow.away else b"event: quiet\ndata: {}\n\n"
            continue
        if piece == BROKEN:
            return
        if piece is None:
            open_pumps -= 1
        else:
            yield piece


async def _pump(
    follow: Follow,
    run_id: str,
    last: str | None,
    view: Callable[[Watched], str],
    until: float,
    pieces: asyncio.Queue[bytes | None],
) -> None:
    try:
        async with follow.run(run_id) as watched:
            async for piece in sse.snapshots(follow, watched, last, view, until):
                if piece != sse.COMMENT:
                    await pieces.put(piece)
    except UnknownRun:
        await pieces.put(_gone(run_id))
    except NarrowboatError:
        await pieces.put(BROKEN)
    except Exception:
        log.exception("run %s cannot be followed", run_id)
        await pieces.put(BROKEN)
    await pieces.put(None)


def _gone(run_id: str) -> bytes:
    return f"event: gone\ndata: {json.dumps({'id': run_id})}\n\n".encode()
