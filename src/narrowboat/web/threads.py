"""Threads: where everything that blocks is done, so that the event loop never waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """At most `most` threads at once; idle ones end by themselves. Belongs to one event loop."""

    def __init__(self, most: int) -> None:
        self._limiter = CapacityLimiter(most)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call in a thread. A caller that is cancelled waits for the call to end."""
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._limiter)

    async def abandon(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, but a caller that is cancelled goes at once; the thread stays taken until the call ends."""
        call = partial(function, *args, **kwargs)
        return await to_thread.run_sync(call, limiter=self._limiter, abandon_on_cancel=True)
