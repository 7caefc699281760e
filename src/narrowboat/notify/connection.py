"""What connections of channels share: how long they may take, and that they end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, urlsplit

from narrowboat.errors import BadConfiguration

ANSWER = 15.0
"""Seconds that a server may take for one answer."""
WHOLE = 60.0
"""Seconds after which a connection is cut whatever it is doing: a server may send a byte now and then for ever."""


def split(url: str) -> tuple[SplitResult, int | None]:
    """The parts of a URL, and its port if it names one. Raises BadConfiguration, which does not quote it."""
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise BadConfiguration(
            "A channel's URL cannot be read: its port is no number, or its user and password are not percent-encoded."
        ) from None


@contextmanager
def cut_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Cut the connection if it is still in use after so many seconds; what reads or writes there then fails."""

    def cut() -> None:
        with suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # the socket's own: TLS would want to say goodbye

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
