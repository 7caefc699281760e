"""A database that is lost in the middle of a report, as the source and as the store: what is said, and what stays."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psycopg
import pytest

from tests import postgresql
from tests.acceptance.readers import WAYS, Events, Reader
from tests.acceptance.server import Server, serving
from tests.waiting import until

pytestmark = pytest.mark.services

SOLD = 2000


@pytest.fixture
def postgres() -> Iterator[postgresql.Server]:
    """A PostgreSQL of the test's own, which it may stop."""
    with postgresql.own_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            conn.execute("create table sold (id integer primary key, item text)")
            conn.execute(f"insert into sold select n, 'item ' || n from generate_series(0, {SOLD - 1}) n")
        yield server


@pytest.fixture
def server(tmp_path: Path, postgres: postgresql.Server) -> Iterator[Server]:
    """One whose reports read from there."""
    with serving(tmp_path, "users", SERVED_SOURCE=postgres.get_uri()) as server:
        server.client.headers["x-user"] = "ann"
        server.tap("pace", "0.02")
        yield server


def lost_in_the_middle(server: Server, postgres: postgresql.Server, job: str) -> dict[str, Any]:
    """A run whose source went away after some rows, as it is then."""
    run = server.client.post(f"/jobs/{job}/runs", json={"background": True}).json()["id"]
    server.until_rows(run, 200)
    postgres.stop()

    def noticed() -> dict[str, Any] | None:
        found = server.run(run)
        return found if found["error"] else None

    found: dict[str, Any] = until(noticed, "the run to say what happens")
    return found


def rows(first: int, count: int) -> list[list[Any]]:
    return [[n, f"item {n}"] for n in range(first, count)]


def read_to_the_end(server: Server, run: str) -> list[Reader]:
    """Clients of the three ways, each when it has all."""
    readers = [make(f"/runs/{run}/rows") for make in WAYS.values()]
    for reader in readers:
        until(lambda reader=reader: reader.connect(server.client) or reader.end, "all rows", 60)
    return readers


def assert_readable(server: Server, run: dict[str, Any]) -> None:
    """What was committed can be read and downloaded."""
    path, done = f"/runs/{run['id']}", run["done"]
    page = server.client.get(f"{path}/rows", params={"count": 1000}).json()
    assert (page["rows"], page["watermark"]) == (rows(0, done), done)
    text = server.client.get(f"{path}/artifact.csv")
    assert (text.headers["narrowboat-partial"], text.headers["content-disposition"]) == (
        "true",
        f'attachment; filename="{run["job"]}-partial.csv"',
    )
    assert len(list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))) == done + 1
    book = openpyxl.load_workbook(io.BytesIO(server.client.get(f"{path}/artifact.xlsx").content), read_only=True)
    assert [list(row) for row in book.active.values][1:] == rows(0, done)


def test_a_source_that_is_lost_is_named_its_rows_stay_and_the_run_goes_on_when_it_is_back(
    server: Server, postgres: postgresql.Server
) -> None:
    found = lost_in_the_middle(server, postgres, "sold")
    assert (found["state"], found["error"]["code"]) in [(s, "source-unavailable") for s in ("queued", "running")]
    assert found["error"]["detail"].startswith("The data source cannot be reached. Try again in a moment;")
    assert 200 <= found["done"] < SOLD
    assert_readable(server, found)
    postgres.start()
    for reader in read_to_the_end(server, found["id"]):
        assert reader.rows == rows(0, SOLD)
        assert reader.end is not None
        assert (reader.end["done"], reader.end["rows"]) == (True, SOLD)
    assert server.run(found["id"])["error"] is None


def test_a_source_that_stays_away_ends_the_run_with_words_a_person_understands(
    server: Server, postgres: postgresql.Server
) -> None:
    lost = lost_in_the_middle(server, postgres, "sold-soon")
    ended = server.until_state(lost["id"], "timed_out")
    assert ended["error"]["detail"] == (
        "The run reached its time limit of 4 s while the data source could not be reached, and was stopped; what was "
        "committed is kept. Resume it when that is back; it then has its time anew."
    )
    assert_readable(server, ended)
    for reader in read_to_the_end(server, lost["id"]):
        assert reader.rows == rows(0, ended["done"])
        assert reader.end is not None
        assert reader.end.get("done", False) is False
    postgres.start()
    server.tap("pace", "0")
    server.client.post(f"/runs/{lost['id']}/resume")
    server.until_state(lost["id"], "succeeded")
    assert server.client.get(f"/runs/{lost['id']}/rows", params={"from": SOLD - 1}).json()["rows"] == rows(
        SOLD - 1, SOLD
    )


class Stream:
    """One connection's answer, read in a thread of its own."""

    def __init__(self, server: Server, run: str, accept: str) -> None:
        self.body, self.whole = b"", False
        self._asked = (f"{server.url}/runs/{run}/rows", {"Accept": accept})
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        url, headers = self._asked
        with httpx.stream("GET", url, headers=headers, timeout=60) as answer:
            for piece in answer.iter_bytes():
                self.body += piece
        self.whole = True

    def finish(self) -> bytes:
        self._thread.join(60)
        assert self.whole
        return self.body


def test_a_store_that_is_lost_is_told_and_streams_go_on_where_they_were_when_it_is_back(
    tmp_path: Path, postgres: postgresql.Server
) -> None:
    with serving(tmp_path, SERVED_STORE=postgres.get_uri()) as server:
        run = server.start_tap("held", "50", job="drip")["id"]
        events, lines = (Stream(server, run, kind) for kind in ("text/event-stream", "application/x-ndjson"))
        for stream in (events, lines):
            until(lambda stream=stream: b"row 49 " in stream.body, "the first rows")
        postgres.stop()
        until(lambda: b"event: away" in events.body, "the stream to say so")
        assert b"The database of runs is away. Nothing is lost" in events.body
        for path in (f"/runs/{run}", f"/runs/{run}/rows", f"/runs/{run}/artifact.csv"):
            got = server.client.get(path)
            assert (got.status_code, got.json()["code"]) == (503, "store-unavailable")
            assert got.json()["title"] == "The database of runs cannot be reached"
            assert got.headers["retry-after"] == "5"
        postgres.start()
        server.tap("held", "90 end")
        server.until_state(run, "succeeded")
        expected = [[n, f"row {n} ä <i>"] for n in range(90)]
        assert of_events(events.finish()) == expected
        assert of_lines(lines.finish()) == expected


def of_events(body: bytes) -> list[Any]:
    """The rows of a stream that said that it is whole."""
    reader = Events("")
    reader.take_all(iter([body]))
    assert reader.end == {"done": True, "rows": 90, "state": "succeeded", "code": None}
    return reader.rows


def of_lines(body: bytes) -> list[Any]:
    """The same of lines."""
    _, *found, end = (json.loads(line) for line in body.split(b"\n") if line)
    assert end == {"done": True, "rows": 90, "state": "succeeded", "code": None}
    return found
