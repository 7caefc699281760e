"""A failure becomes a decision. Pure: nothing here waits, writes or tries."""

from __future__ import annotations

from narrowboat.errors import (
    JobFailed,
    NarrowboatError,
    SinkUnavailable,
    SourceUnavailable,
    StoreUnavailable,
    TargetUnavailable,
    UnknownJob,
)
from narrowboat.kernel.model import Failed, Later

PASSING = (SourceUnavailable, TargetUnavailable, SinkUnavailable, StoreUnavailable, UnknownJob)
"""Faults that go away by themselves: a restarted database, a cut connection, a worker older than the job."""

LONGEST_WAIT = 60.0


def decide(error: Exception, tries: int) -> Later | Failed:
    """What becomes of a run whose slice ended in `error`, after `tries` passing faults in a row."""
    if isinstance(error, PASSING):
        return Later(min(2.0**tries, LONGEST_WAIT), error.code, str(error))
    if isinstance(error, NarrowboatError):
        return Failed(error.code, str(error))
    return Failed(JobFailed.code, f"{type(error).__name__}: {error}")
