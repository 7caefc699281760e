"""What a client sees of an answer that takes its time: when each piece came, and how it ended."""

from __future__ import annotations

import io
import socket
import threading
import time
import zipfile
from collections.abc import Iterator

import httpx

from tests.proxies.rig import Rig
from tests.waiting import until

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Seen:
    """An answer, read in a thread of its own as it comes.

    end: None while it goes on, `whole` when it ended as HTTP says it should, else the client's error.
    """

    def __init__(
        self, rig: Rig, chain: str, path: str, *, reads: threading.Event | None = None, **headers: str
    ) -> None:
        self.chain, self.path, self.headers = chain, path, httpx.Headers()
        self.reads = reads or threading.Event()
        """After its first piece it reads on only when this is set; by default it is."""
        if reads is None:
            self.reads.set()
        self.status: int | None = None
        self.redirects = 0
        self._pieces: list[bytes] = []
        self.gaps: list[float] = []
        """Seconds before the header, then before each piece."""
        self.end: str | None = None
        self._client = rig.fresh(chain)
        self._asked = headers
        self._thread = threading.Thread(target=self._read, name=f"{chain} {path}", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        last = time.monotonic()
        try:
            with self._client.stream("GET", self.path, headers=self._asked) as answer:
                self.headers = answer.headers
                self.redirects = len(answer.history)
                self.status = answer.status_code
                self.gaps.append(time.monotonic() - last)
                self._socket = answer.extensions["network_stream"].get_extra_info("socket")
                for piece in answer.iter_raw():
                    now = time.monotonic()
                    self.gaps.append(now - last)
                    last = now
                    self._pieces.append(piece)
                    self.reads.wait(30)
            self.end = "whole"
        except httpx.TransportError as error:
            self.end = type(error).__name__

    @property
    def body(self) -> bytes:
        """What has come so far."""
        return b"".join(self._pieces)

    def is_honest(self, whole: bytes) -> bool:
        """Whether the client has the file, or knows that it has not: by a status, an error, or a broken archive."""
        broken = self.headers.get("content-type") == XLSX and not zipfile.is_zipfile(io.BytesIO(self.body))
        return self.body == whole or self.status != 200 or self.end != "whole" or broken

    def until_body(self, has: bytes) -> Seen:
        """Wait until these bytes have come."""
        until(lambda: has in self.body or self.end, f"{self.chain} to bring {has!r}")
        assert has in self.body, (self.chain, self.status, self.end, self.body)
        return self

    def until_bytes(self, count: int) -> Seen:
        """Wait until so many bytes have come."""
        until(lambda: len(self.body) >= count or self.end, f"{self.chain} to bring {count} bytes")
        assert len(self.body) >= count, (self.chain, self.status, self.end, self.body)
        return self

    def cut(self) -> None:
        """The client's network goes away."""
        self._socket.shutdown(socket.SHUT_RDWR)
        assert self.finish().end != "whole"

    def finish(self) -> Seen:
        """Wait for its end."""
        self._thread.join(60)
        assert self.end, f"{self.chain}: no end after 60 s"
        self._client.close()
        return self

    def events(self) -> Iterator[dict[str, str]]:
        """The events that have come so far, as a browser would tell them. A comment is an event with an empty name."""
        for block in self.body.decode().split("\n\n")[:-1]:
            yield {name: value.strip() for name, _, value in (line.partition(":") for line in block.splitlines())}
