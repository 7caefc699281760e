"""Attention: notes down which runs are followed through this process, and ends those that nobody follows any more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from narrowboat.app import Narrowboat
from narrowboat.errors import NarrowboatError
from narrowboat.jobs.delivery import Delivery
from narrowboat.web.threads import Threads

log = logging.getLogger("narrowboat.follow")

EVERY = 5.0
"""Seconds between two looks, at most."""


class Watch:
    """How long somebody has been looking without a break. clock: seconds that go on while the machine sleeps."""

    def __init__(self, every: float, clock: Callable[[], float] = time.time) -> None:
        self._longest, self._clock = 3 * every, clock
        self._since = self._last = clock()

    def looked(self) -> float:
        """A look that succeeded: seconds since the first of an unbroken row of such looks."""
        now = self._clock()
        if not 0 <= now - self._last <= self._longest:
            self._since = now
        self._last = now
        return now - self._since


async def attend(nb: Narrowboat) -> None:
    """Look again and again, until cancelled."""
    every = between(nb)
    threads, watch = Threads(1), Watch(every)
    while True:
        await asyncio.sleep(every)
        try:
            stopped = await threads.run(look, nb, watch, nb.follow.present())
        except NarrowboatError as error:
            log.warning("who follows what cannot be noted: %s", error)
        except Exception:
            log.exception("who follows what cannot be noted")
        else:
            for run_id in stopped:
                nb.follow.moved(run_id)


def between(nb: Narrowboat) -> float:
    """Seconds between two looks: several within the shortest time that a run goes on unfollowed."""
    graces = [job.unfollowed for job in nb.jobs.values() if isinstance(job, Delivery) and job.unfollowed]
    return min([EVERY, *(grace / 4 for grace in graces)])


def look(nb: Narrowboat, watch: Watch, present: set[str]) -> Sequence[str]:
    """Note who is there and what paths were taken, then end what nobody follows. Returns what was stopped."""
    nb.tally.keep(nb.paths)
    if present:
        nb.attendance.attend(sorted(present))
    return nb.abandon(watched=watch.looked())
