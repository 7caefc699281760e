"""The wire to a store: it counts what goes through, can be cut, and can hold a request or its answer."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

REQUEST = re.compile(rb"^(GET|PUT|POST|HEAD|DELETE) (\S+) HTTP/1.1\r\n")


class Wire:
    """A TCP proxy on `port`. Everything is on until `cut`.

    requests: method and target of every one that went through. sent: bytes towards the store.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self.requests: list[str] = []
        self.sent = 0
        self.held = threading.Event()
        """The request, or the answer, that was waited for is there, and stuck."""
        self._hold: re.Pattern[str] | None = None
        self._hold_answer = False
        self._on = True
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, request: str, *, answer: bool = False) -> None:
        """Let the next request that matches go no further; or let it through, but not its answer."""
        self.held.clear()
        self._hold, self._hold_answer = re.compile(request), answer

    def release(self) -> None:
        """Hold nothing any more, and close what was held."""
        self._hold = None
        self._close_all()

    def cut(self) -> None:
        """Close every connection and refuse new ones."""
        self._on = False
        self._close_all()

    def mend(self) -> None:
        self._on = True

    def close(self) -> None:
        self._on = False
        self._listener.close()
        self._close_all()

    def count(self, request: str) -> int:
        """How many requests matched."""
        return sum(bool(re.search(request, one)) for one in self.requests)

    def forget(self) -> None:
        """Count from here."""
        self.requests, self.sent = [], 0

    def _close_all(self) -> None:
        for pair in list(self._pairs):
            for one in pair:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._on:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            self._pairs.add((near, far))
            threading.Thread(target=self._serve, args=(near, far), daemon=True).start()

    def _serve(self, near: socket.socket, far: socket.socket) -> None:
        stuck = threading.Event()
        back = threading.Thread(target=self._back, args=(near, far, stuck), daemon=True)
        back.start()
        with suppress(OSError):
            while data := near.recv(65536):
                if self._is_held(data):
                    stuck.set()
                    if not self._hold_answer:
                        self.held.set()
                        while near.recv(65536):
                            pass
                        break
                self.sent += len(data)
                far.sendall(data)
        for one in (near, far):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        back.join()
        near.close()
        far.close()
        self._pairs.discard((near, far))

    def _is_held(self, data: bytes) -> bool:
        found = REQUEST.match(data)
        if not found:
            return False
        request = b" ".join(found.groups()).decode()
        self.requests.append(request)
        return self._hold is not None and bool(self._hold.search(request))

    def _back(self, near: socket.socket, far: socket.socket, stuck: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                if stuck.is_set() and not data.startswith(b"HTTP/1.1 100 "):
                    self.held.set()
                    continue
                near.sendall(data)
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
