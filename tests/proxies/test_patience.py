"""What lasts longer than every time-out of the proxies: work, silence, and waiting for the first row."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

import pytest

from tests.proxies.files import PAUSE, csv_of
from tests.proxies.rig import CADDY_WAITS, CHAINS, NGINX_WAITS, Rig
from tests.proxies.seen import Seen

LONGEST = NGINX_WAITS + CADDY_WAITS
BLOCKS = int(LONGEST / PAUSE)
"""Of `steady`."""


class Scene(NamedTuple):
    """What clients saw through one chain while all of it happened, at once with the other chains."""

    text: Seen
    workbook: Seen
    events: Seen
    silent: Seen
    late: Seen
    rows: Seen


class Files(NamedTuple):
    """The finished workbooks."""

    steady: bytes
    silent: bytes
    late: bytes


@pytest.fixture(scope="module")
def scenes(rig: Rig) -> tuple[dict[str, Scene], Files]:
    """All chains at once, so that their waiting takes the time of one."""
    silent = rig.start_tap("silent", "50", "xlsx")
    rig.tap("late", "0")
    report = rig.start_tap("silent-rows", "50", job="seen")
    rig.until_rows(silent, 50)
    workbook = f"/exports/steady.xlsx?name=workbook&blocks={BLOCKS}"
    begun = {"caddy": Seen(rig, "caddy", workbook).until_bytes(1)}
    path = begun["caddy"].headers["content-location"].removesuffix("/artifact")
    assert rig.direct.get(path).json()["state"] == "running"  # so the first bytes came while the work went on
    seen = {
        chain: Scene(
            text=Seen(rig, chain, f"/exports/steady.csv?name=text&blocks={BLOCKS}"),
            workbook=begun.get(chain) or Seen(rig, chain, workbook),
            events=Seen(rig, chain, f"/runs/{silent}/events"),
            silent=Seen(rig, chain, f"/runs/{silent}/artifact"),
            late=Seen(rig, chain, "/exports/tap.xlsx?name=late"),
            rows=Seen(rig, chain, f"/runs/{report}/rows", accept="application/x-ndjson"),
        )
        for chain in CHAINS
    }
    for scene in seen.values():
        scene.workbook.until_bytes(1)
        scene.silent.until_bytes(1)
    time.sleep(LONGEST)
    rig.tap("silent", "60 end")
    rig.tap("silent-rows", "60 end")
    rig.tap("late", "10 end")
    for scene in seen.values():
        for each in scene:
            each.finish()
    late = rig.direct.get("/exports/tap.xlsx?name=late").content
    return seen, Files(rig.direct.get(f"{path}/artifact").content, rig.artifact(silent), late)


def test_a_workbook_whose_work_outlasts_every_time_out_arrives_whole(
    scenes: tuple[dict[str, Scene], Files], chain: str
) -> None:
    seen, files = scenes[0][chain].workbook, scenes[1]
    assert (seen.status, seen.end, seen.body == files.steady) == (200, "whole", True)


def test_so_does_a_text_file(scenes: tuple[dict[str, Scene], Files], chain: str) -> None:
    seen = scenes[0][chain].text
    assert (seen.status, seen.end, seen.body) == (200, "whole", csv_of(10 * BLOCKS))


def test_events_outlast_every_time_out_by_their_comments(scenes: tuple[dict[str, Scene], Files], chain: str) -> None:
    seen = scenes[0][chain].events
    events = list(seen.events())
    assert (seen.end, events[-1]["event"]) == ("whole", "done")
    assert json.loads(events[-1]["data"])["state"] == "succeeded"
    assert {"": ""} in events


def test_so_do_the_rows_of_a_report_by_their_empty_lines(scenes: tuple[dict[str, Scene], Files], chain: str) -> None:
    seen = scenes[0][chain].rows
    _, *told, end = (json.loads(line) for line in seen.body.splitlines() if line)
    assert [row[0] for row in told] == list(range(60))
    assert (seen.end, end["done"], end["rows"]) == ("whole", True, 60)
    assert b"\n\n" in seen.body


def test_a_workbook_that_stays_silent_is_cut_by_nginx_and_can_be_resumed(
    rig: Rig, scenes: tuple[dict[str, Scene], Files], chain: str
) -> None:
    seen, whole = scenes[0][chain].silent, scenes[1].silent
    assert (seen.body == whole) == ("nginx" not in chain)
    assert seen.is_honest(whole)
    path, rest = seen.path, {"Range": f"bytes={len(seen.body)}-", "If-Range": seen.headers["etag"]}
    if seen.body != whole:
        assert seen.body + rig.at(chain).get(path, headers=rest).content == whole


def test_a_workbook_whose_first_row_is_late_arrives_whole(scenes: tuple[dict[str, Scene], Files], chain: str) -> None:
    assert scenes[0][chain].late.body == scenes[1].late
