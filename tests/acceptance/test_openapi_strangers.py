"""Every operation of the OpenAPI document, asked by those whose business it is not: a new route is walked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.people import PASSWORD, Town, town
from tests.acceptance.server import serving
from tests.unit.web.test_openapi import OPERATIONS

PUBLIC = {"showHealth", "signIn", "signOut", "showUploading", "followLink"}
"""They answer anybody: by design, or with what a link gives whoever has it."""
ADMINS = {"showUser", "changeUser", "disableUser", "setPassword"}
"""Refused to all others, whoever is named."""
NAMES = {"putUpload"}
"""The name in their path is one that is given, not one that is asked for."""
WITH_ID = sorted(name for name, address in OPERATIONS.items() if "{" in address and name not in ADMINS | NAMES)
ASKED: dict[str, dict[str, Any]] = {
    "startRun": {"json": {}},
    "createLink": {"json": {}},
    "resubmitRows": {"json": {"rows": [{"row": 2, "data": {"Name": "Ama"}}]}},
    "createToken": {"json": {"label": "x", "scopes": ["see"]}},
    "createUser": {"json": {"id": "eve", "password": PASSWORD, "role": "admin"}},
    "changeUser": {"json": {"role": "member"}},
    "setPassword": {"json": {"password": "a brand new one!"}},
    "changePassword": {"json": {"current": PASSWORD, "new": "a brand new one!"}},
    "putUpload": {"content": b"Name\nAma\n"},
    "createUpload": {"headers": {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}},
    "continueUpload": {
        "headers": {
            "Tus-Resumable": "1.0.0", "Upload-Offset": "9", "Content-Type": "application/offset+octet-stream",
        },
        "content": b"Esi\n",
    },
    "overrideUpload": {
        "headers": {
            "Tus-Resumable": "1.0.0", "Upload-Offset": "9", "Content-Type": "application/offset+octet-stream",
            "X-HTTP-Method-Override": "PATCH",
        },
        "content": b"Esi\n",
    },
    "removeUpload": {"headers": {"Tus-Resumable": "1.0.0"}},
    "previewUpload": {"params": {"job": "customers"}},
}  # fmt: skip
"""What a request needs beside its path to be a good one."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with serving(tmp_path_factory.mktemp("strangers"), "people") as server, town(server) as people:
        yield people


@pytest.fixture(scope="module")
def anns(here: Town) -> dict[str, str]:
    """What is Ann's, by what it is called in paths; and the job of a stranger who may see no other than leads."""
    run = here.run(here.ann, "near")
    upload = here.ann.put("/uploads/customers.csv", content=b"Name,Mobile\nAma,+233201\n").json()["id"]
    link = here.ann.post(f"/runs/{run}/links").json()["id"]
    token = here.ann.post("/tokens", json={"label": "x", "scopes": ["see"]}).json()["id"]
    return {
        "run": run, "upload": upload, "link": link, "token": token, "user": "ann", "job": "near", "name": "near",
        "extension": "xlsx", "file": "near.csv", "file_format": "csv",
    }  # fmt: skip


def ask(who: httpx.Client, operation: str, known: dict[str, str], **headers: str) -> httpx.Response:
    method, path = OPERATIONS[operation].split(" ")
    asked = ASKED.get(operation, {})
    return who.request(method, path.format(**known), **{**asked, "headers": {**asked.get("headers", {}), **headers}})


@pytest.fixture(scope="module")
def strangers(here: Town) -> dict[str, httpx.Client]:
    """Who may do everything, but not with what is Ann's or not with this job."""
    everything = ("see", "start", "control", "download", "share")
    return {
        "ben": here.ben,
        "ben's program": here.program(here.ben, *everything),
        "who knows of another job": here.reader,
        "their program": here.program(here.reader, *everything),
        "ann's program for another job": here.program(here.ann, *everything, jobs=["leads"]),
    }


def whose_business_it_is_not(operation: str, strangers: dict[str, httpx.Client]) -> dict[str, httpx.Client]:
    """Those of the strangers whom only this refusal keeps out."""
    address = OPERATIONS[operation]
    if "/uploads/" in address or "/tokens/" in address:  # these are a person's, whatever the job
        return {"ben": strangers["ben"]}
    if "{job}" in address or "{file}" in address:
        return {name: who for name, who in strangers.items() if "ben" not in name}
    return strangers


@pytest.mark.parametrize("operation", WITH_ID)
def test_what_is_not_ones_own_is_not_there(
    strangers: dict[str, httpx.Client], anns: dict[str, str], operation: str
) -> None:
    nothing = {**anns, **dict.fromkeys(("run", "upload", "link", "token", "job"), "none"), "file": "none.csv"}
    for name, who in whose_business_it_is_not(operation, strangers).items():
        got, none = (ask(who, operation, known) for known in (anns, nothing))
        assert got.status_code == 404, (name, got.status_code, got.text)
        assert (none.status_code, none.json()["code"]) == (404, got.json()["code"]), "both look alike"


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - PUBLIC))
def test_who_has_not_signed_in_is_told_nothing_else(here: Town, anns: dict[str, str], operation: str) -> None:
    for known in (anns, dict.fromkeys(anns, "none")):
        got = ask(here.nobody, operation, known)
        assert (got.status_code, got.json()["code"]) == (401, "not-signed-in"), got.text


@pytest.mark.parametrize("operation", sorted(ADMINS))
def test_whether_somebody_has_an_account_is_told_to_admins_alone(here: Town, operation: str) -> None:
    for who in (here.ben, here.boss, here.program(here.ben, "see")):
        there, not_there = (ask(who, operation, {"user": user}) for user in ("ann", "nobody"))
        assert there.status_code == not_there.status_code == 403
        assert {**there.json(), "instance": None} == {**not_there.json(), "instance": None}


@pytest.mark.parametrize(
    "operation", sorted(name for name, asked in OPERATIONS.items() if asked[:3] not in ("GET", "OPT"))
)
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_of_another_site_changes_nothing_in_anothers_name(
    here: Town, anns: dict[str, str], operation: str, origin: str
) -> None:
    for site in ("cross-site", "same-site", ""):
        got = ask(here.ann, operation, anns, **{"Sec-Fetch-Site": site, "Origin": origin})
        assert (got.status_code, got.json()["code"]) == (403, "not-allowed"), (site, got.text)
        assert "set-cookie" not in got.headers
