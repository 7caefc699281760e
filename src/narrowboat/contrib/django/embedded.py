"""Embedded: the event loop of a Django process, on a thread of its own, and the workers that start with it."""

from __future__ import annotations

import asyncio
import atexit
import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from narrowboat.app import Narrowboat

T = TypeVar("T")
log = logging.getLogger("narrowboat.django")

STORE = "NARROWBOAT_STORE"
"""The environment variable by which workers find out that they would work on another store than their server."""
AGAIN = 5.0
"""Seconds until workers are started again that could not be started."""
PATIENCE = 15.0
"""Seconds that a process waits at its end for its workers."""


class Embedded:
    """Made anew in each process, however it was forked. nb: gives the Narrowboat."""

    def __init__(self, nb: Callable[[], Narrowboat]) -> None:
        self._nb = nb
        self._hearing = ExitStack()
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: Future[None] | None = None
        self._served_at = 0.0

    def call(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run it on the loop, from any thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """This process's loop, which is started if it is not there."""
        if self._process != os.getpid():
            self._begin()
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._stop = asyncio.Event()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="narrowboat", daemon=True)
                self._thread.start()
                atexit.register(self.stop)
            return self._loop

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        loop.close()

    def serve(self) -> None:
        """Start the workers of this process, unless they are started; where that failed, try again after a while."""
        loop = self.loop
        with self._starting:
            ended = self._serving is not None and self._serving.done()
            if self._serving is not None and not (ended and time.monotonic() - self._served_at > AGAIN):
                return
            self._served_at = time.monotonic()
            self._serving = asyncio.run_coroutine_threadsafe(self._serve(), loop)

    async def _serve(self) -> None:
        try:
            nb = self._nb()
            hand_down(nb)
            async with nb.lifespan(None):
                await self._stop.wait()
        except Exception as error:
            log.error("no workers: %s", error)

    async def hear(self) -> None:
        """Streams end when this process is told to stop. To be called on its main thread, where signals are heard."""
        from narrowboat.web.drain import on_stop

        self._hearing.enter_context(on_stop(self._nb().follow.drain_soon))

    def stop(self) -> None:
        """Stop the workers, each after its chunk, and the loop."""
        if self._process != os.getpid() or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        if self._serving is not None:
            self._serving.exception(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)


def hand_down(nb: Narrowboat) -> None:
    """Tell the workers that this process starts where the project is, and which store is meant, by the environment."""
    os.environ[STORE] = digest(nb)
    name = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    file = getattr(importlib.import_module(name), "__file__", None) if name else None
    if file and (root := str(Path(file).absolute().parents[name.count(".")])) in sys.path:
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))


def digest(nb: Narrowboat) -> str:
    """Which store is meant, without its password."""
    return sha256(nb.url.encode()).hexdigest()[:16]
