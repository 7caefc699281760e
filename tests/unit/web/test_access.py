"""The host's callable, in the ways a host may write it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, Header, HTTPException
from starlette.requests import Request

from narrowboat import Narrowboat
from narrowboat.web.access import User
from narrowboat.web.app import build


def of_header(request: Request) -> str | None:
    """A plain function, called in a thread."""
    assert threading.current_thread() is not threading.main_thread()
    return request.headers.get("x-user")


async def asynchronous(request: Request) -> User | None:
    name = request.headers.get("x-user")
    return User(name) if name else None


class Session:
    """An object that can be called."""

    async def __call__(self, request: Any) -> str | None:
        found: str | None = request.headers.get("x-user")
        return found


def _name(x_user: Annotated[str | None, Header()] = None) -> str | None:
    return x_user


def dependency(name: Annotated[str | None, Depends(_name)]) -> User | None:
    """A FastAPI dependency with a dependency of its own."""
    return User(name) if name else None


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}")
    nb.export("empty")(lambda: None)
    with closing(nb.store):
        yield nb


def get(nb: Narrowboat, whois: Callable[..., Any], **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(build(nb, user=whois))
        async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as client:
            return await client.post("/jobs/empty/runs", headers=headers)

    return asyncio.run(asked())


CALLABLES = [
    of_header, asynchronous, Session(), dependency, lambda request: request.headers.get("x-user"),
]  # fmt: skip


@pytest.mark.parametrize("whois", CALLABLES)
def test_the_callable_says_who_asks(nb: Narrowboat, whois: Callable[..., Any]) -> None:
    got = get(nb, whois, **{"x-user": "ann"})
    assert (got.status_code, got.json()["owner"]) == (202, "ann")


@pytest.mark.parametrize("whois", CALLABLES)
def test_nobody_is_401(nb: Narrowboat, whois: Callable[..., Any]) -> None:
    got = get(nb, whois)
    assert (got.status_code, got.json()["code"]) == (401, "not-signed-in")


def test_an_empty_name_is_nobody(nb: Narrowboat) -> None:
    assert get(nb, lambda request: "").status_code == 401


def test_something_that_is_no_user_is_a_mistake_of_the_server(nb: Narrowboat) -> None:
    got = get(nb, lambda request: {"id": "ann"})
    assert (got.status_code, got.json()["code"]) == (500, "bad-configuration")


def test_what_the_host_refuses_itself_is_a_problem_with_its_headers(nb: Narrowboat) -> None:
    def refuse(request: Request) -> None:
        raise HTTPException(401, "Token expired.", {"WWW-Authenticate": "Bearer"})

    got = get(nb, refuse)
    assert (got.status_code, got.json()["code"], got.json()["detail"]) == (401, "not-signed-in", "Token expired.")
    assert got.headers["www-authenticate"] == "Bearer"
