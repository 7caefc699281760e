"""Exchange: one request to an ASGI application, and its answer piece by piece."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Scope

PIECE = 64 * 1024
"""Bytes of a request's body that are taken at once."""
log = logging.getLogger("narrowboat.django")


class Head(NamedTuple):
    """How an answer begins. whole: its body, where that is all of it already."""

    status: int
    headers: Mapping[str, str]
    whole: bytes | None


class Exchange:
    """Lives on one event loop. Whoever reads it lets the application go on: no more than a piece is kept.

    read: gives so many bytes of the request's body, or fewer, none at its end; it may block. None: there is no body.
    """

    def __init__(self, app: ASGIApp, scope: Scope, read: Callable[[int], bytes] | None) -> None:
        self._app, self._scope = app, scope
        self._read, self._asked = read, False
        self._first = b""

    async def begin(self) -> Head:
        """The answer's head. Raises what the application raises before it."""
        self._answers: asyncio.Queue[Message] = asyncio.Queue(1)
        self._gone = asyncio.Event()
        self._over = False
        self._task = asyncio.create_task(self._work())
        start = await self._next()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        self._first = await self._piece()
        return Head(start["status"], headers, self._first if self._over else None)

    async def _work(self) -> None:
        await self._app(self._scope, self._receive, self._answers.put)

    async def _receive(self) -> Message:
        if not self._asked:
            piece = await self._body()
            if piece is None:
                return {"type": "http.disconnect"}
            self._asked = not piece
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _body(self) -> bytes | None:
        """The next bytes of the request's body; None where the client went away."""
        if self._read is None:
            return b""
        try:
            return await asyncio.to_thread(self._read, PIECE)
        except OSError:  # Django's UnreadablePostError
            return None

    async def piece(self) -> bytes:
        """The next bytes of the body; empty at its end. Raises what the application raises in the middle."""
        if self._first:
            first, self._first = self._first, b""
            return first
        return await self._piece()

    async def _piece(self) -> bytes:
        while not self._over:
            message = await self._next()
            self._over = not message.get("more_body", False)
            if body := bytes(message.get("body", b"")):
                return body
        return b""

    async def _next(self) -> Message:
        answer = asyncio.ensure_future(self._answers.get())
        try:
            await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
        finally:
            answer.cancel()  # also when who reads has gone
        if not self._answers.empty():
            return self._answers.get_nowait()
        await self._task
        raise ConnectionAbortedError("The application answered no more.")

    async def end(self) -> None:
        """Nobody reads on: the application is told so, and stopped. Harmless when repeated."""
        self._gone.set()
        if self._over:
            await asyncio.wait({self._task}, timeout=1.0)  # what it does after its answer
        self._task.cancel()
        await asyncio.wait({self._task})
        if self._over and not self._task.cancelled() and (error := self._task.exception()):
            log.error("%s: an error was answered", self._scope["path"], exc_info=error)
