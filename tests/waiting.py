"""Ports that are free, and waiting for something to come true: for tests of processes of their own."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any


def until(condition: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
    """The condition's first true value; fails after so many seconds, saying what was waited for.

    Many, for on a busy machine two cores may serve thirty processes.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


def free_port() -> int:
    """A port that nobody listens on."""
    (port,) = free_ports(1)
    return port


def free_ports(number: int) -> list[int]:
    """So many, no two the same."""
    with ExitStack() as stack:
        ears = [stack.enter_context(socket.socket()) for _ in range(number)]
        for ear in ears:
            ear.bind(("127.0.0.1", 0))
        return [int(ear.getsockname()[1]) for ear in ears]
