"""Lifespan: the workers start with the application and stop with it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from narrowboat.app import Narrowboat
from narrowboat.dispatch.inline import Inline
from narrowboat.dispatch.supervisor import Supervisor
from narrowboat.errors import NarrowboatError
from narrowboat.logs import shorten_cuts
from narrowboat.web.attention import attend
from narrowboat.web.drain import on_stop
from narrowboat.web.threads import Threads

log = logging.getLogger("narrowboat.web")

SETTLING = 2.0
"""Seconds to wait for the first worker before requests are answered, so that what is asked at once begins at once."""


@asynccontextmanager
async def lifespan(nb: Narrowboat) -> AsyncIterator[None]:
    """Inside, runs are worked on, and followers hear of it. With several processes, one of them supervises.

    Where a dispatcher is set already, or `workers` is 0, others do the work. Entered twice, the second does nothing.
    """
    if nb.follow.serving:
        yield
        return
    threads = Threads(1)
    await threads.run(lambda: nb.store)
    logging.getLogger("uvicorn.error").addFilter(shorten_cuts)
    if nb.channels and not nb.public_url:
        log.warning("Notices will hold no link to the file: say public_url, where people reach this application.")
    nb.follow.serving, nb.follow.draining = True, False
    attending = asyncio.create_task(attend(nb), name="narrowboat attention")
    supervisor = None if nb.dispatcher or not nb.workers else _supervisor(nb)
    if supervisor:
        nb.dispatcher = Inline(lambda: (), supervisor=supervisor)
        supervisor.start()
    try:
        if supervisor:
            await threads.run(supervisor.settled.wait, SETTLING)
        with on_stop(nb.follow.drain_soon):
            yield
    finally:
        attending.cancel()
        await asyncio.wait([attending])
        with suppress(NarrowboatError):
            await threads.run(nb.tally.keep, nb.paths)
        nb.follow.serving = False
        nb.follow.drain_soon()
        if supervisor:
            await threads.run(supervisor.stop)
            nb.dispatcher = None


def _supervisor(nb: Narrowboat) -> Supervisor:
    return Supervisor(
        [sys.executable, "-m", "narrowboat.cli.child", nb.target],
        count=nb.workers,
        lock=nb.lock,
        moved=nb.follow.moved,
        care=nb.care(lambda run: nb.follow.moved(run.id)),
    )
