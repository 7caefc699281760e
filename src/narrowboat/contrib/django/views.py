"""The bridge: a Django view that hands each request to Narrowboat's own application, under WSGI and under ASGI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.auth.views import redirect_to_login
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

from narrowboat.contrib.django.exchange import Exchange, Head
from narrowboat.contrib.django.people import user_of
from narrowboat.contrib.django.pieces import AsyncPieces, Pieces

if TYPE_CHECKING:
    from narrowboat.web.access import User


# Not Django's own check, for which the page has no token: the application refuses what another site's page sends, by
# Sec-Fetch-Site or Origin, which browsers cannot be talked out of.
@csrf_exempt
@transaction.non_atomic_requests
def bridge(request: HttpRequest, path: str = "") -> HttpResponseBase:
    """Everything below the prefix under which the project includes our URLs."""
    user = user_of(request)
    if user is None and _is_browsing(request):
        return redirect_to_login(request.get_full_path())
    return answer(request, path, user)


def _is_browsing(request: HttpRequest) -> bool:
    """Whether a person opens an address, who can sign in and come back; a program is told 401."""
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "")


def answer(request: HttpRequest, path: str, user: User | None, *, within: bool = True) -> HttpResponseBase:
    """The application's answer at `path`.

    within: the path is the end of the request's own; else the request came to another place of the project.
    """
    app = apps.get_app_config("narrowboat")
    brief = not isinstance(request, ASGIRequest)
    if not brief:
        _hear_signals(app)
    read = None if brief and request.META.get("CONTENT_LENGTH") in (None, "", "0") else request.read
    exchange = Exchange(app.asgi, _scope(request, path, user, brief, within), read)
    close_old_connections()  # as after a request: this one may take long, and needs no database of Django's any more
    head = app.embedded.call(exchange.begin()).result()
    if head.whole is not None and request.method != "HEAD":
        app.embedded.call(exchange.end())
        return _headed(HttpResponse(head.whole), head)
    pieces: Any = Pieces(app.embedded, exchange) if brief else AsyncPieces(app.embedded, exchange)
    streamed = _headed(StreamingHttpResponse(pieces), head)
    if brief:
        # A proxy that takes in the whole file sets this worker free before a slow client has it.
        del streamed["X-Accel-Buffering"]
    return streamed


def _headed(response: HttpResponseBase, head: Head) -> HttpResponseBase:
    response.status_code = head.status
    del response["Content-Type"]
    for name, value in head.headers.items():
        response[name] = value
    return response


def _scope(request: HttpRequest, path: str, user: User | None, brief: bool, within: bool) -> dict[str, Any]:
    """The request as ASGI has it. The application's root is what stands before `path`."""
    from narrowboat.web.hosted import EXTENSION, Hosted  # brings FastAPI, which commands need not load

    whole = request.path if within else f"/{path}"
    root = whole.removesuffix(path)
    version = request.META.get("SERVER_PROTOCOL", "HTTP/1.1").partition("/")[2]
    host, _, port = request.get_host().partition(":")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": getattr(request, "scope", {}).get("http_version", version),
        "method": request.method,
        "scheme": request.scheme,
        "path": whole,
        "raw_path": quote(whole).encode(),
        "root_path": root.rstrip("/"),
        "query_string": request.META.get("QUERY_STRING", "").encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _headers(request)],
        "client": (request.META.get("REMOTE_ADDR", ""), 0),
        "server": (host, int(port) if port.isdigit() else 0),
        "extensions": {EXTENSION: Hosted(user, brief)},
    }


def _headers(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.headers.items() if value]


def _hear_signals(app: Any) -> None:
    """Once, from the first request of a server that serves streams: it waits for them when it is told to stop."""
    if not app.hears:
        app.hears = True
        async_to_sync(app.embedded.hear)()
