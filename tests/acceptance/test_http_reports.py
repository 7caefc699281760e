"""Reports over HTTP: pages of rows, rows as they come, downloads of what there is, and who is still there."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.acceptance.readers import Events
from tests.acceptance.server import Server, serving
from tests.waiting import until

ENDED = ("succeeded", "partial", "failed", "timed_out", "cancelled")
STREAM, NDJSON = {"Accept": "text/event-stream"}, {"Accept": "application/x-ndjson"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("reports"), SERVED_WORKERS="2") as server:
        yield server


def dripped(first: int, rows: int) -> list[list[Any]]:
    return [[n, f"row {n} ä <i>"] for n in range(first, rows)]


def page(server: Server, run_id: str, **query: Any) -> dict[str, Any]:
    got = server.client.get(f"/runs/{run_id}/rows", params=query)
    assert got.status_code == 200, got.text
    found: dict[str, Any] = got.json()
    return found


def report(server: Server, job: str, **params: Any) -> dict[str, Any]:
    """A finished report."""
    started = server.client.post(f"/jobs/{job}/runs", json={"params": params})
    assert started.status_code == 202, started.text
    return server.until_state(started.json()["id"], "succeeded")


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ends what a test leaves, so that none stands in the way of the next."""
    yield
    if "server" in request.fixturenames:
        server: Server = request.getfixturevalue("server")
        for run in server.client.get("/runs").json()["runs"]:
            if not run["ended"]:
                server.client.post(f"/runs/{run['id']}/cancel")
                server.tap(run["params"].get("name", "none"), "9000 end")
                server.until_state(run["id"], *ENDED)


def rows_of(run_id: str) -> Events:
    """A client of the event stream."""
    return Events(f"/runs/{run_id}/rows")


def heard(server: Server, name: str, run_id: str, rows: int) -> dict[str, Any]:
    """The run when it has ended. A source that waits hears with its next row that it shall stop; no block gets full."""
    begun = time.monotonic()

    def ended() -> dict[str, Any] | None:
        server.tap(name, str(rows + min(9, 1 + int(time.monotonic() - begun))))
        run = server.run(run_id)
        return run if run["ended"] else None

    run: dict[str, Any] = until(ended, f"run {run_id} to end")
    return run


def test_a_finished_report_is_read_by_pages(server: Server) -> None:
    run = report(server, "sales", city="Lagos")
    first = page(server, run["id"], count=2)
    assert [column["name"] for column in first["columns"]] == ["id", "name", "city", "phone"]
    assert first["columns"][0]["type"] == "integer"
    assert (first["from"], first["watermark"], first["total"], first["done"]) == (0, 1000, 1000, True)
    assert first["rows"][0] == [3, "<b>Zoë 3</b> 🚗", "Lagos", "0000000003"]
    pages = (page(server, run["id"], **{"from": at, "count": 300})["rows"] for at in range(0, 1000, 300))
    assert [row[0] for rows in pages for row in rows] == list(range(3, 3001, 3))
    assert page(server, run["id"], **{"from": 1000})["rows"] == []
    assert page(server, run["id"], **{"from": 2**53})["rows"] == []


@pytest.mark.parametrize("query", ["from=-1", "count=0", "count=1001", "from=x"])
def test_a_page_that_cannot_be_is_refused(server: Server, query: str) -> None:
    run = report(server, "sales", city="Accra")
    assert server.client.get(f"/runs/{run['id']}/rows?{query}").status_code == 422


def test_a_report_is_read_while_it_grows(server: Server) -> None:
    run = server.start_tap("grows", "0", job="drip")
    empty = page(server, run["id"])
    assert (empty["columns"], empty["rows"], empty["done"]) == ([], [], False)
    server.tap("grows", "25")
    server.until_rows(run["id"], 20)
    found = page(server, run["id"], **{"from": 5, "count": 100})
    assert found["rows"] == dripped(5, 20)
    assert (found["watermark"], found["done"]) == (20, False)
    server.tap("grows", "25 end")
    server.until_state(run["id"], "succeeded")
    assert page(server, run["id"], **{"from": 15})["rows"] == dripped(15, 25)


def test_a_page_is_compressed_for_who_takes_it(server: Server) -> None:
    run = report(server, "sales")
    with httpx.Client(base_url=server.url) as client:
        for accepted, encoding in (("gzip, br", "gzip"), ("gzip;q=0", None), ("identity", None)):
            got = client.get(f"/runs/{run['id']}/rows?count=1000", headers={"Accept-Encoding": accepted})
            assert got.headers.get("content-encoding") == encoding
            assert len(got.json()["rows"]) == 1000


def test_wide_and_long_rows_come_in_pages_of_bounded_size(server: Server) -> None:
    run = report(server, "wide", width=300, length=10_000, count=3)
    found = page(server, run["id"], count=1000)
    assert len(found["rows"]) == 1
    assert len(found["rows"][0]) == 300
    assert found["rows"][0][0].startswith("<script>alert(1)</script> שלום 😀")
    assert len(page(server, run["id"], **{"from": 2, "count": 1000})["rows"]) == 1
    rows = rows_of(run["id"])
    rows.connect(server.client)
    assert len(rows.rows) == 3


def test_all_rows_come_as_lines_between_the_columns_and_the_end(server: Server) -> None:
    run = server.start_tap("lines", "10", job="drip")
    server.until_rows(run["id"], 10)
    with server.client.stream("GET", f"/runs/{run['id']}/rows?from=4", headers=NDJSON) as answer:
        lines = (json.loads(line) for line in answer.iter_lines() if line)
        assert [column["name"] for column in next(lines)["columns"]] == ["n", "text"]
        server.tap("lines", "33 end")
        found = list(lines)
    assert found[:-1] == dripped(4, 33)
    assert found[-1] == {"done": True, "rows": 33, "state": "succeeded", "code": None}


def test_who_asks_for_rows_to_come_gets_them_from_there_on(server: Server) -> None:
    run = server.start_tap("to-come", "10", job="drip")
    server.until_rows(run["id"], 10)
    with server.client.stream("GET", f"/runs/{run['id']}/rows?from=15", headers=NDJSON) as answer:
        server.tap("to-come", "33 end")
        found = [json.loads(line) for line in answer.iter_lines() if line]
    assert found[1:-1] == dripped(15, 33)


@pytest.mark.parametrize(("name", "end"), [("failing", "fail"), ("leaving", "cancel")])
def test_lines_of_a_run_that_does_not_succeed_say_so_and_are_cut(server: Server, name: str, end: str) -> None:
    run = server.start_tap(name, "20", job="drip")
    server.until_rows(run["id"], 20)
    found: list[Any] = []

    def stop() -> None:
        if end == "cancel":
            httpx.post(f"{server.url}/runs/{run['id']}/cancel")
            heard(server, name, run["id"], 20)
        else:
            server.tap(name, "20 fail")

    def receive() -> None:
        with server.client.stream("GET", f"/runs/{run['id']}/rows", headers=NDJSON) as answer:
            for line in answer.iter_lines():
                found.extend([json.loads(line)] if line else [])
                if len(found) == 21:
                    stop()

    with pytest.raises(httpx.RemoteProtocolError):
        receive()
    assert found[1:21] == dripped(0, 20)
    assert found[21]["failed"] is True
    assert found[21]["state"] == {"fail": "failed", "cancel": "cancelled"}[end]


def test_rows_come_as_events_and_go_on_behind_the_last_one_seen(server: Server) -> None:
    run = server.start_tap("events", "30", job="drip")
    rows = rows_of(run["id"])
    rows.connect(server.client, most=1)
    server.tap("events", "60 end")
    rows.connect(server.client)
    assert rows.rows == dripped(0, 60)
    assert rows.end == {"done": True, "rows": 60, "state": "succeeded", "code": None}
    assert [column["name"] for column in rows.columns] == ["n", "text"]
    over = server.client.get(rows.address, headers={**STREAM, "Last-Event-ID": rows.last})
    assert over.status_code == 204


def test_rows_of_a_run_that_started_from_zero_are_told_to_begin_again(server: Server) -> None:
    run = server.start_tap("again", "30", job="redrip")
    rows = rows_of(run["id"])
    rows.connect(server.client, most=1)
    assert rows.rows
    server.client.post(f"/runs/{run['id']}/cancel")
    heard(server, "again", run["id"], 30)
    server.tap("again", "50 end")
    server.client.post(f"/runs/{run['id']}/resume")
    server.until_state(run["id"], "succeeded")
    rows.connect(server.client)
    assert rows.rows == dripped(0, 50)
    assert rows.last.startswith("1-")


def test_a_connection_that_is_cut_again_and_again_loses_and_doubles_nothing(server: Server) -> None:
    run = server.start_tap("cuts", "2000", job="drip")
    rows = rows_of(run["id"])
    connections = 0
    while len(rows.rows) < 2000:
        connections += 1
        with httpx.Client(base_url=server.url, timeout=5) as client:
            rows.connect(client, most=1)
    server.tap("cuts", "2000 end")
    rows.connect(server.client)
    assert rows.rows == dripped(0, 2000)
    assert connections > 1


def test_no_rows_and_one_row(server: Server) -> None:
    for count in (0, 1):
        run = server.start_tap(f"few-{count}", f"{count} end", job="drip")
        server.until_state(run["id"], "succeeded")
        found = page(server, run["id"])
        assert (found["rows"], found["watermark"], found["done"]) == (dripped(0, count), count, True)
        assert [column["name"] for column in found["columns"]] == ["n", "text"]
        rows = rows_of(run["id"])
        rows.connect(server.client)
        assert (rows.rows, len(rows.columns)) == (dripped(0, count), 2)


def test_an_export_shows_no_rows(server: Server) -> None:
    run = server.client.post("/jobs/leads/runs", json={"output": {"format": "csv"}}).json()
    got = server.client.get(f"/runs/{run['id']}/rows")
    assert (got.status_code, got.json()["code"]) == (409, "no-artifact")
    server.until_state(run["id"], "succeeded")


def test_the_sixth_report_is_refused_with_a_sentence_and_when_to_come_back(server: Server) -> None:
    runs = [server.start_tap(f"many-{n}", "0", job="drip") for n in range(5)]
    got = server.client.post("/jobs/lonely/runs", json={"params": {"name": "many-5"}})
    assert (got.status_code, got.json()["code"]) == (429, "too-many-runs")
    assert "local has 5 reports under way, and 5 at once are allowed." in got.json()["detail"]
    assert int(got.headers["retry-after"]) > 0
    for n, run in enumerate(runs):
        server.client.post(f"/runs/{run['id']}/cancel")
        heard(server, f"many-{n}", run["id"], 0)


def test_two_who_ask_the_same_share_a_run_and_the_second_cancel_stops_it(server: Server) -> None:
    def cancelled(**key: str) -> tuple[str, int]:
        found = server.client.post(f"/runs/{run['id']}/cancel", headers=key).json()
        return found["state"], found["holders"]

    run = server.start_tap("shared", "10", job="drip")
    again = server.start_tap("shared", "10", job="drip")
    assert (again["id"], again["how"]) == (run["id"], "joined")
    server.until_state(run["id"], "running")
    for _click in range(2):
        assert cancelled(**{"Idempotency-Key": "one tab"}) == ("running", 1)
    assert cancelled()[0] in ("cancelling", "cancelled")
    heard(server, "shared", run["id"], 10)


def test_a_report_that_lasts_too_long_says_what_to_do_and_keeps_its_rows(server: Server) -> None:
    run = server.start_tap("too-long", "20", job="brief")
    until(lambda: (server.run(run["id"])["deadline"] or "9") < moment(), "its deadline")
    ended = heard(server, "too-long", run["id"], 20)
    assert ended["state"] == "timed_out"
    assert ended["error"]["code"] == "deadline-passed"
    assert "ask for fewer rows" in ended["error"]["detail"]
    assert page(server, run["id"])["rows"] == dripped(0, 20)


def moment() -> str:
    """Now, as the server writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def test_a_report_that_nobody_follows_stops_and_keeps_its_rows(server: Server) -> None:
    run = server.start_tap("left-alone", "20", job="lonely")
    server.until_rows(run["id"], 20)
    until(lambda: _state(server, run["id"]) != "running", "the run to stop")
    ended = heard(server, "left-alone", run["id"], 20)
    assert ended["state"] == "cancelled"
    assert ended["error"]["code"] == "nobody-follows"
    assert page(server, run["id"])["rows"] == dripped(0, 20)


def _state(server: Server, run_id: str) -> str:
    """Looked up in the store: to ask the server would be to follow."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(f"file:{server.folder}/runs.db?mode=ro", uri=True)) as store:
        (state,) = store.execute("select state from narrowboat_runs where id = ?", (run_id,)).fetchone()
    return str(state)


@pytest.mark.parametrize("how", ["events", "rows", "poll", "background", "started in the background"])
def test_a_report_that_somebody_follows_or_sent_away_goes_on(server: Server, how: str) -> None:
    name = f"kept-{how.split()[0]}-{len(how)}"
    run = server.start_tap(name, "20", job="lonely", background=how.startswith("started"))
    path = f"/runs/{run['id']}"
    if how == "background":
        assert server.client.post(f"{path}/background").json()["unfollowed"] is None
    other = server.start_tap(f"{name}-other", "1", job="lonely")
    server.until_state(other["id"], "running")

    def other_stopped() -> bool:
        if how == "poll":
            server.client.get(path)
        return _state(server, other["id"]) != "running"

    if how in ("events", "rows"):
        with server.client.stream("GET", f"{path}/{how}", headers=STREAM):
            until(other_stopped, "the other run to stop")
    else:
        until(other_stopped, "the other run to stop")
    assert _state(server, run["id"]) == "running"
    server.tap(f"{name}-other", "1 end")
    server.tap(name, "20 end")
    server.until_state(run["id"], "succeeded")


@pytest.mark.parametrize("victim", ["worker", "server"])
def test_a_kill_in_the_middle_loses_and_doubles_no_row(tmp_path: Path, victim: str) -> None:
    with serving(tmp_path) as server:
        kill_while_rows_come(server, victim)


def kill_while_rows_come(server: Server, victim: str) -> None:
    """The worker, or the server with it, is killed while a client receives rows; it has all of them once in the end."""
    run = server.start_tap("killed", "500", job="drip")
    rows = rows_of(run["id"])
    rows.connect(server.client, most=2)
    assert 0 < len(rows.rows) <= 500
    children = psutil.Process(server.process.pid).children()
    for process in children if victim == "worker" else [psutil.Process(server.process.pid), *children]:
        process.kill()
    server.tap("killed", "900 end")
    if victim == "server":
        server.process.wait(10)
        server.start()
    until(lambda: _received(rows, server), "all rows")
    assert rows.rows == dripped(0, 900)


def _received(rows: Events, server: Server) -> bool:
    rows.connect(server.client)
    return rows.end is not None


def test_every_format_of_what_there_is_at_any_moment(server: Server) -> None:
    run = server.start_tap("any-moment", "25", job="drip")
    server.until_rows(run["id"], 20)
    got = server.client.get(f"/runs/{run['id']}/artifact?format=csv")
    assert got.headers["narrowboat-partial"] == "true"
    assert got.headers["content-disposition"] == 'attachment; filename="drip-partial.csv"'
    assert list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"))))[-1] == ["19", "row 19 ä <i>"]
    server.tap("any-moment", "25 end")
    server.until_state(run["id"], "succeeded")
    got = server.client.get(f"/runs/{run['id']}/artifact.csv.gz")
    assert "narrowboat-partial" not in got.headers
    assert got.headers["content-disposition"] == 'attachment; filename="drip.csv.gz"'
    assert len(gzip.decompress(got.content).splitlines()) == 26


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "jsonl", "parquet", "csv.gz"])
def test_a_report_is_downloaded_as_an_export_of_it_would_be(server: Server, file_format: str) -> None:
    run = report(server, "sales")
    got = server.client.get(f"/runs/{run['id']}/artifact", params={"format": file_format})
    assert got.headers["content-disposition"] == f'attachment; filename="sales.{file_format}"'
    if file_format in ("csv", "jsonl", "parquet"):
        assert got.content == server.client.get(f"/exports/leads.{file_format}").content
    assert len(got.content) > 10_000


def test_a_download_of_a_report_takes_options_and_refuses_what_is_not_offered(server: Server) -> None:
    run = report(server, "sales", city="Lagos")
    path = f"/runs/{run['id']}/artifact"
    assert server.client.get(f"{path}?format=csv&option.bom=false").content.startswith(b"id,name,")
    for query in ("format=docx", "format=csv.zip", "format=csv&option.x=1"):
        got = server.client.get(f"{path}?{query}")
        assert (got.status_code, got.json()["code"]) == (422, "bad-parameter")
    assert server.client.head(f"{path}?format=csv").headers["content-type"].startswith("text/csv")


def test_text_through_a_proxy_has_a_length(tmp_path: Path) -> None:
    with serving(tmp_path, "users") as proxied:
        run = proxied.client.post("/jobs/sales/runs", headers={"X-User": "ann"}).json()
        until(lambda: proxied.client.get(f"/runs/{run['id']}", headers={"X-User": "ann"}).json()["ended"], "its end")
        headers = {"X-User": "ann", "X-Forwarded-For": "10.0.0.1"}
        for file_format in ("csv", "parquet", "xlsx"):
            got = proxied.client.get(f"/runs/{run['id']}/artifact?format={file_format}", headers=headers)
            assert ("content-length" in got.headers) is (file_format != "xlsx")
        other = proxied.client.get(f"/runs/{run['id']}/rows", headers={"X-User": "bob"})
        assert other.status_code == 404
        seen = proxied.client.get(f"/runs/{run['id']}/rows", headers={"X-User": "viewer"})
        assert seen.status_code == 404


def test_a_file_that_is_made_for_somebody_who_leaves_is_not_kept(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        run, files = report(server, "wide", width=20, length=60, count=20_000), tmp_path / "runs.files"
        made = lambda: list(files.glob("converted-*"))  # noqa: E731  # asked several times
        head = f"GET /runs/{run['id']}/artifact.parquet HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head)
            until(made, "the file to be made")
        until(lambda: not made(), "it to be gone")
        (files / "converted-left").mkdir()
        os.utime(files / "converted-left", (1, 1))
        whole = server.client.get(f"/runs/{run['id']}/artifact.parquet")
        assert (whole.status_code, len(whole.content)) == (200, int(whole.headers["content-length"]))
        assert not made()


def test_rows_whose_file_is_gone_are_told_so_and_not_waited_for(server: Server) -> None:
    run = report(server, "sales")
    shutil.rmtree(server.folder / "runs.files/runs" / run["id"])
    got = server.client.get(f"/runs/{run['id']}/rows")
    assert (got.status_code, got.json()["code"]) == (409, "no-artifact")
    with (
        pytest.raises(httpx.TransportError),
        server.client.stream("GET", f"/runs/{run['id']}/rows", headers=STREAM, timeout=3) as answer,
    ):
        answer.read()
