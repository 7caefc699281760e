"""The whole server in a small box: a control group with the memory and the CPU of a small server."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from benchmarks.box import MB, WAYS, Client, Way, boxed, watching
from benchmarks.group import Group, unavailable

pytestmark = [
    pytest.mark.box,
    pytest.mark.skipif(unavailable() is not None, reason=f"no box here: {unavailable()}"),
]
SMALL_SERVER, HALF = 256, 0.5
TIGHT = 96
ALL = 33_407


@pytest.fixture(scope="module")
def small_server() -> Iterator[tuple[Client, Group]]:
    with boxed(ALL, SMALL_SERVER, HALF) as box:
        yield box


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize("rows", [1, 50, 100, 1_000, 5_000, 10_000])
def test_a_page_of_any_size_arrives_whole(small_server: tuple[Client, Group], way: Way, rows: int) -> None:
    client, group = small_server
    assert client.export(way, rows).whole(rows)
    assert group.kills() == 0


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_all_rows_arrive_in_one_file_ten_times_in_a_row(small_server: tuple[Client, Group], way: Way) -> None:
    client, group = small_server
    assert all(client.export(way, None).whole(ALL) for _ in range(10))
    assert group.kills() == 0


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_five_exports_at_once_all_arrive_whole(small_server: tuple[Client, Group], way: Way) -> None:
    client, group = small_server
    assert [download.whole(ALL) for download in client.at_once(way, 5)] == [True] * 5
    assert group.kills() == 0


def test_memory_stays_far_below_the_limit(small_server: tuple[Client, Group]) -> None:
    client, group = small_server
    with watching(group) as peak:
        assert client.export(WAYS["GET"], None).whole(ALL)
    assert 0 < peak.most.own < SMALL_SERVER * MB / 2


def test_memory_does_not_grow_with_the_rows() -> None:
    with boxed(200_000, SMALL_SERVER, HALF) as (client, group):
        with watching(group) as few:
            assert client.export(WAYS["GET"], 20_000).whole(20_000)
        with watching(group) as many:
            assert client.export(WAYS["GET"], None).whole(200_000)
    assert many.most.own - few.most.own < 8 * MB


def test_all_rows_arrive_from_a_box_of_96_mb() -> None:
    with boxed(ALL, TIGHT, HALF) as (client, group):
        assert client.export(WAYS["GET"], None).whole(ALL)
        assert group.kills() == 0
        assert group.peak() <= TIGHT * MB


def test_the_box_kills_what_needs_more_than_it_has() -> None:
    with Group("narrowboat-greedy", memory=32 * MB) as group:
        greedy = group.start([sys.executable, "-c", f"print(len(bytearray({64 * MB})))"])
        assert greedy.wait() == -9
        assert group.kills() == 1
