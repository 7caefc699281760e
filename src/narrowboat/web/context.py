"""Context: what every route works with, and the two dependencies they all take."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Header
from starlette.requests import Request

from narrowboat.app import Narrowboat
from narrowboat.errors import UnknownRun
from narrowboat.kernel.model import Run
from narrowboat.web import schemas, views
from narrowboat.web.access import Action, User, check_run, signed_in, unknown_run
from narrowboat.web.downloads import Downloads
from narrowboat.web.progress import average
from narrowboat.web.threads import Threads

STORE_THREADS = 4
READING_THREADS = 4
COUNTING_THREADS = 2
SIGNING_THREADS = 1
CONVERTING_THREADS = 2


@dataclass(frozen=True, slots=True)
class Context:
    """A Narrowboat as the routes of one application see it, with threads for what blocks."""

    nb: Narrowboat
    threads: Threads
    """For the store, and for the host's callable."""
    reading: Threads
    """For files."""
    counting: Threads
    """For counting rows in a source."""
    converting: Threads
    """For making files of rows."""
    downloads: Downloads
    signing: Threads
    """For passwords, whose checks take memory; nothing else waits behind them."""

    async def run(self, user: User, run_id: str, action: Action = Action.SEE) -> Run:
        """A run, if this user may do this with it. Raises UnknownRun, NotAllowed."""
        found = check_run(user, await self.find(run_id), action)
        self.nb.follow.note(found.id)
        return found

    async def read(self, user: User, run_id: str) -> tuple[Run, bool]:
        """A run, and whether this user may have its rows. Raises UnknownRun."""
        found = await self.run(user, run_id)
        return found, user.reads(found.job)

    async def find(self, run_id: str) -> Run:
        """A run, whoever asks. Raises UnknownRun."""
        try:
            return await self.threads.run(self._get, run_id)
        except UnknownRun:
            raise unknown_run(run_id) from None

    def _get(self, run_id: str) -> Run:
        if not re.fullmatch("[0-9A-Za-z_-]{1,64}", run_id):
            raise unknown_run(run_id)  # not every database takes every text
        return self.nb.store.get(run_id)

    def view(self, run: Run, user: User, rate: float | None = None) -> schemas.Run:
        """A run as this user sees it. rate: rows a second, if known better than by its average."""
        job = self.nb.jobs.get(run.job)
        rate = rate if rate is not None else average(run, time.time())
        title = job.title if job else run.job
        return views.run(run, title=title, rate=rate, insider=user.sees_all, reader=user.reads(run.job))


async def here(request: Request) -> Context:
    """The application's context."""
    found: Context = request.app.state.narrowboat
    return found


Here: TypeAlias = Annotated[Context, Depends(here)]
Who: TypeAlias = Annotated[User, Depends(signed_in)]
Key: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="Of your choice. The same request sent again with it is answered with the run that it made.",
    ),
]


def address(request: Request, path: str) -> str:
    """A path of this application as its clients know it, wherever it is mounted."""
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/") + path
