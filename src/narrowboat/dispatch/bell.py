"""Bell: how other processes of a host reach the one that supervises its workers.

A Unix datagram socket beside the supervisor's lock carries the words of the channel, `hint` and `wake RUN`. So a run
started, or a cancel asked for, in any process takes effect at once. A word that nobody hears is lost without harm.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LONGEST = 100
"""Bytes of a socket's address that every system takes."""


class Bell:
    """The socket at `path`, for both sides."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @staticmethod
    def of(lock: Path) -> Bell:
        """The bell of whoever holds the supervisor's lock."""
        return Bell(lock.with_suffix(".bell"))

    def ring(self, word: str, run_id: str = "") -> None:
        """Say a word to whoever listens."""
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end, _address(self._path) as name:
            end.setblocking(False)
            end.sendto(f"{word} {run_id}".encode(), name)

    @contextmanager
    def heard(self, hear: Callable[[str, str], None]) -> Iterator[None]:
        """Call `hear(word, run_id)`, from a thread, while inside. Where no socket can be had, it stays silent."""
        end = self._listening()
        thread = threading.Thread(target=_listen, args=(end, hear), name="bell", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            thread.join(1.0)
            end.close()

    def _listening(self) -> socket.socket:
        end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with suppress(OSError), _address(self._path) as name:
            self._path.unlink(missing_ok=True)
            end.bind(name)
        return end


def _listen(end: socket.socket, hear: Callable[[str, str], None]) -> None:
    with suppress(OSError):
        while said := end.recv(1024):
            word, _, run_id = said.decode(errors="replace").partition(" ")
            hear(word, run_id)


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """A name of `path` that is short enough for a socket."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
