"""Hosted: what a framework that hands its requests on to this application says of each of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.requests import HTTPConnection

from narrowboat.web.access import User

EXTENSION = "narrowboat"
"""In the `extensions` of an ASGI scope, which the server fills and no client can."""


class Hosted(NamedTuple):
    """user: who asks, None for nobody. brief: an answer occupies a whole worker of the server, as under WSGI, so it
    must not last: events come as one snapshot at a time, and what grows is waited for in many short turns."""

    user: User | None
    brief: bool = False


def hosted(request: HTTPConnection) -> Hosted | None:
    """What its host says of a request; None where there is no host."""
    found: Any = (request.scope.get("extensions") or {}).get(EXTENSION)
    return found if isinstance(found, Hosted) else None


def is_brief(request: HTTPConnection) -> bool:
    """Whether the answer must not last."""
    found = hosted(request)
    return found is not None and found.brief


async def who(request: HTTPConnection) -> User | None:
    """The user that the host names: for `nb.asgi(user=who)`."""
    found = hosted(request)
    return found.user if found else None
