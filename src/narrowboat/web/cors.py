"""CORS: pages of other origins that may call. Outermost, so that error answers carry the headers too."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
ASKED = (
    "Idempotency-Key", "If-None-Match", "If-Range", "Last-Event-ID", "Range", "Authorization", "Tus-Resumable",
    "Upload-Checksum", "Upload-Length", "Upload-Metadata", "Upload-Offset", "X-HTTP-Method-Override",
)  # fmt: skip
EXPOSED = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "ETag",
    "Link",
    "Location",
    "Narrowboat-Partial",
    "Repr-Digest",
    "Retry-After",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
)


class Cors(CORSMiddleware):
    """Starlette's, with our origins and headers. `*`: every page may read what needs no cookies (see `guard`)."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=ASKED,
            allow_credentials="*" not in origins,
            expose_headers=EXPOSED,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """A refusal is a problem, like any other."""
        found = super().preflight_response(request_headers)
        if found.status_code == 200:
            return found
        from narrowboat.web.problems import MEDIA_TYPE

        body = b'{"title":"Forbidden","status":403,"code":"not-allowed","detail":"%b"}' % bytes(found.body)
        headers = {name: value for name, value in found.headers.items() if not name.startswith("content-")}
        return Response(body, 403, headers, MEDIA_TYPE)
