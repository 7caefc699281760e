"""Care: what every server and every lone worker looks after, about once a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from narrowboat.dispatch import liveness
from narrowboat.kernel.store import Store


class Care:
    """Call it: it gives the runs of dead workers to others, ends what cannot go on, and purges now and then.

    store: gives the store of runs. workers: the folder where workers are known as alive. barren_limit: see
    `kernel.runner.Settings`. changed: told each run that changed. purge: deletes a number of old runs and says
    how many; called every `purge_every` seconds, and again at once while it finds some.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        workers: Path,
        *,
        barren_limit: int,
        changed: Callable[[str], None],
        purge: Callable[[], int],
        purge_every: float = 60.0,
    ) -> None:
        self._store, self._workers, self._barren_limit = store, workers, barren_limit
        self._changed, self._purge, self._purge_every = changed, purge, purge_every
        self._purge_at = time.monotonic() + purge_every

    def __call__(self) -> None:
        """Raises what the store raises; to be called again."""
        dead = liveness.dead(self._workers)
        for run_id in self._store().reconcile(dead, barren_limit=self._barren_limit):
            self._changed(run_id)
        liveness.bury(self._workers, dead)
        if time.monotonic() >= self._purge_at and not self._purge():
            self._purge_at = time.monotonic() + self._purge_every
