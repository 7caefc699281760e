"""The lead export of a driver-onboarding product: login, filter, mail, link, bucket; then what breaks."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from narrowboat import sample
from tests import mongod
from tests.examples.leads import EXAMPLE, PASSWORD, Leads, missing
from tests.examples.mongo import SERVERS
from tests.notices.servers import Inbox, mail_server
from tests.sinks.weed import ACCESS, BUCKET, SECRET, Weed
from tests.waiting import until

pytestmark = pytest.mark.services
ALL = 33_407


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    with mail_server(Inbox()) as found:
        yield found


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    found = Weed(tmp_path_factory.mktemp("weed"))
    yield found
    found.close()


@pytest.fixture(scope="module", params=["spoken", pytest.param("mongod", marks=pytest.mark.mongod)])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, inbox: Inbox, bucket: Weed
) -> Iterator[Leads]:
    if missing():
        pytest.skip(f"not installed: {missing()} (scripts/system-packages.sh installs them)")
    if request.param == "mongod" and mongod.missing():
        pytest.skip(mongod.missing())
    place = tmp_path_factory.mktemp("leads")
    sample.make(place / "sample.db", ALL)
    found = Leads(
        place,
        place / "sample.db",
        SERVERS[request.param],
        SMTP_URL=f"smtp://127.0.0.1:{inbox.port}?tls=no",
        S3_BUCKET=BUCKET,
        S3_ENDPOINT=f"http://127.0.0.1:{bucket.port}",
        AWS_ACCESS_KEY_ID=ACCESS,
        AWS_SECRET_ACCESS_KEY=SECRET,
        AWS_DEFAULT_REGION="us-east-1",
    )
    yield found
    found.close()


@pytest.fixture
def ann(site: Leads) -> Iterator[httpx.Client]:
    with site.client("ann") as client:
        yield client


def workbook(data: bytes) -> list[list[Any]]:
    """The rows of the one sheet, header and all, as calamine reads them."""
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def start(client: httpx.Client, **body: Any) -> str:
    answer = client.post("/bulk/jobs/leads/runs", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ended(client: httpx.Client, run: str, seconds: float = 90) -> dict[str, Any]:
    """The run once it has ended."""

    def over() -> dict[str, Any] | None:
        answer = client.get(f"/bulk/runs/{run}")
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found if found and found["state"] in ("succeeded", "partial", "failed", "timed_out") else None

    found: dict[str, Any] = until(over, f"run {run} to end", seconds)
    return found


def under_way(client: httpx.Client, run: str) -> None:
    """Wait until some rows are committed."""
    until(lambda: client.get(f"/bulk/runs/{run}").json()["done"], f"rows of run {run}", 60)


def whole(client: httpx.Client, run: str) -> bytes:
    """The finished file, checked against its manifest."""
    answer = client.get(f"/bulk/runs/{run}/artifact")
    manifest = client.get(f"/bulk/runs/{run}/manifest").json()
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == manifest["sha256"]
    return answer.content


def read(answer: httpx.Response, into: bytearray, then: Callable[[], None]) -> None:
    """Read what comes; after the first piece do `then`."""
    for piece in answer.iter_raw(4096):
        if not into:
            then()
        into += piece


def test_nobody_gets_in_without_the_password(site: Leads) -> None:
    with site.client(None) as nobody:
        assert nobody.get("/bulk/jobs").status_code == 401
        assert nobody.get("/bulk/exports/leads.xlsx").status_code == 401
        assert nobody.post("/login", data={"name": "ann", "password": "guessed"}).status_code == 403


def test_all_leads_come_in_one_workbook(ann: httpx.Client) -> None:
    answer = ann.get("/bulk/exports/leads.xlsx")
    assert answer.status_code == 200
    header, *rows = workbook(answer.content)
    assert header[:3] == ["_id", "lead_number", "name"]
    assert len(rows) == ALL
    assert rows[0][1] == "000001"


@pytest.mark.parametrize("rows", [50, 10_000])
def test_a_page_of_leads_has_as_many_as_were_asked_for(ann: httpx.Client, rows: int) -> None:
    answer = ann.get("/bulk/exports/leads.xlsx", params={"page": 1, "page_size": rows})
    assert answer.status_code == 200
    assert len(workbook(answer.content)) == rows + 1


def test_a_city_is_a_filter(site: Leads, ann: httpx.Client) -> None:
    with closing(sqlite3.connect(site.place / "sample.db")) as conn:
        (counted,) = conn.execute("select count(*) from driver_leads where city = 'Accra'").fetchone()
    text = ann.get("/bulk/exports/leads.csv", params={"city": "Accra"}).text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert {row["city"] for row in rows} == {"Accra"}
    assert len(rows) == counted


def test_who_works_for_one_city_sees_no_other(site: Leads) -> None:
    with site.client("ben") as ben:
        for asked in ({}, {"city": "Accra"}):
            text = ben.get("/bulk/exports/leads.csv", params=asked).text
            assert {row["city"] for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))} == {"Kumasi"}


def test_a_mail_brings_a_link_to_the_verified_file(site: Leads, ann: httpx.Client, inbox: Inbox, bucket: Weed) -> None:
    run = start(ann, notify=True, output={"format": "xlsx", "labels": {"name": "Driver"}})
    assert ended(ann, run)["state"] == "succeeded"
    (mail,) = until(lambda: [one for one in inbox.mails if run in one.as_string()], "the mail", 60)
    assert mail["To"] == "ann@leads.example"
    body = mail.get_body(("plain",))
    assert body is not None
    (link,) = re.findall(rf"{re.escape(site.site)}/bulk/links/\S+", body.get_content())
    file = whole(ann, run)
    with httpx.Client() as anybody:
        assert anybody.get(link).content == file
    (key,) = [key for key in bucket.keys() if run in key]
    assert bucket.read(key) == file


def test_a_link_expires_and_can_be_taken_back(site: Leads, ann: httpx.Client) -> None:
    run = start(ann, params={"city": "Accra"})
    ended(ann, run)
    short = ann.post(f"/bulk/runs/{run}/links", json={"expires_in": 1}).json()
    day = ann.post(f"/bulk/runs/{run}/links", json={}).json()
    with httpx.Client() as anybody:
        assert anybody.get(day["url"]).status_code == 200
        assert ann.delete(f"/bulk/runs/{run}/links/{day['id']}").status_code in (200, 204)
        assert anybody.get(day["url"]).status_code == 404
        until(lambda: anybody.get(short["url"]).status_code == 410, "the link to expire")


def test_runs_of_others_are_not_there(site: Leads, ann: httpx.Client) -> None:
    run = start(ann, params={"city": "Tema"})
    ended(ann, run)
    with site.client("ben") as ben:
        for path in ("", "/artifact", "/manifest", "/events", "/links"):
            assert ben.get(f"/bulk/runs/{run}{path}").status_code == 404
        assert ben.post(f"/bulk/runs/{run}/cancel").status_code == 404


def test_the_run_goes_on_when_its_worker_is_killed(site: Leads, ann: httpx.Client) -> None:
    run = start(ann, output={"format": "csv", "labels": {"name": "worker killed"}})
    under_way(ann, run)
    site.kill_workers()
    assert ended(ann, run)["state"] == "succeeded"
    assert whole(ann, run).count(b"\r\n") == ALL + 1


def test_the_run_goes_on_when_the_database_was_away(site: Leads, ann: httpx.Client) -> None:
    run = start(ann, output={"format": "csv", "labels": {"name": "database killed"}})
    under_way(ann, run)
    site.mongo.kill()
    time.sleep(1)
    site.mongo.start()
    assert ended(ann, run)["state"] == "succeeded"
    assert whole(ann, run).count(b"\r\n") == ALL + 1


def test_a_download_whose_proxy_is_killed_looks_cut_and_goes_on(site: Leads, ann: httpx.Client) -> None:
    run = start(ann, output={"format": "csv", "labels": {"name": "proxy killed"}})
    ended(ann, run)
    file, got = whole(ann, run), bytearray()
    with ann.stream("GET", f"/bulk/runs/{run}/artifact") as answer:
        with pytest.raises(httpx.HTTPError):
            read(answer, got, then=site.caddy.kill)
        tag = answer.headers["etag"]
    assert len(got) < len(file)
    site.caddy.start()
    rest = ann.get(f"/bulk/runs/{run}/artifact", headers={"Range": f"bytes={len(got)}-", "If-Range": tag})
    assert rest.status_code == 206
    assert got + rest.content == file


def test_everything_killed_at_once_loses_nothing(site: Leads, ann: httpx.Client) -> None:
    run = start(ann, output={"format": "xlsx", "labels": {"name": "all killed"}})
    under_way(ann, run)
    site.restart_application()
    assert ended(ann, run)["state"] == "succeeded"
    assert len(workbook(whole(ann, run))) == ALL + 1


def test_the_box_was_large_enough(site: Leads) -> None:
    if site.group is None:
        pytest.skip("there is no box here")
    assert site.group.kills() == 0


def test_a_user_made_by_the_command_can_sign_in(site: Leads) -> None:
    command = [sys.executable, "add_user.py", "eve", "eve@leads.example", "Tema"]
    environment = {**os.environ, "MONGODB_URL": site.mongo_url, "NARROWBOAT_DATABASE": f"sqlite:///{site.place}/x.db"}
    subprocess.run(command, cwd=EXAMPLE, env=environment, input=f"{PASSWORD}\n", text=True, check=True)
    with site.client("eve") as eve:
        assert eve.get("/bulk/jobs").json()["jobs"][0]["name"] == "leads"
