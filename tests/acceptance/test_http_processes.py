"""Several web processes, other applications around ours, and what happens at a stop."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.server import Server, csv_of, serving
from tests.acceptance.test_http_runs import Events
from tests.waiting import until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def pair(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers on the same runs: the first supervises."""
    with serving(folder) as first:
        until(lambda: first.client.get("/health").json()["supervising"], "the first to supervise")
        with serving(folder) as second:
            yield first, second


def test_exactly_one_process_supervises_and_another_takes_over(pair: tuple[Server, Server]) -> None:
    first, second = pair
    assert second.client.get("/health").json() == {"status": "ok", "supervising": False, "workers": 0}
    first.stop()
    until(lambda: second.client.get("/health").json()["workers"] == 1, "the second to supervise")
    run = second.start_tap("taken-over", "5 end")
    second.until_state(run["id"], "succeeded")


def test_a_worker_is_at_work_when_the_first_answer_comes(folder: Path) -> None:
    with serving(folder):
        named = [path.name for path in (folder / "runs.files" / "workers").iterdir() if not path.name.startswith(".")]
        assert len(named) == 1, "what is asked at once begins at once"


def test_any_process_starts_follows_cancels_and_downloads_any_run(pair: tuple[Server, Server]) -> None:
    first, second = pair
    run = second.start_tap("anywhere", "10")
    with (
        second.client.stream("GET", f"/runs/{run['id']}/artifact") as growing,
        second.client.stream("GET", f"/runs/{run['id']}/events") as answer,
    ):
        pieces = growing.iter_raw()
        assert next(pieces) == csv_of(10)
        second.client.post(f"/runs/{run['id']}/cancel")
        second.tap("anywhere", "20")
        assert json.loads(Events(answer).named("done")["data"])["state"] == "cancelled"
        with pytest.raises(httpx.RemoteProtocolError):
            b"".join(pieces)
    again = first.start_tap("here", "30 end")
    second.until_state(again["id"], "succeeded")
    assert second.client.get(f"/runs/{again['id']}/artifact").content == csv_of(30)


def test_two_workers_of_one_server_share_the_work(folder: Path) -> None:
    with serving(folder, "alone", "--workers", "2") as server:
        answers = [httpx.get(f"{server.url}/health").json() for _ in range(40)]
        until(lambda: any(httpx.get(f"{server.url}/health").json()["workers"] for _ in range(20)), "a worker")
        assert sum(answer["supervising"] for answer in answers) < len(answers)
        got = [httpx.get(f"{server.url}/exports/leads.csv", params={"city": f"c{n}"}) for n in range(6)]
        assert [one.status_code for one in got] == [200] * 6


def test_a_mounted_application_knows_where_it_is(folder: Path) -> None:
    with serving(folder, "mounted") as server:
        server.client.base_url = httpx.URL(f"{server.url}/bulk/")
        server.client.headers["x-user"] = "ann"
        server.tap("mounted", "3 end")
        got = server.client.post("/jobs/tap/runs", json={"params": {"name": "mounted"}})
        location = got.headers["location"]
        assert location == f"/bulk/runs/{got.json()['id']}"
        server.until_state(got.json()["id"], "succeeded")
        assert httpx.get(server.url + location, headers={"x-user": "ann"}).json()["done"] == 3
        direct = server.client.get("/exports/leads.csv")
        assert direct.headers["content-location"].startswith("/bulk/runs/")
        problem = server.client.get("/nothing").json()
        assert (problem["type"], problem["instance"]) == ("/bulk/errors#not-found", "/bulk/nothing")
        assert server.client.get("/openapi.json").json()["servers"] == [{"url": "/bulk"}]
        page = server.client.get("/")
        assert page.status_code == 200
        assert 'src="/' not in page.text  # relative, so it works wherever it is mounted
        listed = server.client.get("/runs", params={"limit": 1})
        assert listed.links["next"]["url"].startswith("/bulk/runs?")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_streams_end_before_the_server_and_the_run_goes_on_in_the_next(folder: Path, number: int) -> None:
    with serving(folder) as server:
        run = server.start_tap("deployed", "10")
        server.until_rows(run["id"], 10)
        with (
            server.client.stream("GET", f"/runs/{run['id']}/events") as answer,
            server.client.stream("GET", f"/runs/{run['id']}/artifact") as growing,
        ):
            events, pieces = Events(answer), growing.iter_raw()
            seen = events.named("run")["id"]
            had = next(pieces)
            server.process.send_signal(number)
            while "retry" not in (last := events.next()):
                seen = last.get("id", seen)
            assert int(last["retry"]) in range(500, 3001)
            with pytest.raises(httpx.RemoteProtocolError):
                next(pieces)
        server.tap("deployed", "20 end")
        server.process.wait(30)
        server.start()
        path, etag = f"/runs/{run['id']}/artifact", growing.headers["etag"]
        rest = server.client.get(path, headers={"Range": f"bytes={len(had)}-", "If-Range": etag})
        assert had + rest.content == csv_of(20)
        with server.client.stream("GET", f"/runs/{run['id']}/events", params={"last_event_id": seen}) as answer:
            assert json.loads(Events(answer).named("done")["data"])["done"] == 20


def test_a_stop_leaves_no_process_behind(folder: Path) -> None:
    with serving(folder, SERVED_WORKERS="2") as server:
        until(lambda: server.client.get("/health").json()["workers"] == 2, "the workers")
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert len(children) == 2
        server.stop()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []


def test_without_its_own_workers_a_server_leaves_the_work_to_others(folder: Path) -> None:
    with serving(folder, SERVED_WORKERS="0") as idle:
        run = idle.start_tap("elsewhere", "5 end")
        assert idle.client.get("/health").json() == {"status": "ok", "supervising": False, "workers": 0}
        with serving(folder) as working:
            working.until_state(run["id"], "succeeded")
            soon = idle.start_tap("by-the-bell", "5 end")
            idle.until_state(soon["id"], "succeeded")


def test_a_store_that_cannot_be_reached_is_503_and_health_says_so(folder: Path) -> None:
    with serving(folder, SERVED_WORKERS="0") as server:
        store = folder / "runs.db"
        for path in folder.glob("runs.db*"):
            path.write_bytes(b"not a database" * 100)
        assert store.exists()
        for asked in ("/health", "/runs", "/metrics", "/exports/leads.csv"):
            got = server.client.get(asked)
            assert (got.status_code, got.json()["code"]) == (503, "store-unavailable")
            assert got.headers["retry-after"] == "5"
