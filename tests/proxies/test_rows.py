"""Rows of a report through every chain: pages, lines and events come while it grows, each row once, and a cut shows."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from tests.acceptance.readers import WAYS, Reader
from tests.proxies.files import text_of
from tests.proxies.rig import CHAINS, Rig, passes_cuts_on
from tests.proxies.seen import Seen
from tests.proxies.test_endpoints import same_answer
from tests.waiting import until

ACCEPT = {"lines": "application/x-ndjson", "events": "text/event-stream"}
SQUEEZED = {"accept-encoding": "gzip, zstd, br"}
"""What every client of a compressing proxy says."""


class Streams(NamedTuple):
    """What clients saw through one chain."""

    lines: Seen
    events: Seen


def expected(first: int, rows: int) -> list[list[Any]]:
    return [[n, text_of(n)] for n in range(first, rows)]


def streams(rig: Rig, chain: str, run: str) -> Streams:
    """Clients of both streams."""
    path = f"/runs/{run}/rows"
    return Streams(*(Seen(rig, chain, path, accept=accept, **SQUEEZED) for accept in ACCEPT.values()))


def of_lines(seen: Seen) -> list[Any]:
    """What the lines said that came whole."""
    return [json.loads(line) for line in seen.body.split(b"\n")[:-1] if line]


def rows_of(streams: Streams) -> list[list[Any]]:
    """The rows that each stream brought."""
    events = [json.loads(event["data"]) for event in streams.events.events() if event.get("event") == "rows"]
    return [
        [line for line in of_lines(streams.lines) if isinstance(line, list)],
        [row for rows in events for row in rows],
    ]


def ends_of(streams: Streams) -> list[dict[str, Any]]:
    """What each stream said of its end, if it did."""
    ends = [line for line in of_lines(streams.lines) if isinstance(line, dict) and "columns" not in line]
    return ends + [json.loads(e["data"]) for e in streams.events.events() if e.get("event") in ("done", "failed")]


def in_the_middle(rig: Rig, name: str) -> tuple[str, dict[str, Streams]]:
    """A report that is held after 50 rows, which have reached the clients of every chain."""
    run = rig.start_tap(name, "50", job="seen")
    rig.until_rows(run, 50)
    seen = {chain: streams(rig, chain, run) for chain in CHAINS}
    for each in seen.values():
        for one in each:
            one.until_body(text_of(49).encode())
    return run, seen


def read_on(rig: Rig, chain: str, run: str) -> list[Reader]:
    """Clients of the three ways, who have read to the end."""
    readers = [make(f"/runs/{run}/rows") for make in WAYS.values()]
    for reader in readers:
        until(lambda reader=reader: reader.connect(rig.at(chain)) or reader.end, f"all rows through {chain}")
    return readers


def finish(seen: dict[str, Streams]) -> None:
    for each in seen.values():
        for one in each:
            one.finish()


@pytest.fixture(scope="module")
def grown(rig: Rig) -> tuple[str, dict[str, Streams]]:
    """A report that goes on step by step: each step reaches every client before the next one is made."""
    run, seen = in_the_middle(rig, "rows-grow")
    for rows in (60, 70):
        rig.tap("rows-grow", str(rows))
        for each in seen.values():
            for one in each:
                one.until_body(text_of(rows - 1).encode())
    rig.tap("rows-grow", "120 end")
    finish(seen)
    return run, seen


def test_every_row_comes_once_and_while_the_report_grows(grown: tuple[str, dict[str, Streams]], chain: str) -> None:
    seen = grown[1][chain]
    assert rows_of(seen) == [expected(0, 120)] * 2
    assert ends_of(seen) == [{"done": True, "rows": 120, "state": "succeeded", "code": None}] * 2
    assert [one.end for one in seen] == ["whole", "whole"]


def test_nothing_is_compressed_or_kept_on_the_way(grown: tuple[str, dict[str, Streams]], chain: str) -> None:
    for one, media_type in zip(grown[1][chain], ACCEPT.values(), strict=True):
        assert one.headers["content-type"].partition(";")[0] == media_type
        assert one.headers["content-encoding"] == "identity"
        assert {"no-store", "no-transform"} <= set(one.headers["cache-control"].split(", "))


def test_pages_are_the_same_and_go_on_behind_each_other(
    rig: Rig, grown: tuple[str, dict[str, Streams]], chain: str
) -> None:
    path = f"/runs/{grown[0]}/rows"
    rows = [same_answer(rig, chain, "GET", f"{path}?from={at}&count=50").json()["rows"] for at in (0, 50, 100, 120)]
    assert [row for page in rows for row in page] == expected(0, 120)
    assert rig.at(chain).get(f"{path}?count=1000", headers=SQUEEZED).json()["rows"] == expected(0, 120)
    assert same_answer(rig, chain, "GET", f"{path}?count=1001").status_code == 422


def test_a_client_whose_network_goes_away_takes_each_stream_up_again(rig: Rig, chain: str) -> None:
    name = f"rows-cut-{chain}"
    run = rig.start_tap(name, "30", job="seen")
    had = streams(rig, chain, run)
    for one in had:
        one.until_body(text_of(29).encode()).cut()
    assert ends_of(had) == []
    rig.tap(name, "60 end")
    last = [event["id"] for event in had.events.events() if "id" in event][-1]
    lines = Seen(rig, chain, f"/runs/{run}/rows?from={len(rows_of(had)[0])}", accept=ACCEPT["lines"])
    by_id = Seen(rig, chain, f"/runs/{run}/rows", accept=ACCEPT["events"], **{"last-event-id": last})
    rest = Streams(lines.finish(), by_id.finish())
    assert [before + after for before, after in zip(rows_of(had), rows_of(rest), strict=True)] == [expected(0, 60)] * 2
    assert [end["rows"] for end in ends_of(rest)] == [60, 60]


@pytest.fixture(scope="module")
def failed(rig: Rig) -> tuple[str, dict[str, Streams]]:
    """The report fails."""
    run, seen = in_the_middle(rig, "rows-fail")
    rig.tap("rows-fail", "55 fail")
    finish(seen)
    return run, seen


def test_a_report_that_fails_says_so_at_the_end_of_its_rows(
    rig: Rig, failed: tuple[str, dict[str, Streams]], chain: str
) -> None:
    run, seen = failed[0], failed[1][chain]
    rows = rig.direct.get(f"/runs/{run}").json()["done"]
    assert rows_of(seen) == [expected(0, rows)] * 2
    assert [(end["failed"], end["rows"], end["code"]) for end in ends_of(seen)] == [(True, rows, "source-failed")] * 2
    assert (seen.lines.end != "whole") == passes_cuts_on(chain)


@pytest.fixture(scope="module")
def server_killed(rig: Rig) -> tuple[str, dict[str, Streams]]:
    """kill -9 of the server and its workers; then they are started again and the report ends."""
    run, seen = in_the_middle(rig, "rows-server-killed")
    rig.app.kill()
    finish(seen)
    rig.app.start()
    rig.tap("rows-server-killed", "90 end")
    return run, seen


@pytest.fixture(scope="module")
def proxies_killed(rig: Rig) -> tuple[str, dict[str, Streams]]:
    """The same with the proxies."""
    run, seen = in_the_middle(rig, "rows-proxies-killed")
    for proxy in rig.proxies:
        proxy.kill()
    finish(seen)
    for proxy in rig.proxies:
        proxy.start()
    rig.tap("rows-proxies-killed", "90 end")
    return run, seen


@pytest.fixture(params=["server_killed", "proxies_killed"])
def killed(request: pytest.FixtureRequest) -> tuple[str, dict[str, Streams]]:
    found: tuple[str, dict[str, Streams]] = request.getfixturevalue(request.param)
    return found


def test_what_a_kill_cut_has_no_end_and_the_rows_it_has_are_right(
    killed: tuple[str, dict[str, Streams]], chain: str
) -> None:
    seen = killed[1][chain]
    assert rows_of(seen) == [expected(0, 50)] * 2
    assert ends_of(seen) == []


def test_after_a_kill_each_way_reads_on_to_every_row_once(
    rig: Rig, killed: tuple[str, dict[str, Streams]], chain: str
) -> None:
    for reader in read_on(rig, chain, killed[0]):
        assert reader.rows == expected(0, 90)
        assert reader.end is not None
        assert (reader.end["done"], reader.end["rows"]) == (True, 90)
