"""The server, its runs and the proxies end in the middle: no client is left with a file that seems whole."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.proxies.files import csv_of
from tests.proxies.rig import CHAINS, Rig, passes_cuts_on
from tests.proxies.seen import Seen


class Scene(NamedTuple):
    """What clients saw through one chain."""

    workbook: Seen
    text: Seen
    events: Seen


class Middle(NamedTuple):
    """Two runs that are held in the middle while clients follow them through every chain."""

    workbook: str
    text: str
    seen: dict[str, Scene]

    def finish(self) -> None:
        for scene in self.seen.values():
            for each in scene:
                each.finish()


def in_the_middle(rig: Rig, name: str) -> Middle:
    """Runs of 50 rows so far."""
    workbook, text = rig.start_tap(f"{name}-xlsx", "50", "xlsx"), rig.start_tap(f"{name}-csv", "50")
    committed = rig.until_rows(workbook, 50)["bytes"]
    rig.until_rows(text, 50)
    seen = {
        chain: Scene(
            Seen(rig, chain, f"/runs/{workbook}/artifact").until_bytes(committed),
            Seen(rig, chain, f"/runs/{text}/artifact"),
            Seen(rig, chain, f"/runs/{workbook}/events").until_body(b'"done": 50'),
        )
        for chain in CHAINS
    }
    return Middle(workbook, text, seen)


@pytest.fixture(scope="module")
def failed(rig: Rig) -> Middle:
    """The runs fail."""
    middle = in_the_middle(rig, "failed")
    for name in ("failed-xlsx", "failed-csv"):
        rig.tap(name, "50 fail")
    middle.finish()
    return middle


def test_a_run_that_fails_gives_no_client_a_file(failed: Middle, chain: str) -> None:
    scene = failed.seen[chain]
    assert scene.workbook.is_honest(b"")
    assert scene.text.status in (409, 500)
    assert json.loads(scene.text.body)["status"] == scene.text.status
    assert json.loads(list(scene.events.events())[-1]["data"])["state"] == "failed"


@pytest.fixture(scope="module")
def server_killed(rig: Rig) -> Middle:
    """kill -9 of the server and its workers; then they are started again and the runs end."""
    middle = in_the_middle(rig, "server-killed")
    rig.app.kill()
    middle.finish()
    return _ended(rig, "server-killed", middle, rig.app.start)


@pytest.fixture(scope="module")
def proxies_killed(rig: Rig) -> Middle:
    """The same with the proxies."""
    middle = in_the_middle(rig, "proxies-killed")
    for proxy in rig.proxies:
        proxy.kill()
    middle.finish()

    def start() -> None:
        for proxy in rig.proxies:
            proxy.start()

    return _ended(rig, "proxies-killed", middle, start)


def _ended(rig: Rig, name: str, middle: Middle, start: Callable[[], None]) -> Middle:
    start()
    for kind in ("xlsx", "csv"):
        rig.tap(f"{name}-{kind}", "60 end")
    rig.until_state(middle.workbook, "succeeded")
    rig.until_state(middle.text, "succeeded")
    return middle


def test_a_workbook_that_is_cut_ends_in_an_error_where_the_proxies_pass_it_on(
    failed: Middle, server_killed: Middle, chain: str
) -> None:
    for middle in (failed, server_killed):
        seen = middle.seen[chain].workbook
        assert (seen.status, seen.end == "whole") == (200, not passes_cuts_on(chain))


@pytest.fixture(params=["server_killed", "proxies_killed"])
def middle(request: pytest.FixtureRequest) -> Middle:
    found: Middle = request.getfixturevalue(request.param)
    return found


def test_no_client_is_left_with_a_file_that_seems_whole(rig: Rig, middle: Middle, chain: str) -> None:
    scene = middle.seen[chain]
    assert scene.workbook.is_honest(rig.artifact(middle.workbook))
    assert scene.text.is_honest(csv_of(60))
    assert "done" not in [event.get("event") for event in scene.events.events()]


def test_every_client_can_go_on_where_it_was(rig: Rig, middle: Middle, chain: str) -> None:
    scene, client = middle.seen[chain], rig.at(chain)
    rest = {"Range": f"bytes={len(scene.workbook.body)}-", "If-Range": scene.workbook.headers["etag"]}
    got = client.get(scene.workbook.path, headers=rest)
    assert (got.status_code, scene.workbook.body + got.content) == (206, rig.artifact(middle.workbook))
    assert client.get(scene.text.path).content == csv_of(60)
    last = [event["id"] for event in scene.events.events() if "id" in event][-1]
    after = client.get(scene.events.path, headers={"Last-Event-ID": last}).text
    assert "event: done" in after


@pytest.fixture(scope="module")
def large(rig: Rig) -> tuple[str, int]:
    """The path of a finished file that no socket's buffers hold, and its size."""
    asked = {"params": {"count": 150_000}, "output": {"format": "csv"}}
    run = rig.direct.post("/jobs/large/runs", json=asked).json()["id"]
    return f"/runs/{run}/artifact", rig.until_state(run, "succeeded")["bytes"]


def test_a_finished_file_is_not_spooled_to_the_disk_of_a_proxy(rig: Rig, large: tuple[str, int], chain: str) -> None:
    path, size = large
    log = rig.place / "error.log"
    before = len(log.read_bytes())
    seen = Seen(rig, chain, path, reads=threading.Event()).until_bytes(1)
    time.sleep(0.3)  # in which the proxy could have read on
    seen.reads.set()
    assert len(seen.finish().body) == size
    assert b"buffered to a temporary file" not in log.read_bytes()[before:]


@pytest.fixture(scope="module")
def large_killed(rig: Rig, large: tuple[str, int]) -> dict[str, Seen]:
    """Clients that have read the beginning of it when the server is killed."""
    seen = {chain: Seen(rig, chain, large[0], reads=threading.Event()).until_bytes(1) for chain in CHAINS}
    rig.app.kill()
    for each in seen.values():
        each.reads.set()
        each.finish()
    rig.app.start()
    return seen


def test_a_finished_file_of_a_killed_server_is_known_to_be_too_short(
    large_killed: dict[str, Seen], large: tuple[str, int], chain: str
) -> None:
    seen = large_killed[chain]
    assert (seen.status, seen.headers["content-length"]) == (200, str(large[1]))
    assert (seen.end == "whole") == (len(seen.body) == large[1])
