"""What a child may use, and how it takes these limits upon itself."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
from select import POLLHUP, POLLIN, poll
from typing import Final, NamedTuple

MIB: Final = 1 << 20
_MAPPED: Final = 256 * MIB
"""Addresses beside the memory: libraries and locale files, which are mapped and shared."""
_FILES: Final = 64


class Confinement(NamedTuple):
    """What a child may use."""

    memory: int = 128 * MIB
    """Bytes of its own."""
    cpu: int = 300
    """Seconds of CPU over its life."""
    silence: float = 60
    """Seconds that it may work without giving anything."""
    disk: int = 4096 * MIB
    """Bytes of each file it writes."""
    frame: int = 64 * MIB
    """Bytes of what it sends at once; a child that announces more is not believed."""

    def enter(self) -> None:
        """Limit this process for good. The file that is limited has no name, so nothing is left of it."""
        resource.setrlimit(resource.RLIMIT_CPU, (self.cpu, self.cpu + 1))  # at the first, a signal of its own
        for what, most in (
            (resource.RLIMIT_DATA, self.memory),
            (resource.RLIMIT_AS, self.memory + _MAPPED),
            (resource.RLIMIT_FSIZE, self.disk),
            (resource.RLIMIT_NOFILE, _FILES),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(what, (most, most))


def die_with(lifeline: int) -> None:
    """End this process, whatever it is doing, when the other end of the pipe `lifeline` is closed.

    The kernel says so by SIGIO, whose default is the end: that needs no thread, and reaches C code that never returns.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    watch = poll()
    watch.register(lifeline, POLLIN)
    if any(event & POLLHUP for _, event in watch.poll(0)):
        os._exit(1)  # it was closed before we listened
