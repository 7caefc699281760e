"""Progress: how fast a run is and how long it will take."""

from __future__ import annotations

from collections import deque

from narrowboat.kernel.model import WORKING, Run

WINDOW = 5.0
"""Seconds over which the rate of a followed run is taken."""


class Speed:
    """Rows a second over the last few seconds, from what was seen of a run."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at: float, rows: int) -> None:
        """So many rows were done at a moment (in seconds, on any clock that only goes on)."""
        if self._seen and rows < self._seen[-1][1]:
            self._seen.clear()  # the run started from zero
        self._seen.append((at, rows))
        while len(self._seen) > 2 and at - self._seen[1][0] >= WINDOW:
            self._seen.popleft()

    def rate(self) -> float | None:
        """None while too little was seen."""
        (began, before), (ended, after) = (self._seen[0], self._seen[-1]) if self._seen else ((0.0, 0), (0.0, 0))
        return (after - before) / (ended - began) if ended - began > 0.2 and after > before else None


def average(run: Run, now: float) -> float | None:
    """Rows a second while the run was at it; None if it did not start, or does not work now."""
    if not (run.ended or run.state in WORKING):
        return None
    seconds = run.took(now)
    return run.counters.rows / seconds if seconds > 0 and run.counters.rows else None


def seconds_left(run: Run, rate: float | None) -> float | None:
    """None where nobody can tell."""
    if run.total is None or not rate or run.state not in WORKING:
        return None
    return max(0.0, (run.total - run.counters.rows) / rate)
