"""The shop under real servers: WSGI and ASGI, SQLite and PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from python_calamine import CalamineWorkbook

from benchmarks.group import Group, unavailable
from tests.django.shop import CUSTOMERS, PROJECT, SERVERS, Person, Shop, copy, environment, open_shop, orders_csv
from tests.waiting import until


@pytest.fixture(scope="module", params=["sync", "gthread", "uvicorn"])
def shop(request: pytest.FixtureRequest, filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop on SQLite."""
    with open_shop(copy(filled, tmp_path_factory.mktemp("served")), request.param) as shop:
        yield shop


def check_the_whole_way(shop: Shop) -> None:
    """Sign in, start, poll, download; nobody else does."""
    ann, bob, boss = (shop.person(name) for name in ("ann", "bob", "boss"))
    run = ann.start()
    ended = ann.until_ended(run["id"])
    assert (ended["state"], ended["done"], ended["owner"]) == ("succeeded", CUSTOMERS, run["owner"])
    assert ann.file(run["id"]) == orders_csv() == boss.file(run["id"])
    for path in ("", "/artifact", "/events", "/history"):
        assert bob.http.get(f"/bulk/runs/{run['id']}{path}").status_code == 404
    assert bob.http.post(f"/bulk/runs/{run['id']}/cancel").status_code == 404
    assert run["id"] not in {one["id"] for one in bob.http.get("/bulk/runs").json()["runs"]}


def test_an_export_goes_from_login_to_file_and_nobody_else_gets_it(shop: Shop) -> None:
    check_the_whole_way(shop)


def test_jobs_are_those_the_user_has_permissions_for(shop: Shop) -> None:
    seen = {
        name: {job["name"] for job in shop.person(name).http.get("/bulk/jobs").json()["jobs"]}
        for name in ("ann", "bob", "boss")
    }
    assert seen["bob"] == {"orders", "my-customers"}
    assert seen["ann"] == {"orders", "my-customers", "customers", "shop.customer"}
    assert seen["boss"] == {"orders", "my-customers", "customers", "shop.customer", "shop.order"}
    started = shop.person("bob").http.post("/bulk/jobs/shop.customer/runs", json={})
    assert (started.status_code, started.json()["code"]) == (404, "unknown-job")


def test_a_file_comes_straight_from_its_address(shop: Shop) -> None:
    ann = shop.person("ann")
    csv = ann.http.get("/bulk/exports/orders.csv?state=p", follow_redirects=True)
    assert (csv.status_code, csv.content) == (200, orders_csv("p"))
    xlsx = ann.http.get("/bulk/exports/orders.xlsx", follow_redirects=True)
    assert len(CalamineWorkbook.from_filelike(BytesIO(xlsx.content)).get_sheet_by_index(0).to_python()) == CUSTOMERS + 1
    address = str(csv.headers.get("content-location", csv.url.path))  # or redirected there, on a busy machine
    part = ann.http.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, csv.content[10:20])
    head = ann.http.head(address)
    assert (head.headers["content-length"], head.content) == (str(len(csv.content)), b"")
    assert ann.http.get(address, headers={"If-None-Match": csv.headers["etag"]}).status_code == 304


def test_jobs_choose_rows_by_who_asks(shop: Shop) -> None:
    ann, bob = shop.person("ann"), shop.person("bob")
    ended = ann.until_ended(ann.start("my-customers")["id"])
    assert ended["done"] == CUSTOMERS // 4 + 1
    assert bob.until_ended(bob.start("my-customers")["id"])["error"]["code"] == "missing-attribute"


def test_customers_are_uploaded_in_chunks_imported_put_right_and_taken_back(shop: Shop) -> None:
    ann, bob = shop.person("ann"), shop.person("bob")
    lines = [f"Ama {n},Accra,+23355{n:07},S{n},31/01/2025" for n in range(30_000)]
    lines[6] = "Kofi,Accra,,S6,31/01/2025"
    data = "\n".join(["Name,City,Phone,Shipping mark,Since", *lines]).encode()
    assert bob.http.post("/bulk/uploads", headers={"Upload-Length": "5"}).status_code == 403
    place = ann.http.post("/bulk/uploads", headers={"Upload-Length": str(len(data))}).headers["location"]
    for at in range(0, len(data), 524_288):
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
        sent = ann.http.patch(place, content=data[at : at + 524_288], headers=headers)
        assert sent.status_code == 204, sent.text
    assert bob.http.get(place).status_code == 404
    shown = ann.http.get(f"{place}/preview", params={"job": "customers"}).raise_for_status().json()
    assert [(one["header"], one["field"]) for one in shown["columns"]][2] == ("Phone", "phone")
    body = {"input": {"upload": place.rpartition("/")[2]}}
    started = ann.http.post("/bulk/jobs/customers/runs", json=body)
    assert started.status_code == 202, started.text
    run = ann.until_ended(started.json()["id"])
    assert (run["state"], run["rows"]["created"], run["rows"]["rejected"]) == ("partial", 29_999, 1)
    report = ann.http.get(f"/bulk/runs/{run['id']}/report", params={"view": "compatible"}).json()
    assert [one["source_row_number"] for one in report["failed_customers"]] == [8]
    right = {"row": 8, "data": report["failed_customers"][0]["customer_data"] | {"Phone": "+233550000006"}}
    again = ann.http.post(f"/bulk/runs/{run['id']}/resubmit", json={"rows": [right]}).json()
    assert ann.until_ended(again["id"])["rows"]["created"] == 1
    for made in (run, again):
        undone = ann.http.post(f"/bulk/runs/{made['id']}/undo").json()
        assert ann.until_ended(undone["id"])["state"] == "succeeded"


def test_a_file_of_a_form_and_a_bare_body_are_not_kept_in_memory(shop: Shop) -> None:
    ann, data = shop.person("ann"), b"x" * 10_000_000  # more than Django takes by itself
    made = ann.http.put("/bulk/uploads/large.csv", content=data)
    assert (made.status_code, made.json()["received"]) == (201, len(data)), made.text
    form = ann.http.post("/bulk/uploads", files={"file": ("large.csv", data)})
    assert (form.status_code, form.json()["sha256"]) == (201, made.json()["sha256"])


def test_another_sites_page_may_not_upload(shop: Shop) -> None:
    ann = shop.person("ann")
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert ann.http.put("/bulk/uploads/a.csv", content=b"x", headers=foreign).status_code == 403


def test_who_has_not_signed_in_is_sent_to_login_or_told_so(shop: Shop) -> None:
    page = httpx.get(f"{shop.url}/bulk/", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (302, "/accounts/login/?next=/bulk/")
    for path in ("jobs", "runs", "exports/orders.csv"):
        assert httpx.get(f"{shop.url}/bulk/{path}").json()["code"] == "not-signed-in"
    assert httpx.post(f"{shop.url}/bulk/jobs/orders/runs", json={}).status_code == 401


def test_pages_of_other_sites_start_nothing(shop: Shop) -> None:
    ann = shop.person("ann")
    for foreign in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        for headers in (foreign, {**foreign, "Content-Type": "text/plain"}):
            answer = ann.http.post("/bulk/jobs/orders/runs", content=b"{}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    for own in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": shop.url}, {}):
        assert ann.http.post("/bulk/jobs/orders/runs", json={}, headers=own).status_code == 202


def test_the_page_and_its_files_are_there(shop: Shop) -> None:
    ann = shop.person("ann")
    page = ann.http.get("/bulk/", headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert ann.http.get("/bulk/openapi.json").json()["openapi"]
    assert ann.http.get("/bulk/nothing/here").json()["code"] == "not-found"
    assert ann.http.delete("/bulk/jobs").status_code == 405


@contextmanager
def watching(person: Person, run_id: str, watchers: int) -> Iterator[list[str]]:
    """So many that follow a run as a browser does: they come back where their stream ends."""
    done: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=person.http.base_url, cookies=person.http.cookies, timeout=60) as client:
            while not stop.is_set():
                with client.stream("GET", f"/bulk/runs/{run_id}/events") as answer:
                    for line in answer.iter_lines():
                        if line == "event: done":
                            done.append(line)
                            return
                stop.wait(1.0)

    threads = [threading.Thread(target=watch) for _ in range(watchers)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        for thread in threads:
            thread.join(60)
        stop.set()


def test_twenty_watchers_keep_nobody_from_anything(shop: Shop) -> None:
    ann, bob = shop.person("ann"), shop.person("bob")
    watched = ann.http.post(
        "/bulk/jobs/orders/runs", json={"output": {"format": "csv"}, "not_before": "2100-01-01T00:00:00Z"}
    ).json()
    with watching(ann, watched["id"], 20) as done:
        other = bob.start(state="n")
        assert bob.until_ended(other["id"])["state"] == "succeeded"
        assert bob.file(other["id"]) == orders_csv("n")
        assert done == []
        ann.http.post(f"/bulk/runs/{watched['id']}/cancel")
    assert len(done) == 20


@pytest.mark.parametrize("server", ["sync", "preload"])
def test_a_run_goes_on_when_the_process_that_supervises_it_is_killed(server: str, folder: Path) -> None:
    with open_shop(folder, server) as shop:
        ann = shop.person("ann")
        (supervisor,) = until(shop.supervisors, "a worker")
        run = ann.start()
        until(lambda: ann.run(run["id"])["done"], "rows")
        supervisor.send_signal(signal.SIGKILL)
        http = httpx.Client(base_url=shop.url, cookies=ann.http.cookies, transport=httpx.HTTPTransport(retries=3))
        ann.http = http
        assert ann.until_ended(run["id"])["state"] == "succeeded"
        assert ann.file(run["id"]) == orders_csv()
        until(lambda: [one for one in shop.supervisors() if one.pid != supervisor.pid], "another supervisor")


def test_streams_end_when_an_asgi_server_is_told_to_stop(folder: Path) -> None:
    with open_shop(folder, "uvicorn") as shop:
        ann = shop.person("ann")
        run = ann.http.post("/bulk/jobs/orders/runs", json={"not_before": "2100-01-01T00:00:00Z"}).json()
        with ann.http.stream("GET", f"/bulk/runs/{run['id']}/events") as answer:
            lines = answer.iter_lines()
            assert "event: run" in (next(lines), next(lines), next(lines))
            shop.process.send_signal(signal.SIGTERM)
            assert "retry: " in "".join(lines)
        assert shop.process.wait(30) in (0, -signal.SIGTERM)


def followers(person: Person) -> float:
    """Streams that the server's process holds."""
    figures = person.http.get("/bulk/metrics").text
    return float(figures.split("\nnarrowboat_followers ")[1].split()[0])


def test_a_stream_ends_at_the_server_when_its_reader_leaves(folder: Path) -> None:
    with open_shop(folder, "uvicorn") as shop:
        boss = shop.person("boss")
        run = boss.http.post("/bulk/jobs/orders/runs", json={"not_before": "2100-01-01T00:00:00Z"}).json()
        with boss.http.stream("GET", f"/bulk/runs/{run['id']}/events"):
            until(lambda: followers(boss) == 1, "the follower to be counted")
        until(lambda: followers(boss) == 0, "the follower to be gone")
    assert "Traceback" not in shop.log()
    assert "destroyed" not in shop.log()


def test_workers_of_their_own_do_the_work_of_a_server_without_any(folder: Path) -> None:
    with open_shop(folder, "sync", WORKERS="0") as shop:
        ann = shop.person("ann")
        run = ann.start()
        assert shop.supervisors() == []
        command = [sys.executable, PROJECT / "manage.py", "narrowboat_worker"]
        worker = subprocess.Popen(command, cwd=folder, env=environment(folder), stderr=subprocess.DEVNULL)
        try:
            assert ann.until_ended(run["id"])["state"] == "succeeded"
        finally:
            worker.terminate()
            assert worker.wait(30) == 0


@pytest.mark.services
@pytest.mark.parametrize("server", ["sync", "gthread", "uvicorn"])
def test_the_same_on_postgresql(server: str, postgresql: str, tmp_path: Path) -> None:
    with open_shop(tmp_path, server, DATABASE_URL=postgresql) as shop:
        check_the_whole_way(shop)
        boss = shop.person("boss")
        started = boss.act("/admin/shop/customer/?city=Tema", "export_all_filtered", format="csv")
        run_id = started.headers["location"].split("/")[-3]
        assert boss.until_ended(run_id)["done"] == CUSTOMERS // 4 + 1
        assert "Customers" in boss.http.get("/admin/narrowboat/run/").text


@pytest.mark.box
@pytest.mark.skipif(unavailable() is not None, reason=f"no box here: {unavailable()}")
@pytest.mark.parametrize("server", list(SERVERS))
def test_two_processes_and_a_worker_live_in_512_mb(server: str, folder: Path) -> None:
    with Group("narrowboat-django", memory=512 * 2**20) as group, open_shop(folder, server, group=group) as shop:
        check_the_whole_way(shop)
        assert group.kills() == 0
