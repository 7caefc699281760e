"""Refused rows, tried by those who may see the run and not its rows: they learn where and by which code, not what."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.acceptance.people import Town, town
from tests.acceptance.server import serving
from tests.waiting import until

SECRETS = ("Zoë Secret", "Nowhere", "+2330", "Ama Before", "already", "was changed")
"""What stands in the refused rows, in the table, and in messages that quote either."""
WITHOUT: tuple[tuple[str, ...], ...] = (("see",), ("see", "start"), ("see", "control", "share"))
"""Scopes that do not give rows."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with serving(tmp_path_factory.mktemp("rejects-access"), "people") as server, town(server) as people:
        yield people


def imported(
    who: httpx.Client, *rows: str, header: str = "Name,Mobile,Mark,City", name: str = "c.csv"
) -> dict[str, Any]:
    """A run that ended, over these rows."""
    content = "".join(f"{row}\n" for row in (header, *rows))
    upload = who.put(f"/uploads/{name}", content=content.encode()).json()["id"]
    started = who.post("/jobs/customers/runs", json={"input": {"upload": upload, "again": True}})
    assert started.status_code == 202, started.text
    return ended(who, started.json()["id"])


def ended(who: httpx.Client, run: str) -> dict[str, Any]:
    until(lambda: who.get(f"/runs/{run}").json()["ended"], "the run to end")
    found: dict[str, Any] = who.get(f"/runs/{run}").json()
    return found


@pytest.fixture(scope="module")
def run(here: Town) -> str:
    """An import of Ann's, of which one row meets a record and one a city that is not there."""
    imported(here.ann, "Ama Before,+23300,M0,Accra")
    rows = ("Zoë Secret,+23300,M1,Accra", "Zoë Secret,+23301,M2,Nowhere", "Fine,+23302,M3,Accra")
    return str(imported(here.ann, *rows)["id"])


def looks(who: httpx.Client, run: str) -> list[httpx.Response]:
    """Everything that tells of a run and its refused rows."""
    paths = ("", "/rejects", "/rejects?after=2&limit=1", "/report", "/report?view=compatible", "/history", "/notices")
    return [who.get(f"/runs/{run}{path}") for path in paths]


@pytest.mark.parametrize("scopes", WITHOUT)
def test_who_may_not_have_rows_learns_where_and_why_but_not_what(here: Town, run: str, scopes: tuple[str, ...]) -> None:
    program = here.program(here.ann, *scopes)
    for answer in looks(program, run):
        assert answer.status_code == 200
        assert not [secret for secret in SECRETS if secret in answer.text], answer.text
    rejects = program.get(f"/runs/{run}/rejects").json()["rejects"]
    assert [(one["row"], one["column"], one["code"]) for one in rejects] == [
        (2, "Mobile", "exists"), (3, "City", "not-found"),
    ]  # fmt: skip
    assert {(one["message"], one["data"]) for one in rejects} == {(None, None)}
    report = program.get(f"/runs/{run}/report").json()
    assert (report["rows"], report["created"], report["rejected"], report["rejects_kept"]) == (3, 1, 2, 2)
    assert report["rejects"][0] == {
        "row": 2, "problems": [{"column": "Mobile", "code": "exists", "message": None}], "data": None,
    }  # fmt: skip
    plain = program.get(f"/runs/{run}/report?view=compatible").json()
    assert (plain["total_attempted"], plain["total_failed"]) == (3, 2)
    assert plain["failed_customers"][0] == {"source_row_number": 2, "error": "Mobile: exists", "customer_data": None}


@pytest.mark.parametrize("scopes", WITHOUT)
def test_the_files_of_refused_rows_are_refused_them(here: Town, run: str, scopes: tuple[str, ...]) -> None:
    program = here.program(here.ann, *scopes)
    for path in ("/artifact", "/artifact.csv", "/artifact.xlsx", "/artifact?partial=true", "/manifest"):
        answer = program.get(f"/runs/{run}{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


def test_who_may_has_them_and_it_is_noted_once(here: Town, run: str) -> None:
    for _ in range(2):
        rejects, report, plain = (here.ann.get(f"/runs/{run}/{what}").text for what in
                                  ("rejects", "report", "report?view=compatible"))  # fmt: skip
        assert all("Zoë Secret" in text and "Nowhere" in text for text in (rejects, report, plain))

    def noted() -> list[str]:
        entries = here.boss.get("/audit", params={"about": run, "action": "download"}).json()["entries"]
        return [one["by"] for one in entries if one["by"] == "ann"]

    until(noted, "it to be noted")
    assert noted() == ["ann"]


def test_an_error_that_quotes_a_row_quotes_it_to_who_may_have_it(here: Town) -> None:
    run = imported(here.ann, '"Zoë Secret of Nowhere"', header='{"Name": "Fine", "Mobile": "+1"}', name="c.jsonl")
    assert (run["state"], run["error"]["code"]) == ("failed", "file-broken")
    assert "Nowhere" in run["error"]["detail"]
    seeing = here.program(here.ann, "see")
    for answer in [*looks(seeing, run["id"]), seeing.get("/runs")]:
        assert not [secret for secret in SECRETS if secret in answer.text], answer.text
    with seeing.stream("GET", f"/runs/{run['id']}/events") as answer:
        assert "Nowhere" not in (text := answer.read().decode())
        assert "file-broken" in text


def test_what_could_not_be_taken_back_names_its_records_to_who_may_have_rows(here: Town) -> None:
    run = imported(here.ann, "Ama Before,+2330777,M777,Accra")
    with closing(sqlite3.connect(here.server.folder / "crm.db")) as crm, crm:
        crm.execute("update customers set name = 'Zoë Secret' where mark = 'M777'")
    undo = ended(here.ann, here.ann.post(f"/runs/{run['id']}/undo").json()["id"])
    assert undo["rows"]["rejected"] == 1
    assert "was changed" in here.ann.get(f"/runs/{undo['id']}/rejects").text
    for answer in looks(here.program(here.ann, "see"), undo["id"]):
        assert not [secret for secret in SECRETS if secret in answer.text], answer.text
