"""Figures of queues and jobs, for who watches them. A worker needs none, so they are loaded apart from the model."""

# As in `model`: no annotations from `__future__`.
from typing import NamedTuple

from narrowboat.kernel.model import State


class QueueFigures(NamedTuple):
    """A queue at this moment."""

    queue: str
    waiting: int
    working: int
    oldest_age: float
    """Seconds that the oldest waiting run has been ready; 0 if none."""


class JobFigures(NamedTuple):
    """The runs of a job that are in a state, or ended in it."""

    job: str
    state: State
    runs: int
    rows: int
    bytes: int
    seconds: float
    """From each run's start to its end, or to now."""
    begun: int
    """Those of them that committed rows."""
    first_rows_seconds: float
    """Of those: from when each could begin to its first committed rows."""
    memory: float
    """Bytes: of each run the most that a worker held."""
    rejected: int
    """Of the rows, those that were refused."""
    within_1: int = 0
    """Of the runs that ended so, those that took at most a second; `model.DURATIONS` has the others."""
    within_10: int = 0
    within_60: int = 0
    within_240: int = 0
    within_900: int = 0
    oldest: float = 0.0
    """Seconds since the oldest of those under way was started; one that is paused has no age."""
