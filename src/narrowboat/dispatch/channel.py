"""Channel: the line between the supervisor and one child, a socket that carries words.

Supervisor to child: `hint` (there may be work), `wake RUN` (look at what was asked of it).
Child to supervisor: `moved RUN` (something was committed), `alive` (every second: it does not hang).
A closed line means: finish your chunk and go.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress


class Channel:
    """One end of the line. `say` from any thread; `hear` from one."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    @staticmethod
    def pair() -> tuple[Channel, socket.socket]:
        """A channel, and the socket to hand to the child."""
        mine, theirs = socket.socketpair()
        return Channel(mine), theirs

    def say(self, word: str, run_id: str = "") -> None:
        """Send a word, without ever waiting: one that cannot be sent, as the other side hangs, is lost without harm."""
        with suppress(OSError):
            self._end.send(f"{word} {run_id}\n".encode(), socket.MSG_DONTWAIT)

    def hear(self) -> Iterator[tuple[str, str]]:
        """Words as they come, until the line is closed."""
        with suppress(OSError), self._end.makefile("r") as lines:
            for line in lines:
                word, _, run_id = line.strip().partition(" ")
                yield word, run_id

    def close(self) -> None:
        """End the line; the other side hears the end."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()
