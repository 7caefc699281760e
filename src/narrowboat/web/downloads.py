"""Downloads: noted in the audit log, once a download and not once a range, and never in its way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from narrowboat.kernel.model import Run
from narrowboat.people.audit import Audit
from narrowboat.web.threads import Threads

log = logging.getLogger("narrowboat.web")

SAME = 3600.0
"""Seconds for which further ranges of a file, and further looks at rows, are the same download."""
REMEMBERED = 1000
Key: TypeAlias = tuple[str, str, str | None]
"""Run, user, link."""


class Elsewhere(RedirectResponse):
    """Sends a client to the copy of a file."""


class Downloads:
    """Notes the downloads that this process serves. Written beside the answer: a file does not wait for its entry."""

    def __init__(self, audit: Callable[[], Audit], threads: Threads) -> None:
        self._audit, self._threads = audit, threads
        self._lately: OrderedDict[Key, float] = OrderedDict()
        self._under_way: set[asyncio.Task[None]] = set()

    def note(
        self, request: Request, answer: Response, run: Run, *, by: str, link: str | None = None, rows: bool = False
    ) -> Response:
        """The same answer. by: the user's id; empty where somebody followed `link`. rows: one look of many at rows."""
        a_part = rows or answer.status_code == 206 or isinstance(answer, Elsewhere)
        is_given = answer.status_code == 200 or (a_part and answer.status_code != 204)
        new = is_given and (not a_part or self._is_new((run.id, by, link)))
        if request.method == "GET" and new:
            self._remember((run.id, by, link))
            detail = {"job": run.job, **({"link": link} if link else {})}
            task = asyncio.get_running_loop().create_task(self._write(by, run.id, detail))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return answer

    def _is_new(self, key: Key) -> bool:
        return key not in self._lately or time.monotonic() - self._lately[key] >= SAME

    def _remember(self, key: Key) -> None:
        self._lately[key] = time.monotonic()
        self._lately.move_to_end(key)
        if len(self._lately) > REMEMBERED:
            self._lately.popitem(last=False)

    async def _write(self, by: str, run: str, detail: dict[str, Any]) -> None:
        try:
            await self._threads.run(lambda: self._audit()("download", by=by, about=run, detail=detail))
        except Exception:
            log.exception("The download of run %s by %r could not be noted in the audit log.", run, by)
