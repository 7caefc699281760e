"""Ending: an answer of unknown length that was cut looks cut over HTTP/1.0 too.

HTTP/1.0 knows no other end of such an answer than that the connection closes, so a proxy that speaks it (nginx, unless
told otherwise) passes on as whole what was cut. While such an answer is under way, its socket is set to be reset when
it closes, which the kernel does after kill -9 too; a proxy takes a reset for the error that it is.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

RESET, CLOSE = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)
"""SO_LINGER: whether it is on, and for how many seconds."""


class Protocol(H11Protocol):
    """uvicorn's for h11, for its `http` option."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inner, self.app = self.app, self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["http_version"] != "1.0":
            await self._inner(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._when_it_closes(CLOSE if _has_length(message) else RESET)
            elif not message.get("more_body", False):
                self._when_it_closes(CLOSE)
            await send(message)

        await self._inner(scope, receive, sending)

    def _when_it_closes(self, what: bytes) -> None:
        if connection := self.transport.get_extra_info("socket"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, what)


def _has_length(start: Message) -> bool:
    return any(name.lower() == b"content-length" for name, _ in start["headers"])
