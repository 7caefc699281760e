"""The page's files, as `ui/` builds them: names with a hash never change, the others are asked for again.

`index.html` is never kept: each answer has a nonce of its own. Browsers without style sheets made by scripts (WebKit
before Safari 16.4) know by it which `<style>` elements are ours; every other one is refused, as is every inline script.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from narrowboat.web import ranges

FOLDER = Path(__file__).parent.parent / "ui"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
NONCE = b'name="style-nonce" content=""'
"""Where in `index.html` an answer's nonce goes."""
HASHED = re.compile(r"-[A-Z0-9]{8}\.\w+$")
NOT_BUILT = "The page is not built. In a checkout: make setup.\n"


def routes_of_pages() -> list[Route]:
    """A route for each file of the page; `index.html` is the root."""
    routes = []
    for path in sorted(FOLDER.glob("*.*")):
        if path.name == "index.html":
            routes.append(_route("/", _Front(path).show))
        else:
            routes.append(_route(f"/{path.name}", _Page(path).show))
    return routes or [_route("/", _not_built)]


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, endpoint, methods=["GET"], include_in_schema=False)


def look() -> str:
    """The path of the style sheet with the page's colours and type."""
    return next((f"/{path.name}" for path in FOLDER.glob("look-*.css")), "/look.css")


async def _not_built(request: Request) -> Response:
    return Response(NOT_BUILT, 503, media_type="text/plain")


class _Front:
    """`index.html`, which is read once, when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: bytes | None = None

    async def show(self, request: Request) -> Response:
        self._read = self._read or self._path.read_bytes()
        nonce = secrets.token_urlsafe(16)
        headers = {
            **SAFE,
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY.replace("style-src", f"style-src 'nonce-{nonce}'"),
        }
        body = self._read.replace(NONCE, NONCE[:-1] + f'{nonce}"'.encode())
        return Response(body, headers=headers, media_type="text/html")


class _Page:
    """A file that is read once, when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self._path, self._type = path, TYPES[path.suffix]
        self._cache = "public, max-age=31536000, immutable" if HASHED.search(path.name) else "no-cache"
        self._read: tuple[bytes, str] | None = None

    async def show(self, request: Request) -> Response:
        body, tag = self._read = self._read or _read(self._path)
        headers = {**SAFE, "ETag": tag, "Cache-Control": self._cache}
        if ranges.has_it(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=self._type)


def _read(path: Path) -> tuple[bytes, str]:
    body = path.read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'
