"""Rows of a report while connections are cut and processes killed: each way to read has every row once in the end."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.readers import WAYS, Reader
from tests.acceptance.server import Server, serving
from tests.browser.proxy import Proxy
from tests.waiting import until

MANY = 20_000
AHEAD = 1_500
"""Rows that are let through before the client that has the fewest: the report grows as long as they read."""
CUT_EVERY = 0.1
"""Seconds."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


@contextmanager
def cut_again_and_again(proxy: Proxy) -> Iterator[list[int]]:
    """No connection lives longer while inside. The list: one item for each cut."""
    over, cuts = threading.Event(), list[int]()

    def cut() -> None:
        while not over.wait(CUT_EVERY):
            proxy.cut()
            cuts.append(1)

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield cuts
    finally:
        over.set()
        thread.join()


class Reading:
    """Clients of one growing report, each in a thread with connections of its own."""

    def __init__(self, server: Server, name: str, url: str) -> None:
        self.server, self.name = server, name
        self.run = server.start_tap(name, str(AHEAD), job="long")["id"]
        self.readers = {way: make(f"{url}/runs/{self.run}/rows") for way, make in WAYS.items()}
        self.connections = dict.fromkeys(self.readers, 0)
        self._threads = [threading.Thread(target=self._read, args=one, daemon=True) for one in self.readers.items()]
        for thread in self._threads:
            thread.start()

    def _read(self, way: str, reader: Reader) -> None:
        with httpx.Client(timeout=5) as client:
            while reader.end is None:
                reader.connect(client)
                self.connections[way] += 1
                time.sleep(0.02)

    @property
    def fewest(self) -> int:
        """Rows of the client that has the fewest."""
        return min(len(reader.rows) for reader in self.readers.values())

    def until(self, rows: int) -> None:
        """All clients have so many rows."""

        def have() -> bool:
            if self.fewest < MANY - AHEAD:
                self.server.tap(self.name, str(self.fewest + AHEAD))
            return self.fewest >= rows

        until(have, f"{rows} rows", 120)

    def finish(self) -> None:
        """Let all rows through, and see every client to its end. Each has every row once."""
        self.until(MANY - AHEAD)
        self.server.tap(self.name, f"{MANY} end")
        for thread in self._threads:
            thread.join(60)
        for way, reader in self.readers.items():
            assert reader.end is not None, way
            assert (way, reader.end["done"], reader.end["rows"]) == (way, True, MANY)
            assert [row[0] for row in reader.rows] == list(range(MANY)), way


def test_a_connection_that_is_cut_ten_times_a_second_loses_and_doubles_nothing(server: Server) -> None:
    proxy = Proxy(server.port)
    try:
        with cut_again_and_again(proxy) as cuts:
            reading = Reading(server, "cut", proxy.url)
            reading.finish()
    finally:
        proxy.close()
    assert len(cuts) >= 5
    assert min(reading.connections.values()) >= 5


def kill_worker(server: Server) -> None:
    for child in psutil.Process(server.process.pid).children():
        child.kill()


def kill_server(server: Server) -> None:
    server.process.kill()
    server.process.wait(10)
    server.start()


def kill_both(server: Server) -> None:
    parent = psutil.Process(server.process.pid)
    for process in [parent, *parent.children()]:
        os.kill(process.pid, signal.SIGKILL)
    server.process.wait(10)
    server.start()


KILLS = (kill_worker, kill_server, kill_both)


@pytest.mark.parametrize("deaths", [6, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_kills_while_rows_are_read_lose_and_double_nothing(server: Server, deaths: int) -> None:
    """Each of the three kinds in turn, at places spread over the report; seeded, so it can be repeated."""
    chance, reading = random.Random(deaths), Reading(server, "killed", server.url)
    for number, place in enumerate(sorted(chance.sample(range(100, MANY - AHEAD), deaths))):
        reading.until(place)
        KILLS[number % 3](server)
    reading.finish()
    history = server.client.get(f"/runs/{reading.run}/history").json()["events"]
    assert sum(event["after"] == "interrupted" for event in history) >= deaths // 3
