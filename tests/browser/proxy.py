"""A proxy between browser and server that loses connections, is slow, or answers by itself, as a test wants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Proxy:
    """Listens on a port of its own, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target, self._open = target, set[asyncio.StreamWriter]()
        self._answer: bytes | None = None
        self.delay = 0.0
        """Seconds that every piece takes, in each direction."""
        self.rate = 0.0
        """Bytes a second, of all connections together; 0: no limit."""
        self._free = 0.0  # when the line has passed on what it has
        self.asked: list[str] = []
        """The first line of each connection's first request."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Cut every connection."""
        self._call(self._cut)

    def refuse(self, status: int | None) -> None:
        """From now on answer every request with this status, as a proxy would; None: no more."""
        page = b"<html><body>Bad Gateway</body></html>"
        head = f"HTTP/1.1 {status} Away\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        self._answer = None if status is None else head.encode() + page
        self.cut()

    def close(self) -> None:
        self._call(self._server.close)
        self.cut()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        """Let nothing wait any more."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _call(self, function: Callable[[], None]) -> None:
        async def call() -> None:
            function()

        self._do(call())

    def _takes(self, size: int) -> float:
        """Seconds until a piece is through: after those before it, and as long as the way is."""
        now = self._loop.time()
        self._free = max(now, self._free) + (size / self.rate if self.rate else 0.0)
        return self.delay + self._free - now

    def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await (self._tell(reader, writer) if self._answer else self._pass_on(reader, writer))
        finally:
            self._open.discard(writer)
            writer.close()

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._answer or b"")
        await writer.drain()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._open.add(back_writer)
        try:
            await asyncio.gather(self._pump(reader, back_writer, note=True), self._pump(back_reader, writer))
        finally:
            self._open.discard(back_writer)
            back_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, note: bool = False) -> None:
        while data := await reader.read(65536):
            if note:
                self.asked.append(data.partition(b"\r\n")[0].decode(errors="replace"))
            await asyncio.sleep(self._takes(len(data)))
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
