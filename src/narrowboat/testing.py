"""Test helpers for applications that use Narrowboat: run inline, stop after n chunks, die here."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from narrowboat.app import Narrowboat
from narrowboat.kernel.model import Run
from narrowboat.kernel.runner import Moment


class Interrupted(BaseException):
    """Raised by `stop_after`: the worker is gone without a word, as after kill -9, but in this process."""


def run_inline(nb: Narrowboat, run_id: str, *, watch: Callable[[Moment], None] | None = None) -> Run:
    """Work on a run in this thread until it ends or pauses, and give it as the store knows it then."""
    runner = nb.runner("inline", watch=watch)
    while True:
        runner.run_slice(run_id)
        run = nb.store.get(run_id)
        if run.ended or run.state == "paused":
            return run
        time.sleep(0.01)


def stop_after(chunks: int) -> Callable[[Moment], None]:
    """A watch that raises Interrupted once so many chunks were committed."""
    left = chunks

    def watch(moment: Moment) -> None:
        nonlocal left
        left -= moment.point == "committed"
        if left <= 0 and moment.point == "committed":
            raise Interrupted

    return watch


def kill_at(point: str, nth: int = 1) -> Callable[[Moment], None]:
    """A watch that kills this process with SIGKILL at the nth moment called `point` (see `kernel.runner.Moment`)."""
    left = nth

    def watch(moment: Moment) -> None:
        nonlocal left
        left -= moment.point == point
        if left <= 0 and moment.point == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return watch


def send_notices(nb: Narrowboat) -> None:
    """Send all notices that are due now, in this thread, as a worker would. Nothing where `nb` has no channels."""
    if sender := nb.sender():
        sender.send_now()
