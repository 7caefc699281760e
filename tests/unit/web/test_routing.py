"""Routes that are noted once and answered by every application that is given them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from narrowboat.web.routing import Router

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


async def who() -> str:
    raise NotImplementedError


def ask(api: FastAPI, method: str, path: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://here") as http:
            return await http.request(method, path)

    return asyncio.run(answer())


@pytest.fixture
def router() -> Router:
    return Router("things")


@pytest.mark.parametrize("method", METHODS)
def test_a_route_answers_its_method_alone(router: Router, method: str) -> None:
    def answer(thing: int) -> dict[str, int]:
        return {"thing": thing}

    assert getattr(router, method)("/things/{thing}")(answer) is answer
    router.add_to(api := FastAPI())
    answered = {one: (ask(api, one.upper(), "/things/7")).status_code for one in METHODS}
    assert answered == {one: 200 if one == method else 405 for one in METHODS}


def test_what_is_said_of_a_route_is_in_openapi(router: Router) -> None:
    @router.post("/things", operation_id="makeThing", status_code=202)
    def make() -> None:
        """Make one."""

    router.add_to(api := FastAPI())
    operation = api.openapi()["paths"]["/things"]["post"]
    said = {name: operation[name] for name in ("operationId", "tags", "description")}
    assert said == {"operationId": "makeThing", "tags": ["things"], "description": "Make one."}
    assert "202" in operation["responses"]


def test_each_application_answers_with_its_own_dependencies(router: Router) -> None:
    @router.get("/me")
    def me(user: str = Depends(who)) -> str:
        return user

    def told(name: str) -> Any:
        api = FastAPI()
        api.dependency_overrides[who] = lambda: name
        router.add_to(api)
        return (ask(api, "GET", "/me")).json()

    assert [told("ann"), told("bob")] == ["ann", "bob"]


def test_a_route_is_worked_out_once(router: Router) -> None:
    router.get("/things")(lambda: None)
    api = FastAPI(openapi_url=None)
    router.add_to(api)
    assert [type(route) for route in api.routes] == [APIRoute]
