"""Every operation of the OpenAPI document, asked in ways nobody thought of: no 5xx, nothing that is not documented."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.acceptance.people import Town, town
from tests.acceptance.server import serving
from tests.unit.web.test_openapi import OPERATIONS

EXAMPLES = 8
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
STREAMS = {"followRun", "followRuns"}
"""They answer until a run has ended; their own tests ask them."""
IN_PERSON = {"createToken", "revokeToken", "changePassword"}
LONGEST = 60_000
"""Bytes of a query. Where an address has more than 65,536, the server ends the connection before any route sees it."""
BYTES = {"putUpload", "continueUpload", "overrideUpload"}
"""Their bodies are files: none can be wrong."""


@schemathesis.serializer("application/offset+octet-stream")
def chunk(context: Any, value: Any) -> bytes:
    """The bytes of an upload's chunk."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with serving(tmp_path_factory.mktemp("fuzz"), "people") as server, town(server) as people:
        yield people


@pytest.fixture(scope="module")
def document(here: Town) -> Any:
    """The document, with what stands behind half of the names in its paths."""
    run = here.run(here.root)
    link = here.root.post(f"/runs/{run}/links").json()
    put = here.root.put("/uploads/customers.csv", content=b"Name,Mobile\nAma,+233201\n").json()
    known = {"run": run, "upload": put["id"], "job": "leads", "file": "leads.csv", "user": "ben", "link": link["id"]}
    known["token"] = link["url"].removeprefix("/links/")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = schemathesis.openapi.from_url(f"{here.server.url}/openapi.json")

    @found.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any]:
        drawn = path_parameters or {}
        return {name: known.get(name, value) if len(str(value)) % 2 else value for name, value in drawn.items()}

    return found


@pytest.fixture(scope="module")
def program(here: Town) -> dict[str, str]:
    """Headers of a program that may do everything but what only a person may."""
    made = here.program(here.root, "see", "start", "control", "download", "share", "admin")
    return {"Authorization": made.headers["authorization"]}


@pytest.fixture(scope="module")
def person(here: Town) -> dict[str, str]:
    """Headers of a browser."""
    return {"Cookie": f"narrowboat={here.signed_in('root').cookies['narrowboat']}"}


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("operation", sorted({*OPERATIONS} - STREAMS))
def test_every_answer_is_as_documented(
    document: Any, person: dict[str, str], program: dict[str, str], operation: str, mode: GenerationMode
) -> None:
    headers = person if operation in IN_PERSON else program
    described = document.find_operation_by_id(operation)
    if mode is GenerationMode.NEGATIVE and (operation in BYTES or not (described.body or described.query)):
        return  # there is nothing to do wrong

    @given(case=described.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def asked(case: Any) -> None:
        assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST)
        case.call_and_validate(checks=CHECKS, headers=headers, timeout=30)

    asked()
