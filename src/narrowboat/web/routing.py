"""Routing: the routes of one noun, noted where they are written and given to each application that has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Router:
    """Stands in for FastAPI's `APIRouter`, whose decorators take the same.

    That one works out each route twice, where it is written and again for the application that includes it, and keeps
    both: time at the start of a server and memory for as long as it runs.
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._noted: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    def get(self, path: str, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """A GET route. more: see `FastAPI.get`."""
        return self._note(path, "GET", more)

    def head(self, path: str, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """A HEAD route. more: see `FastAPI.head`."""
        return self._note(path, "HEAD", more)

    def post(self, path: str, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """A POST route. more: see `FastAPI.post`."""
        return self._note(path, "POST", more)

    def put(self, path: str, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """A PUT route. more: see `FastAPI.put`."""
        return self._note(path, "PUT", more)

    def patch(self, path: str, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """A PATCH route. more: see `FastAPI.patch`."""
        return self._note(path, "PATCH", more)

    def delete(self, path: str, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """A DELETE route. more: see `FastAPI.delete`."""
        return self._note(path, "DELETE", more)

    def options(self, path: str, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """An OPTIONS route. more: see `FastAPI.options`."""
        return self._note(path, "OPTIONS", more)

    def add_to(self, api: FastAPI) -> None:
        """`api` answers them from now on."""
        for path, endpoint, more in self._noted:
            api.add_api_route(path, endpoint, tags=[self._tag], **more)

    def _note(self, path: str, method: str, more: dict[str, Any]) -> Callable[[Endpoint], Endpoint]:
        def note(endpoint: Endpoint) -> Endpoint:
            self._noted.append((path, endpoint, {"methods": [method], **more}))
            return endpoint

        return note
