"""Bodies: no request is read further than any request needs, whoever sends it: it is read before we know who asks."""

from __future__ import annotations

from fastapi.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 256 * 1024
"""Bytes."""


class Bodies:
    """ASGI middleware: reading on raises a 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST:
                raise HTTPException(413, f"The body is larger than {LARGEST} bytes.")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
