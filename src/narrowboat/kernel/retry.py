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
LONGEST = 4000
"""Characters of a message: a driver's may quote a statement with all its values, and each list of runs has it."""


def decide(error: Exception, tries: int) -> Later | Failed:
    """What becomes of a run whose slice ended in `error`, after `tries` passing faults in a row."""
    if isinstance(error, PASSING):
        return Later(min(2.0**tries, LONGEST_WAIT), error.code, _cut(str(error)))
    if isinstance(error, NarrowboatError):
        return Failed(error.code, _cut(str(error)))
    return Failed(JobFailed.code, _cut(f"{type(error).__name__}: {_told(error)}"))


def _told(error: Exception) -> str:
    """In its own words, if it has any: those of a job's own code may fail."""
    try:
        return str(error)
    except Exception as another:
        return f"its text cannot be had: {type(another).__name__}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
