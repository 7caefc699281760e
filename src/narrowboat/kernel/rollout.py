"""Rollout: which users take the new path, and what becomes of requests on either."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple, Protocol, TypeAlias, TypeVar

Path: TypeAlias = Literal["old", "new"]
T = TypeVar("T")


class PathFigures(NamedTuple):
    """Requests for a job that took one path."""

    job: str
    path: str
    requests: int
    failures: int
    seconds: float
    """All of them together."""


class Paths(Protocol):
    """Where the figures are kept."""

    def add(self, figures: PathFigures) -> None:
        """So many more."""
        ...

    def totals(self) -> Sequence[PathFigures]: ...


def place(job: str, user: str) -> float:
    """The user's place among a hundred, the same at all times and in every process: a number from 0 to below 100."""
    import hashlib  # 4 MB of OpenSSL, which workers need not load

    digest = hashlib.sha256(f"{job}\0{user}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64 * 100


class Rollout:
    """The way of one job from an old path to the new one. percent: of users who take the new one.

    Who is in stays in when the percentage rises, since each user has one place among a hundred.
    """

    def __init__(self, job: str, percent: float, keep: Callable[[PathFigures], None]) -> None:
        self._job, self._percent, self._keep = job, percent, keep

    def includes(self, user: str) -> bool:
        """Whether this user takes the new path."""
        return place(self._job, user) < self._percent

    def path(self, user: str) -> Path:
        """`old` or `new`."""
        return "new" if self.includes(user) else "old"

    def answer(self, user: str, *, new: Callable[[], T], old: Callable[[], T]) -> T:
        """What the path of this user gives, measured. Raises what it raises; the other path is not tried then."""
        path = self.path(user)
        with self.measured(path):
            return new() if path == "new" else old()

    @contextmanager
    def measured(self, path: Path) -> Iterator[None]:
        """Count what is done inside as a request that took this path, and as a failure if it raises."""
        begun, failed = time.monotonic(), 1
        try:
            yield
            failed = 0
        finally:
            self._keep(PathFigures(self._job, path, 1, failed, time.monotonic() - begun))


class Tally:
    """Figures that wait to be kept, so that no request waits for the store. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], PathFigures] = {}

    def note(self, one: PathFigures) -> None:
        """Add to what waits."""
        with self._lock:
            before = self._waiting.get((one.job, one.path), PathFigures(one.job, one.path, 0, 0, 0.0))
            summed = (before.requests + one.requests, before.failures + one.failures, before.seconds + one.seconds)
            self._waiting[one.job, one.path] = PathFigures(one.job, one.path, *summed)

    def keep(self, paths: Paths) -> None:
        """Move what waits to the store. What cannot be kept goes on waiting. Raises what the store raises."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        left = list(waiting.values())
        try:
            while left:
                paths.add(left[-1])
                left.pop()
        finally:
            for one in left:
                self.note(one)
