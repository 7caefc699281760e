"""Follow: snapshots of runs for all followers of a process, from one tailer that works while there are any.

The tailer asks the store once for the versions of all followed runs, every so often and whenever it is told that a
run moved. Followers see the newest snapshot; one that was slow has missed those between, and nothing is kept for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager, suppress

from narrowboat.errors import NarrowboatError, UnknownRun
from narrowboat.kernel.model import WORKING, Run
from narrowboat.kernel.store import Store
from narrowboat.web.progress import Speed
from narrowboat.web.threads import Threads

log = logging.getLogger("narrowboat.follow")

SHORTEST = 0.005
"""Seconds between two looks, at least, however often runs move."""
AFTER_FAULT = 1.0
"""Seconds until the next look when the store could not be asked."""


class Watched:
    """A followed run: its newest snapshot, shared by its followers."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.speed = Speed()
        self.gone = False
        self.stopping = False
        self.followers = 0
        self._texts: dict[Hashable, str] = {}
        self._changed = asyncio.Event()
        self.show(run)

    def show(self, run: Run | None) -> None:
        """A newer snapshot; None: the run was deleted."""
        if run is None:
            self.gone = True
        else:
            self.run = run
            self._texts.clear()
            self._measure(run)
        self.wake()

    def _measure(self, run: Run) -> None:
        """The time that a run waits is no part of its speed."""
        if run.state in WORKING:
            self.speed.note(time.monotonic(), run.counters.rows)
        else:
            self.speed = Speed()

    def text(self, kind: Hashable, make: Callable[[], str]) -> str:
        """The snapshot as text, made once for all followers of a kind."""
        if kind not in self._texts:
            self._texts[kind] = make()
        return self._texts[kind]

    def stop(self) -> None:
        """The server stops: no follower waits any more."""
        self.stopping = True
        self.wake()

    def wake(self) -> None:
        """Let all followers look."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def after(self, version: int, seconds: float) -> Run | None:
        """A snapshot of a later version, at once if there is one; None if none came in time, or the server stops.

        Raises UnknownRun when the run was deleted.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.run.version <= version and not (self.gone or self.stopping):
                    await self._changed.wait()
        if self.gone:
            raise UnknownRun(f"Run {self.run.id} was deleted.")
        return self.run if self.run.version > version else None


class Follow:
    """Who follows what in this process. Used on one event loop, but for `moved` and `drain_soon`.

    store: gives the store of runs. every: seconds between looks while nothing is told to move.
    """

    def __init__(self, store: Callable[[], Store], *, every: float) -> None:
        self._store, self._every = store, every
        self._watched: dict[str, Watched] = {}
        self._asked: set[str] = set()
        self._tailer: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.serving = False
        """The application is up: its lifespan was entered."""
        self.draining = False
        """The server stops: streams end now."""
        self.away = False
        """The store could not be asked when last tried."""

    def note(self, run_id: str) -> None:
        """Somebody asked about this run: they are there, though they hold no stream."""
        self._asked.add(run_id)

    def present(self) -> set[str]:
        """Runs that somebody follows or has asked about since this was last called."""
        asked, self._asked = self._asked, set()
        return asked | self._watched.keys()

    @property
    def followers(self) -> int:
        return sum(watched.followers for watched in self._watched.values())

    @asynccontextmanager
    async def run(self, run_id: str) -> AsyncIterator[Watched]:
        """Follow a run while inside. Raises UnknownRun."""
        self._belong_here()
        watched = self._watched.get(run_id)
        if watched is None or watched.gone:
            found = await self._threads.run(self._get, run_id)
            watched = self._watched.get(run_id)
            if watched is None or watched.gone:
                watched = self._watched[run_id] = Watched(found)
                watched.stopping = self.draining
                self._woken.set()  # it may have moved before anybody watched
        watched.followers += 1
        self._keep_looking()
        try:
            yield watched
        finally:
            watched.followers -= 1
            if not watched.followers and self._watched.get(run_id) is watched:
                del self._watched[run_id]
                self._woken.set()

    async def settled(self, run_id: str, seconds: float, enough: Callable[[Run], bool] = lambda run: False) -> Run:
        """The run when it has ended or is enough, or as it is after so many seconds."""
        until = time.monotonic() + seconds
        async with self.run(run_id) as watched:
            while (
                not (watched.run.ended or enough(watched.run) or self.draining)
                and (left := until - time.monotonic()) > 0
            ):
                await watched.after(watched.run.version, left)
            return watched.run

    def moved(self, run_id: str) -> None:
        """Something of this run was committed. From any thread."""
        if run_id in self._watched:
            self._soon(self._wake)

    def drain_soon(self) -> None:
        """The server stops: let all streams end. From any thread, and from a signal handler."""
        self.draining = True
        self._soon(self._stop_all)

    def _soon(self, call: Callable[[], None]) -> None:
        if self._loop:
            with suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(call)

    def _wake(self) -> None:
        self._woken.set()

    def _stop_all(self) -> None:
        for watched in self._watched.values():
            watched.stop()

    def _belong_here(self) -> None:
        """Events and threads belong to one loop; a new one gets new ones."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._tailer = loop, None
            self._woken, self._threads = asyncio.Event(), Threads(2)

    def _keep_looking(self) -> None:
        if self._tailer is None or self._tailer.done():
            self._tailer = asyncio.get_running_loop().create_task(self._tail(), name="narrowboat tailer")

    async def _tail(self) -> None:
        while self._watched:
            self._woken.clear()
            pause = await self._look()
            await asyncio.sleep(SHORTEST)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _look(self) -> float:
        """Show followers what changed. Returns how long to wait for the next look."""
        known = {run_id: watched.run.version for run_id, watched in self._watched.items()}
        try:
            changed = await self._threads.run(self._changed, known)
            self.away = False
        except NarrowboatError as error:
            self.away = True
            log.warning("followers wait: %s", error)
            return AFTER_FAULT
        except Exception:
            log.exception("followers wait: looking failed")
            return AFTER_FAULT
        for run_id, run in changed.items():
            if watched := self._watched.get(run_id):
                watched.show(run)
        return self._every

    def _changed(self, known: Mapping[str, int]) -> Mapping[str, Run | None]:
        """The runs whose version is another now; None for one that was deleted. Asks the store."""
        now = self._store().versions(list(known))
        changed = (run_id for run_id, version in known.items() if now.get(run_id) != version)
        return {run_id: self._get_or_none(run_id) for run_id in changed}

    def _get(self, run_id: str) -> Run:
        return self._store().get(run_id)

    def _get_or_none(self, run_id: str) -> Run | None:
        try:
            return self._get(run_id)
        except UnknownRun:
            return None
