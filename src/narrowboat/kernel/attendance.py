"""Attendance: who follows runs, so that those nobody looks at any more can stop.

A run that says so goes on without a follower for so many seconds. Servers note down, every few seconds, which runs
are followed through them. Only one that has been looking for as long as a run may wait judges it: after a restart, or
while the store could not be reached, followers had no way to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from narrowboat.kernel.model import Run


class Attendance(Protocol):
    """What servers need."""

    def attend(self, run_ids: Sequence[str]) -> None:
        """Somebody follows these runs now. Those that are gone, or do not care, are passed over."""
        ...

    def abandon(self, *, watched: float) -> Sequence[str]:
        """Cancel what nobody has followed for too long, for all who hold it. Returns those runs.

        watched: seconds that the caller has been looking without a break.
        """
        ...

    def to_background(self, run_id: str) -> Run:
        """The run goes on to its end, whether somebody follows it or not. Idempotent. Raises UnknownRun."""
        ...
