"""An import whose rows are of who imports them, over HTTP: no part of a request says whose they are."""

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


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with serving(tmp_path_factory.mktemp("filling"), "people") as server, town(server) as people:
        yield people


def uploaded(who: httpx.Client, content: str) -> str:
    return str(who.put("/uploads/leads.csv", content=content.encode()).json()["id"])


def start(who: httpx.Client, content: str, **choices: Any) -> httpx.Response:
    return who.post("/jobs/city-leads/runs", json={"input": {"upload": uploaded(who, content), **choices}})


def ended(here: Town, started: httpx.Response) -> dict[str, Any]:
    assert started.status_code == 202, started.text
    run = started.json()["id"]
    until(lambda: here.boss.get(f"/runs/{run}").json()["ended"], "the run to end")
    found: dict[str, Any] = here.boss.get(f"/runs/{run}").json()
    return found


def cities(here: Town, name: str) -> list[str]:
    with closing(sqlite3.connect(here.server.folder / "crm.db")) as crm:
        return [row[0] for row in crm.execute("select city from leads where name = ?", (name,))]


def test_no_part_of_a_request_says_whose_rows_they_are(here: Town) -> None:
    assert ended(here, start(here.ann, "name,city,phone\nKofi,Accra,1\n"))["rows"]["created"] == 1
    mapped = ended(here, start(here.ann, "name,Town\nKojo,Accra\n", mapping={"Town": "city"}))
    assert mapped["error"]["code"] == "bad-parameter"
    refused = start(here.ann, "name\nKojo\n", requester={"city": "Accra"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-parameter")
    assert ended(here, start(here.ben, "name,city,phone\nKofi,Lagos,1\n"))["rows"]["created"] == 1
    assert cities(here, "Kofi") == ["Lagos", "Accra"]
    assert cities(here, "Kojo") == []


def test_refused_rows_that_are_put_right_stay_with_whose_they_were(here: Town) -> None:
    run = ended(here, start(here.ann, "name,phone\n,1\n"))
    rows = [{"row": 2, "data": {"name": "Yaa", "phone": "1", "city": "Accra", "tenant": "x"}}]
    for who in (here.ann, here.boss):
        again = who.post(f"/runs/{run['id']}/resubmit", json={"rows": rows})
        assert ended(here, again)["rows"]["created"] == 1
    assert cities(here, "Yaa") == ["Lagos", "Lagos"]
    assert here.ben.post(f"/runs/{run['id']}/resubmit", json={"rows": rows}).status_code == 404


def test_who_moved_to_another_tenant_takes_nothing_back_in_the_old_one(here: Town) -> None:
    run = ended(here, start(here.ann, "name\nEfua\n"))
    here.root.patch("/users/ann", json={"attributes": {"city": "Kumasi"}})
    refused = here.ann.post(f"/runs/{run['id']}/undo")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert cities(here, "Efua") == ["Lagos"]
    assert ended(here, here.ann.post(f"/runs/{run['id']}/rerun"))["rows"]["created"] == 1
    assert cities(here, "Efua") == ["Lagos", "Kumasi"]
    assert ended(here, here.boss.post(f"/runs/{run['id']}/undo"))["rows"]["created"] == 1
    assert cities(here, "Efua") == ["Kumasi"]


def test_who_is_of_no_tenant_starts_and_previews_nothing(here: Town) -> None:
    refused = start(here.boss, "name,city\nAbena,Lagos\n")
    assert (refused.status_code, refused.json()["code"]) == (403, "missing-attribute")
    upload = uploaded(here.boss, "name,city\nAbena,Lagos\n")
    seen = here.boss.get(f"/uploads/{upload}/preview", params={"job": "city-leads"})
    assert (seen.status_code, seen.json()["code"]) == (403, "missing-attribute")


def test_nobody_is_asked_for_it(here: Town) -> None:
    jobs = here.ann.get("/jobs").json()["jobs"]
    (fields,) = (job["importing"]["fields"] for job in jobs if job["name"] == "city-leads")
    assert [field["name"] for field in fields] == ["name", "phone"]
    assert here.ann.get("/jobs/city-leads/example.csv").text.lstrip("\ufeff").startswith("name,phone")
