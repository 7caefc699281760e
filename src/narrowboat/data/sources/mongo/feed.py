"""Batches from a cursor, read ahead by a thread of its own, so that whoever waits for them can be told to stop."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Feed(Thread, Generic[T]):
    """Holds one batch ahead. The driver cannot be told from another thread to wait no longer; this can."""

    def __init__(self, batches: Generator[T]) -> None:
        super().__init__(daemon=True, name="narrowboat-mongodb")
        self._batches = batches
        self._changed = Condition()
        self._ahead: list[T] = []
        self._ended = False
        self._failure: Exception | None = None

    def run(self) -> None:
        try:
            with closing(self._batches):
                for batch in self._batches:
                    if not self._put(batch):
                        return
        except Exception as error:  # whatever it is, it belongs to the thread that reads
            self._failure = error
        self.stop()

    def next(self) -> T | None:
        """The next batch; None at the end, or once stopped. Raises what the iterator raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._ahead or self._ended)
            if self._ahead:
                self._changed.notify_all()
                return self._ahead.pop()
        if self._failure is not None:
            raise self._failure
        return None

    def stop(self) -> None:
        """Wait no more, on either side."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _put(self, batch: T) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: not self._ahead or self._ended)
            if not self._ended:
                self._ahead.append(batch)
                self._changed.notify_all()
            return not self._ended
