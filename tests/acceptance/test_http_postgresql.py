"""The same over PostgreSQL: two servers, one store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.server import Server, csv_of, serving
from tests.acceptance.test_http_reports import kill_while_rows_come
from tests.acceptance.test_http_runs import Events
from tests.postgresql import own_server
from tests.waiting import until

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """A PostgreSQL server of these tests' own, on a socket in a short path."""
    with own_server() as server:
        yield server.get_uri()


@pytest.fixture
def pair(store: str, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """A server that supervises, and another."""
    with serving(tmp_path, SERVED_STORE=store) as first:
        until(lambda: first.client.get("/health").json()["supervising"], "the first to supervise")
        with serving(tmp_path, SERVED_STORE=store) as second:
            yield first, second


def test_runs_are_followed_downloaded_and_cancelled_in_another_process(pair: tuple[Server, Server]) -> None:
    first, second = pair
    run = second.start_tap("pg", "10")
    with (
        second.client.stream("GET", f"/runs/{run['id']}/artifact") as growing,
        second.client.stream("GET", f"/runs/{run['id']}/events") as answer,
    ):
        pieces = growing.iter_raw()
        had = next(pieces)
        second.tap("pg", "40 end")
        assert json.loads(Events(answer).named("done")["data"])["done"] == 40
        assert had + b"".join(pieces) == csv_of(40)
    cancelled = first.start_tap("pg-cancelled", "10")
    second.until_rows(cancelled["id"], 10)
    second.client.post(f"/runs/{cancelled['id']}/cancel")
    first.tap("pg-cancelled", "20")
    assert first.until_state(cancelled["id"], "cancelled")["error"] is None
    assert first.client.get("/exports/leads.csv").status_code == 200


def test_figures_are_the_same_in_every_process(pair: tuple[Server, Server]) -> None:
    first, _ = pair
    run = first.start_tap("pg-figures", "5 end")
    first.until_state(run["id"], "succeeded")
    ended = [
        {line for line in server.client.get("/metrics").text.splitlines() if line.startswith("narrowboat_runs_ended")}
        for server in pair
    ]
    assert ended[0] == ended[1] != set()


@pytest.mark.parametrize("victim", ["worker", "server"])
def test_rows_of_a_report_come_once_whoever_is_killed(store: str, tmp_path: Path, victim: str) -> None:
    with serving(tmp_path, SERVED_STORE=store) as server:
        kill_while_rows_come(server, victim)
