"""One run worked on in this process until it ends, while Ctrl-C is heard and the progress bar drawn."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType

from narrowboat.app import Narrowboat
from narrowboat.cli.outcome import say
from narrowboat.cli.progress import INTERVAL, Done, Progress
from narrowboat.errors import IllegalTransition
from narrowboat.kernel.model import Request, Run, State
from narrowboat.kernel.runner import Moment, Runner

WORKER = "command-line"
PATIENCE = 5
"""Passing faults in a row (a database that is away) after which people are asked instead of waited for."""


class Signals:
    """While inside, Ctrl-C and SIGTERM are counted instead of obeyed; a second one stops the process at once.

    A handler interrupts anything, so it does no more than that: the waiting thread acts.
    """

    def __init__(self) -> None:
        self.heard = 0

    def __enter__(self) -> Signals:
        self._before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.heard += 1
        if self.heard > 1:
            os._exit(128 + signal.SIGINT)


class Foreground:
    """Works on a thread of its own: a signal is heard at once, also while a statement runs for minutes."""

    def __init__(self, nb: Narrowboat, run: Run, progress: Progress, signals: Signals) -> None:
        self._nb, self._progress, self._signals = nb, progress, signals
        self._run = run
        self._error: BaseException | None = None
        self._before = run.counters.rows
        self._rows, self._total, self._estimated = self._before, run.total, run.total_estimated
        self._runner: Runner = nb.runner(WORKER, watch=self._watch)
        self._cancelled = threading.Event()

    def work(self) -> Run:
        """Return the run once it ended, or cannot go on for now. Raises what the store raises."""
        thread = threading.Thread(target=self._work, name="export")
        thread.start()
        while thread.is_alive():
            thread.join(INTERVAL)
            self._obey()
            self._progress.draw()
        self._progress.clear()
        if self._error:
            raise self._error
        return self._run

    def _work(self) -> None:
        try:
            while True:
                self._cancelled.wait(max(0.0, self._run.not_before - self._nb.store.now()))
                self._run = self._runner.run_slice(self._run.id) or self._nb.store.get(self._run.id)
                if self._over():
                    return
        except BaseException as error:
            self._error = error

    def _over(self) -> bool:
        run = self._run
        # What never wrote a row has nothing to lose: tell at once instead of trying for a minute.
        return run.ended or run.state is State.PAUSED or run.tries > (PATIENCE if run.seq else 0)

    def _watch(self, moment: Moment) -> None:
        if moment.point != "committed" or (chunk := moment.chunk) is None:
            return
        if chunk.restart:
            self._rows = self._before = 0
        if chunk.total:
            self._total, self._estimated = chunk.total
        self._rows += chunk.counters.rows
        self._progress.update(Done(self._rows, self._total, self._estimated, self._before))

    def _obey(self) -> None:
        if not self._signals.heard or self._cancelled.is_set():
            return
        self._cancelled.set()
        self._progress.clear()
        say("Stopping … (again to stop at once)")
        try:
            self._nb.store.request(self._run.id, Request.CANCEL)
        except IllegalTransition:
            return  # it is being published: a moment, and it is whole
        self._runner.look(self._run.id)
