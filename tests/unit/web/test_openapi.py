"""OpenAPI describes every route, what it answers and what it refuses; and what is answered is of that shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.jobs.output import RESERVED
from narrowboat.testing import run_inline
from narrowboat.web import operation_schemas, problems, schemas
from narrowboat.web.answers import EVERYWHERE
from narrowboat.web.app import build
from narrowboat.web.routes import artifacts, imports, jobs, links, operations, people, runs, uploads
from narrowboat.web.routes import rows as report_rows

OPERATIONS = {
    "listJobs": "GET /jobs",
    "listColumns": "GET /jobs/{job}/columns",
    "showAdvice": "GET /jobs/{job}/advice",
    "countRows": "GET /jobs/{job}/count",
    "startRun": "POST /jobs/{job}/runs",
    "downloadExample": "GET /jobs/{job}/example.{extension}",
    "showUploading": "OPTIONS /uploads",
    "listUploads": "GET /uploads",
    "createUpload": "POST /uploads",
    "putUpload": "PUT /uploads/{name}",
    "showUpload": "GET /uploads/{upload}",
    "continueUpload": "PATCH /uploads/{upload}",
    "overrideUpload": "POST /uploads/{upload}",
    "removeUpload": "DELETE /uploads/{upload}",
    "previewUpload": "GET /uploads/{upload}/preview",
    "listRuns": "GET /runs",
    "showRun": "GET /runs/{run}",
    "followRun": "GET /runs/{run}/events",
    "followRuns": "GET /events",
    "showHistory": "GET /runs/{run}/history",
    "listNotices": "GET /runs/{run}/notices",
    "listRejects": "GET /runs/{run}/rejects",
    "showManifest": "GET /runs/{run}/manifest",
    "cancelRun": "POST /runs/{run}/cancel",
    "pauseRun": "POST /runs/{run}/pause",
    "resumeRun": "POST /runs/{run}/resume",
    "retryRun": "POST /runs/{run}/retry",
    "rerunRun": "POST /runs/{run}/rerun",
    "showReport": "GET /runs/{run}/report",
    "resubmitRows": "POST /runs/{run}/resubmit",
    "undoRun": "POST /runs/{run}/undo",
    "sendToBackground": "POST /runs/{run}/background",
    "listRows": "GET /runs/{run}/rows",
    "downloadRows": "GET /runs/{run}/artifact.{file_format}",
    "downloadArtifact": "GET /runs/{run}/artifact",
    "createLink": "POST /runs/{run}/links",
    "listLinks": "GET /runs/{run}/links",
    "revokeLink": "DELETE /runs/{run}/links/{link}",
    "followLink": "GET /links/{token}",
    "exportFile": "GET /exports/{file}",
    "signIn": "POST /session",
    "signOut": "DELETE /session",
    "showMe": "GET /me",
    "changePassword": "POST /me/password",
    "listTokens": "GET /tokens",
    "createToken": "POST /tokens",
    "revokeToken": "DELETE /tokens/{token}",
    "listUsers": "GET /users",
    "createUser": "POST /users",
    "showUser": "GET /users/{user}",
    "changeUser": "PATCH /users/{user}",
    "disableUser": "DELETE /users/{user}",
    "setPassword": "POST /users/{user}/password",
    "showHealth": "GET /health",
    "listAudit": "GET /audit",
    "showMetrics": "GET /metrics",
    "showOperations": "GET /operations",
}
"""Clients are made from these names, so they stay."""


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}")

    @nb.export("numbers")
    def numbers(most: int = 10) -> object:
        """Whole numbers."""
        return rows(lambda: ((n,) for n in range(most)), columns=("n",))

    with closing(nb.store):
        yield nb


def ask(nb: Narrowboat, method: str, path: str, *, own: bool = False) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(build(nb, user=nb.people if own else None), client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path)

    return asyncio.run(asked())


@pytest.fixture
def document(nb: Narrowboat) -> dict[str, Any]:
    found: dict[str, Any] = ask(nb, "GET", "/openapi.json", own=True).json()
    return found


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_operations_keep_their_names(document: dict[str, Any]) -> None:
    assert {operation["operationId"]: where for where, operation in operations_of(document)} == OPERATIONS


def test_every_route_is_described(document: dict[str, Any]) -> None:
    api = FastAPI()
    for module in (jobs, runs, artifacts, report_rows, links, operations, people, uploads, imports):
        module.router.add_to(api)
    routes = {
        f"{method} {route.path}"
        for route in api.routes
        if isinstance(route, APIRoute) and route.path != "/errors"
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert routes == {where for where, _ in operations_of(document)}
    assert all(operation["description"] for _, operation in operations_of(document))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_route_documents_its_problems(document: dict[str, Any], name: str) -> None:
    (operation,) = [found for _, found in operations_of(document) if found["operationId"] == name]
    answers = operation["responses"]
    expected = {str(status) for status in EVERYWHERE} | ({"404"} if "{" in OPERATIONS[name] else set())
    assert expected <= set(answers)
    for status, answer in answers.items():
        if int(status) >= 400:
            schema = answer["content"][problems.MEDIA_TYPE]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
            pages = ["text/html"] if name == "followLink" else []
            assert list(answer["content"]) == [problems.MEDIA_TYPE, *pages]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(found: Any) -> Iterator[str]:
        if isinstance(found, dict):
            yield from ([found["$ref"]] if "$ref" in found else [])
            for value in found.values():
                yield from references(value)
        elif isinstance(found, list):
            for value in found:
                yield from references(value)

    names = {one.removeprefix("#/components/schemas/") for one in references(document)}
    assert names <= set(document["components"]["schemas"])


def test_streams_and_files_have_their_media_types(document: dict[str, Any]) -> None:
    events = document["paths"]["/runs/{run}/events"]["get"]["responses"]
    assert list(events["200"]["content"]) == ["text/event-stream"]
    for path in ("/runs/{run}/artifact", "/exports/{file}"):
        answers = document["paths"][path]["get"]["responses"]
        for status in ("200", "206"):
            for kind in ("application/*", "text/*"):
                assert answers[status]["content"][kind]["schema"]["format"] == "binary"
            assert {"ETag", "Content-Disposition"} <= set(answers[status]["headers"])
        assert {"304", "409", "416"} <= set(answers)


def test_the_query_and_headers_of_an_export_are_described(document: dict[str, Any]) -> None:
    export = document["paths"]["/exports/{file}"]["get"]["parameters"]
    names = {(one["in"], one["name"]) for one in export}
    assert names == {
        ("path", "file"), ("header", "Range"), ("header", "If-Range"), ("header", "If-None-Match"),
        ("query", "parameters"), *(("query", name) for name in RESERVED),
    }  # fmt: skip
    count = {one["name"] for one in document["paths"]["/jobs/{job}/count"]["get"]["parameters"]}
    assert count == {"job", "parameters", *RESERVED}


def test_fields_are_described(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["Run"]["properties"]["rate"]["description"] == "Rows a second."


def test_answers_have_the_documented_shape(nb: Narrowboat) -> None:
    run = run_inline(nb, nb.start("numbers", owner="local").run.id)
    for method, path, shape in (
        ("GET", "/jobs", schemas.Jobs),
        ("GET", "/jobs/numbers/count", schemas.Count),
        ("GET", "/jobs/numbers/columns", schemas.Columns),
        ("POST", "/jobs/numbers/runs", schemas.Started),
        ("GET", "/runs", schemas.Runs),
        ("GET", f"/runs/{run.id}", schemas.Run),
        ("POST", f"/runs/{run.id}/rerun", schemas.Started),
        ("GET", f"/runs/{run.id}/history", schemas.History),
        ("GET", f"/runs/{run.id}/rejects", schemas.Rejects),
        ("GET", f"/runs/{run.id}/manifest", schemas.Manifest),
        ("POST", f"/runs/{run.id}/links", schemas.NewLink),
        ("GET", f"/runs/{run.id}/links", schemas.Links),
        ("GET", "/links/none", schemas.Problem),
        ("GET", "/audit", schemas.Audit),
        ("GET", "/health", operation_schemas.Health),
        ("GET", "/operations", operation_schemas.Operations),
        ("GET", "/runs/none", schemas.Problem),
        ("POST", f"/runs/{run.id}/retry", schemas.Problem),
    ):
        got = ask(nb, method, path).json()
        exactly(shape, got)


def exactly(shape: type, found: Any) -> None:
    """Of this shape, and nothing more."""
    assert TypeAdapter[Any](shape).validate_python(found, strict=True) == found
    with pytest.raises(ValidationError):
        TypeAdapter[Any](shape).validate_python({**found, next(iter(found)): object()}, strict=True)


def test_a_body_without_end_is_refused(nb: Narrowboat) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(build(nb), client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"Content-Type": "application/json"}
            return await client.post("/jobs/numbers/runs", content=endless(), headers=headers)

    got = asyncio.run(asked())
    assert (got.status_code, got.json()["code"]) == (413, "too-large")


def test_a_crash_tells_nothing_of_the_insides(nb: Narrowboat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(nb.store), "find", lambda *_: 1 / 0)

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(build(nb), client=("127.0.0.1", 1), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/runs")

    got = asyncio.run(asked())
    assert (got.status_code, got.json()["code"]) == (500, "internal")
    assert "division" not in got.text
    assert got.headers["content-type"] == problems.MEDIA_TYPE
