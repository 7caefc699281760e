"""Guard: refuses what no route shall see: pages of other sites, strangers if nobody signs in, bodies without end.

And it sees that no answer can be run as a page by mistake.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from narrowboat.errors import NotAllowed
from narrowboat.web.problems import answer

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST = 1 << 18
"""Bytes of a request's body, which is read before we know who asks; a start is a few hundred."""
UPLOADS = re.compile("/uploads(/[^/]*)?")
"""Where bodies may be files."""
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
INERT = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
HOW_TO_OPEN = (
    "This server knows no users, so it serves only this machine, at localhost. "
    "To serve others, say who asks: nb.asgi(user=…), or narrowboat serve --user module:callable."
)


class Guard:
    """ASGI middleware. local_only: nobody signs in, so only this machine is served. origins: whose pages may call."""

    def __init__(self, app: ASGIApp, *, local_only: bool, origins: tuple[str, ...]) -> None:
        self._app, self._local_only, self._origins = app, local_only, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = _inert(send)
        if scope["type"] == "http" and (refusal := self._refusal(request := Request(scope))):
            await _taken(receive)
            await answer(request, refusal)(scope, receive, send)
        else:
            await self._app(scope, receive if _is_upload(scope) else _bounded(receive), send)

    def _refusal(self, request: Request) -> NotAllowed | None:
        if self._local_only and not is_local(request):
            return NotAllowed(HOW_TO_OPEN)
        if self._is_foreign(request):
            return NotAllowed(
                f"A page of another site ({request.headers.get('origin', 'unknown')}) may not do this. "
                "To allow it, pass nb.asgi(cors=(its origin,)). Behind a proxy, let the proxy keep the Host header."
            )
        return None

    def _is_foreign(self, request: Request) -> bool:
        """Whether a page of another site asks for something that changes state.

        The rule of Go's CrossOriginProtection: browsers say it in Sec-Fetch-Site, older ones by an Origin that is
        not the Host; what is not a browser sends neither.
        """
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        if origin in self._origins or (request.method in SAFE and not self._changes_by_get(request)):
            return False
        if site is not None:
            return site not in ("same-origin", "none")
        return origin is not None and _split(origin)[1] != request.headers.get("host", "")

    def _changes_by_get(self, request: Request) -> bool:
        """An export's address starts a run. Where nobody signs in, only a person may follow a link to it.

        A frame navigates too, but into something else than a document of its own.
        """
        mode, place = request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest")
        return self._local_only and (mode or "navigate", place or "document") != ("navigate", "document")


def _inert(send: Send) -> Send:
    """Every answer with headers by which a browser runs nothing in it, unless it has a policy of its own."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ())]
            given = {name for name, _ in headers}
            message["headers"] = headers + [(name, value) for name, value in INERT if name not in given]
        await send(message)

    return sent


def _is_upload(scope: Scope) -> bool:
    """Whether its route reads the body piece by piece, within limits of its own, once it knows who asks."""
    path = str(scope.get("path", "")).removeprefix(scope.get("root_path", "").rstrip("/"))
    return scope["type"] == "http" and UPLOADS.fullmatch(path) is not None


def _bounded(receive: Receive) -> Receive:
    """The same body, which ends in 413 when it grows too large."""
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LARGEST:
            raise HTTPException(413, f"The body of a request has at most {LARGEST} bytes.")
        return message

    return bounded


async def _taken(receive: Receive) -> None:
    """Take in a small body that nobody will read: a proxy that still sends it may lose an answer that comes before."""
    bounded = _bounded(receive)
    with suppress(HTTPException):
        while (await bounded()).get("more_body"):
            pass


def is_local(request: Request) -> bool:
    """Whether it came from this machine, to this machine by name, and through no proxy.

    The name matters: a page elsewhere may have its own name point at 127.0.0.1 (DNS rebinding). So does the version:
    nginx, unless told otherwise, asks by HTTP/1.0 and as 127.0.0.1, and names nobody; browsers and clients ask by 1.1.
    """
    if request.client is None or request.scope.get("http_version") == "1.0":
        return False
    if any(name in request.headers for name in FORWARDED):
        return False
    return _is_loopback(request.client.host) and _is_loopback(_split("//" + request.headers.get("host", ""))[0])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _split(url: str) -> tuple[str, str]:
    """Host name, and host with port; empty where it is no URL."""
    try:
        split = urlsplit(url)
        return split.hostname or "", split.netloc
    except ValueError:
        return "", ""
