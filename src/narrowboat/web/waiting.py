"""Waiting: for a file that cannot be sent while it grows, by short waits with a redirect between them.

A response of unknown length shows that it was cut only by how its connection ends, and proxies hide that: nginx by
default speaks HTTP/1.0 to the server, which knows no other end, and Caddy ends it as if it were whole. A text file then
looks whole with rows missing. So through a proxy text waits until it is finished, and has a length that can be checked.
Each wait is shorter than what proxies allow, and a redirect lets the client begin the next one.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from narrowboat.data.format import Format
from narrowboat.errors import NotFinished
from narrowboat.kernel.model import Run
from narrowboat.web.context import Context, address
from narrowboat.web.hosted import is_brief

SHOWS_A_CUT = ("application/zip", "application/gzip", "application/vnd.openxmlformats")
"""Media types of files that no reader takes for whole without their end."""
PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
WAIT = 10.0
"""Seconds; the shortest limit met in a proxy is 15."""
BRIEF = 1.0
"""The same where the wait keeps others waiting."""
MOST = 18
"""Redirects in a row; browsers follow 20."""


def can_send(request: Request, format: Format, run: Run) -> bool:
    """Whether a client will see it if the file is cut while it is sent, and no proxy waits for its first byte."""
    if format.spools or is_brief(request):
        return False
    straight = request.scope["http_version"] != "1.0" and not any(name in request.headers for name in PROXIED)
    return straight or (run.counters.bytes > 0 and format.media_type.startswith(SHOWS_A_CUT))


async def ready(
    context: Context, request: Request, run: Run, turn: int, enough: Callable[[Run], bool], *, whole: bool
) -> Run | Response:
    """The run when it has ended or there is enough of it, or a redirect to wait again.

    turn: how many redirects there were. whole: a Range is ignored there too. Raises NotFinished after the last one.
    """
    found = await context.nb.follow.settled(run.id, BRIEF if is_brief(request) else WAIT, enough)
    if found.ended or enough(found):
        return found
    if turn >= MOST:
        raise NotFinished(f"Run {run.id} is {found.state}. Follow it, and download its file when it has finished.")
    where = address(request, f"/runs/{run.id}/artifact")
    return RedirectResponse(
        f"{where}?turn={turn + 1}{'&whole=true' if whole else ''}", 302, {"Cache-Control": "no-store"}
    )
