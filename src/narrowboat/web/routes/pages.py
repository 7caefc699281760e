"""The page: one HTML file with its style and script, as they lie beside this module."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from narrowboat.web import ranges

FOLDER = Path(__file__).parent.parent / "pages"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def router_of_pages() -> APIRouter:
    """A route for each file of the page; `index.html` is the root."""
    router = APIRouter(include_in_schema=False)
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in TYPES:
            where = "/" if path.name == "index.html" else f"/{path.name}"
            router.add_api_route(where, _Page(path).show, methods=["GET", "HEAD"], name=path.name)
    return router


class _Page:
    """A file that is read once and asked for again by its digest."""

    def __init__(self, path: Path) -> None:
        self._body, self._type = path.read_bytes(), TYPES[path.suffix]
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:16]}"'

    async def show(self, request: Request) -> Response:
        headers = {
            "ETag": self._tag,
            "Cache-Control": "no-cache",
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if ranges.has_it(request.headers.get("if-none-match"), self._tag):
            return Response(status_code=304, headers=headers)
        return Response(self._body, headers=headers, media_type=self._type)
