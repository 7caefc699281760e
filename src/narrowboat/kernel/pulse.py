"""Pulse: the heartbeat of a lease, beside the thread that works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from narrowboat.errors import LeaseLost, NarrowboatError
from narrowboat.kernel.model import Control, Lease
from narrowboat.kernel.store import Store


class Pulse:
    """Renews the lease every third of its time and hears what people ask meanwhile.

    A cancel, a deadline or a lost lease interrupts the statement that the work is waiting for;
    a pause waits for the chunk to end. Work that must stop and has not done so within `patience` seconds is `stuck`.
    """

    def __init__(self, store: Store, lease: Lease, *, patience: float, stuck: Callable[[], None]) -> None:
        self.control = Control.GO_ON
        self.lost = False
        self._store, self._lease = store, lease
        self._patience, self._stuck = patience, stuck
        self._told: float | None = None
        self._interrupt: Callable[[], None] | None = None
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._beat, name=f"pulse-{lease.run.id}", daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def guard(self, interrupt: Callable[[], None]) -> None:
        """What to call, from the pulse's thread, when the work must stop now."""
        self._interrupt = interrupt
        if self.must_stop:
            interrupt()

    def look(self) -> None:
        """Ask the store now instead of at the next beat."""
        self._wake.set()

    @property
    def must_stop(self) -> bool:
        """The work must not even finish its chunk."""
        return self.lost or self.control in (Control.CANCEL, Control.TIMED_OUT)

    def _beat(self) -> None:
        while True:
            self._wake.wait(self._lease.seconds / 3)
            self._wake.clear()
            if self._stopped:
                return
            self._ask()
            self._lose_patience()

    def _ask(self) -> None:
        try:
            self.control = self._store.heartbeat(self._lease)
        except LeaseLost:
            self.lost = True
        except NarrowboatError:  # the store is away, or its disk is full
            return  # the next beat tries again; if none gets through, the lease expires, as it should
        if self.must_stop and self._interrupt is not None:
            try:
                self._interrupt()
            except Exception as error:
                self._note(error)

    def _note(self, error: Exception) -> None:
        """The lease is renewed nevertheless, and the next beat interrupts again."""
        import logging  # only here, as in the runner

        about = {"run": self._lease.run.id, "job": self._lease.run.job}
        logging.getLogger("narrowboat.runner").warning("its work could not be interrupted: %s", error, extra=about)

    def _lose_patience(self) -> None:
        """Code that nobody can interrupt, such as a Python iterable that waits, must not keep a worker for ever."""
        if not self.must_stop:
            self._told = None  # its last chunk was committed before: what is complete is published
            return
        now = time.monotonic()
        self._told = now if self._told is None else self._told
        if now - self._told >= self._patience:
            self._stuck()
