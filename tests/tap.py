"""A tap: rows that come as far as a file says, so that nothing in a test depends on how fast a machine is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path


def dripping(path: Path, text_of: Callable[[int], str]) -> Iterator[tuple[int, str]]:
    """Rows as the file lets them through: a number, then perhaps `end` or `fail`."""
    n = 0
    while True:
        limit, *last = (path.read_text().split() if path.exists() else []) or ["0"]
        while n < int(limit):
            yield n, text_of(n)
            n += 1
        if last == ["end"]:
            return
        if last == ["fail"]:
            raise RuntimeError("the tap broke")
        time.sleep(0.005)
