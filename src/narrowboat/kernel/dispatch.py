"""Dispatcher: who brings work to workers. Hints may be lost, late or doubled; the store decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Dispatcher(Protocol):
    """The seam to an engine: the embedded supervisor, Procrastinate or Celery.

    One hint is one slice. A reconciler in every worker hints again for whatever is due, so nothing
    depends on a hint's arrival.
    """

    def bind(self, run_slice: Callable[[str], bool]) -> None:
        """Called once, before anything else: what to do with a hint. True if there was a slice to work on."""
        ...

    def hint(self, run_id: str, *, queue: str, priority: int = 0, not_before: float = 0.0, conn: Any = None) -> None:
        """There is work for this run. `conn` makes the hint part of the caller's transaction where the engine can."""
        ...

    def wake(self, run_id: str) -> None:
        """Somebody asked something of this run: let its worker look now, not at its next heartbeat."""
        ...

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` in every worker about so often (reconciler, purge)."""
        ...

    def run_worker(self, queues: Sequence[str], concurrency: int) -> None:
        """Work until told to stop."""
        ...

    def health(self) -> dict[str, Any]:
        """Workers alive, for the operations page."""
        ...
