"""The page's files, as `ui/` builds them: names with a hash never change, the others are asked for again."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

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
HASHED = re.compile(r"-[A-Z0-9]{8}\.\w+$")
NOT_BUILT = "The page is not built. In a checkout: make setup.\n"


def router_of_pages() -> APIRouter:
    """A route for each file of the page; `index.html` is the root."""
    router = APIRouter(include_in_schema=False)
    for path in sorted(FOLDER.glob("*.*")):
        where = "/" if path.name == "index.html" else f"/{path.name}"
        router.add_api_route(where, _Page(path).show, methods=["GET", "HEAD"], name=path.name)
    if not router.routes:
        router.add_api_route("/", _not_built, methods=["GET", "HEAD"])
    return router


def look() -> str:
    """The path of the style sheet with the page's colours and type."""
    return next((f"/{path.name}" for path in FOLDER.glob("look-*.css")), "/look.css")


async def _not_built() -> Response:
    return Response(NOT_BUILT, 503, media_type="text/plain")


class _Page:
    """A file that is read once, when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self._path, self._type = path, TYPES[path.suffix]
        self._cache = "public, max-age=31536000, immutable" if HASHED.search(path.name) else "no-cache"
        self._read: tuple[bytes, str] | None = None

    async def show(self, request: Request) -> Response:
        body, tag = self._read = self._read or _read(self._path)
        headers = {
            "ETag": tag,
            "Cache-Control": self._cache,
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if ranges.has_it(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=self._type)


def _read(path: Path) -> tuple[bytes, str]:
    body = path.read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'
