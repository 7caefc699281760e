"""The embedded dispatcher: the server's own children do the work, woken over a socket; no service needed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from narrowboat.dispatch.channel import Channel

if TYPE_CHECKING:
    from narrowboat.dispatch.supervisor import Supervisor  # what starts processes is dear, and no worker starts one

log = logging.getLogger("narrowboat.worker")


class Inline:
    """Implements `kernel.dispatch.Dispatcher`.

    In the server it has a supervisor, in a worker a channel to it, in tests and the CLI neither.
    due: what may be worked on now, best first. woken: told the run of which somebody asked something.
    drained: told when to go. poll: seconds between looks when no hint comes.
    """

    def __init__(
        self,
        due: Callable[[], Sequence[str]],
        *,
        supervisor: Supervisor | None = None,
        channel: Channel | None = None,
        woken: Callable[[str], None] | None = None,
        drained: Callable[[], None] | None = None,
        poll: float = 0.5,
    ) -> None:
        self._due, self._supervisor, self._channel = due, supervisor, channel
        self._woken, self._drained, self._poll = woken, drained, poll
        self._run_slice: Callable[[str], bool] | None = None
        self._chores: list[tuple[float, Callable[[], None]]] = []
        self._hinted = threading.Event()
        self.draining = threading.Event()

    def bind(self, run_slice: Callable[[str], bool]) -> None:
        """See `kernel.dispatch.Dispatcher`."""
        self._run_slice = run_slice

    def hint(self, run_id: str, *, queue: str, priority: int = 0, not_before: float = 0.0, conn: Any = None) -> None:
        """See `kernel.dispatch.Dispatcher`. The store is the queue, so a hint is only a nudge."""
        if self._supervisor:
            self._supervisor.hint()

    def wake(self, run_id: str) -> None:
        """See `kernel.dispatch.Dispatcher`."""
        if self._supervisor:
            self._supervisor.wake(run_id)

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """See `kernel.dispatch.Dispatcher`."""
        self._chores.append((seconds, action))

    def health(self) -> dict[str, Any]:
        """See `kernel.dispatch.Dispatcher`."""
        return self._supervisor.health() if self._supervisor else {}

    def run_worker(self, queues: Sequence[str], concurrency: int = 1) -> None:
        """Work, one slice at a time, until drained. One worker is one process: more come from the supervisor."""
        for work in (self._listen, self._do_chores):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()
        while not self.draining.is_set():
            self._hinted.clear()
            if not self._work_once():
                self._hinted.wait(self._poll)

    def drain(self) -> None:
        """Finish the slice under way and return from `run_worker`. From any thread, but from no signal handler."""
        self.draining.set()
        if self._drained:
            self._drained()
        self._hinted.set()

    def _work_once(self) -> bool:
        """One slice of the best run that can be had; whether there was any."""
        assert self._run_slice is not None, "bind comes first"  # noqa: S101
        try:
            return any(self._run_slice(run_id) for run_id in self._due())
        except Exception:
            log.exception("this slice failed outside its run; looking again soon")
            return False

    def _listen(self) -> None:
        if self._channel is None:
            return
        for word, run_id in self._channel.hear():
            if word == "hint":
                self._hinted.set()
            elif word == "wake" and self._woken:
                self._woken(run_id)
        self.drain()

    def _do_chores(self) -> None:
        last = [time.monotonic()] * len(self._chores)
        while self._chores and not self.draining.wait(0.2):
            for index, (seconds, action) in enumerate(self._chores):
                if time.monotonic() - last[index] >= seconds:
                    last[index] = time.monotonic()
                    try:
                        action()
                    except Exception:
                        log.exception("a chore failed; it comes again")
