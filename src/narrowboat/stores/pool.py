"""A bounded pool of connections: the last one given back is the first one taken, so few are ever open."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from narrowboat.errors import StoreUnavailable


class Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=Closable)


class Pool(Generic[C]):
    """At most `size` connections at once; a caller waits up to `wait` seconds for one."""

    def __init__(self, connect: Callable[[], C], *, size: int, wait: float = 10.0) -> None:
        self._connect = connect
        self._closed = False
        self._size = size
        self._wait = wait
        self._inherited: list[C] = []
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._free = threading.BoundedSemaphore(self._size)
        self._idle: list[C] = []

    def take(self) -> C:
        """A connection for this thread alone. Raises StoreUnavailable when none is free in time."""
        if self._closed:
            raise StoreUnavailable("The store of runs was closed; open it again.")
        if self._process != os.getpid():
            self._inherited += self._idle  # the parent's after a fork: neither used nor closed here
            self._begin()
        if not self._free.acquire(timeout=self._wait):
            raise StoreUnavailable(
                f"All {self._size} connections to the store of runs were in use for {self._wait:g} s; try again."
            )
        try:
            return self._idle.pop() if self._idle else self._connect()
        except BaseException:
            self._free.release()
            raise

    def give(self, conn: C) -> None:
        """Back into the pool."""
        if self._closed:
            conn.close()
        else:
            self._idle.append(conn)
        self._free.release()

    def drop(self, conn: C) -> None:
        """A connection that is broken, or in a state nobody knows."""
        conn.close()
        self._free.release()

    def forget_idle(self) -> None:
        """Close all idle connections: one was found dead, so the others likely are."""
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        """Idle connections are closed now, those in use when they are given back."""
        self._closed = True
        self.forget_idle()
