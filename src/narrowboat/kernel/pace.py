"""Pace: how many blocks make the next chunk. Only this adapts; a block's rows are frozen at submit."""

from __future__ import annotations


class Pace:
    """Small first, so that something shows at once; then as many blocks as fill the target time.

    `target`: seconds a chunk should take, which bounds what a crash repeats and how long a cancel waits.
    """

    GROWTH = 4
    MOST = 4096

    def __init__(self, target: float = 0.5) -> None:
        self.blocks = 1
        self._target = target

    def took(self, seconds: float, *, pressed: bool) -> None:
        """Learn from the chunk just committed; `pressed`: memory is short."""
        if pressed:
            self.blocks = max(1, self.blocks // 2)
            return
        fitting = int(self.blocks * self._target / max(seconds, 1e-6))
        self.blocks = max(1, min(fitting, self.blocks * self.GROWTH, self.MOST))
