"""The rows of a report, tried by those who may not have them: with tokens of limited scope, and as somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.people import PASSWORD, Town, town
from tests.acceptance.server import serving
from tests.waiting import until

LINES, EVENTS = {"Accept": "application/x-ndjson"}, {"Accept": "text/event-stream"}
ASKED: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/rows", {}),
    ("GET", "/rows?from=1&count=1", {}),
    ("GET", "/rows", LINES),
    ("GET", "/rows?from=999999", LINES),
    ("GET", "/rows", EVENTS),
    ("GET", "/rows", {**EVENTS, "Last-Event-ID": "0-1"}),
    ("GET", "/rows?last_event_id=0-3000.end", EVENTS),
    ("GET", "/artifact", {}),
    ("GET", "/artifact", {"Range": "bytes=0-9"}),
    ("GET", "/artifact?partial=true", {}),
    ("GET", "/artifact?format=csv", {}),
    ("GET", "/artifact.csv", {}),
    ("GET", "/artifact.xlsx", {}),
    ("GET", "/artifact.csv?turn=1", {}),
    ("HEAD", "/artifact.csv", {}),
    ("GET", "/manifest", {}),
]
"""Every way to a row."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with (
        serving(tmp_path_factory.mktemp("rows-access"), "people", SERVED_WORKERS="2") as server,
        town(server) as people,
    ):
        yield people


@pytest.fixture(scope="module", params=["finished", "growing"])
def run(request: pytest.FixtureRequest, here: Town) -> str:
    """A report of Ann's."""
    if request.param == "finished":
        return here.run(here.ann, "sales")
    here.server.tap("held", "30")
    started = here.ann.post("/jobs/drip/runs", json={"params": {"name": "held"}, "background": True})
    found = str(started.json()["id"])
    until(lambda: here.ann.get(f"/runs/{found}").json()["done"] == 30, "its rows")
    return found


def answers(who: httpx.Client, run: str) -> list[tuple[int, str]]:
    """Status and code of each way that was tried; none of them lets a row out."""
    found = []
    for method, path, headers in ASKED:
        got = who.request(method, f"/runs/{run}{path}", headers=headers)
        assert "row 0" not in got.text
        assert "Zoë" not in got.text
        found.append((got.status_code, "" if method == "HEAD" else got.json()["code"]))
    return found


def all_refused(who: httpx.Client, run: str, status: int, code: str) -> None:
    assert {(found, said or code) for found, said in answers(who, run)} == {(status, code)}


def test_who_may_only_see_the_run_is_refused_its_rows_in_every_way(here: Town, run: str) -> None:
    for scopes in (["see"], ["see", "start"], ["see", "control", "share"]):
        program = here.program(here.ann, *scopes)
        seen = program.get(f"/runs/{run}")
        assert (seen.status_code, "Zoë" in seen.text) == (200, False)
        all_refused(program, run, 403, "not-allowed")


def test_the_events_that_they_may_follow_hold_no_row(here: Town, run: str) -> None:
    seeing = here.program(here.ann, "see")
    with seeing.stream("GET", f"/runs/{run}/events", headers=EVENTS) as answer:
        first = next(piece for piece in answer.iter_text() if "event: run" in piece)
    for text in (first, seeing.get(f"/runs/{run}/history").text, seeing.get(f"/runs/{run}/rejects").text):
        assert "row 0" not in text
        assert "Zoë" not in text


def test_who_may_not_know_of_the_run_does_not_learn_that_it_is_there(here: Town, run: str) -> None:
    here.root.post("/users", json={"id": "narrow", "password": PASSWORD, "grants": {"leads": ["see", "download"]}})
    strangers = [
        here.ben,
        here.signed_in("narrow"),
        here.program(here.ann, "see", "download", jobs=["leads"]),
        here.program(here.boss, "see", "download"),
        here.program(here.ben, "see", "download", "start", "control", "share"),
    ]
    for who in strangers:
        all_refused(who, run, 404, "unknown-run")
        assert answers(who, run) == answers(who, "none")


def test_nobody_and_a_token_that_was_revoked_are_told_to_sign_in(here: Town, run: str) -> None:
    made = here.ann.post("/tokens", json={"label": "soon gone", "scopes": ["see", "download"]}).json()
    program = here.browser(Authorization=f"Bearer {made['secret']}")
    assert program.get(f"/runs/{run}/rows").status_code == 200
    assert here.ann.delete(f"/tokens/{made['id']}").status_code == 204
    for who in (program, here.nobody):
        all_refused(who, run, 401, "not-signed-in")


@pytest.mark.parametrize("headers", [{}, LINES, EVENTS])
def test_who_takes_rows_stands_in_the_audit_log_once(here: Town, headers: dict[str, str]) -> None:
    run = here.run(here.ann, "sales", city=f"Lagos {len(headers)} {headers.get('Accept')}")
    for _ in range(3):
        assert here.program(here.ann, "see", "download").get(f"/runs/{run}/rows", headers=headers).status_code == 200
    assert here.program(here.ann, "see").get(f"/runs/{run}/rows", headers=headers).status_code == 403
    until(lambda: noted(here, run), "it to be noted")
    assert here.boss.get(f"/runs/{run}/rows", headers=headers).status_code == 200
    until(lambda: "boss" in noted(here, run), "the operator to be noted")
    assert noted(here, run) == ["boss", "ann"]


def noted(here: Town, run: str) -> list[str]:
    """Who downloaded it, by the audit log, newest first."""
    found = here.boss.get("/audit", params={"about": run, "action": "download"}).json()["entries"]
    return [entry["by"] for entry in found]
