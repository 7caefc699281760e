"""kill -9 of a worker that imports: rows in the table are the rows reported, always, wherever the runs are kept."""

from __future__ import annotations

import csv
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from narrowboat import Narrowboat
from narrowboat.data.records import Field
from narrowboat.data.sources.spreadsheet import open_book
from narrowboat.data.targets import table
from narrowboat.kernel.model import Run, State
from tests.crash.conftest import ROOT
from tests.unit.targets.conftest import server
from tests.unit.targets.places import CUSTOMERS, Place, Postgres, Sqlite
from tests.workers import see_through, take_care

__all__ = ["server"]
ROWS, CHUNKS = 1300, 26
NUMBERS = itertools.count()
REJECTED = {
    row: code for start, code in ((40, "required"), (70, "duplicate-in-file")) for row in range(start, ROWS, 100)
}


def make_file(path: Path) -> None:
    """Row n is a customer of its own; some lack a name, some have the phone of row n - 60."""
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["phone", "mark", "name"])
        for row in range(2, ROWS + 2):
            code = REJECTED.get(row)
            phone = row - 60 if code == "duplicate-in-file" else row
            out.writerow([f"+233{phone:07}", f"M{row}", "" if code == "required" else f"Ama {row}"])


class Desk:
    """A shop, a store, a file, and workers that can be told to die."""

    def __init__(self, folder: Path, shop: Place, store: str, **environment: str) -> None:
        self.folder, self.shop = folder, shop
        self.environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "CRASH_PLACE": str(folder), "CRASH_SHOP": shop.url,
            "CRASH_STORE": store, **environment,
        }  # fmt: skip
        self.nb = Narrowboat(store, folder=folder / "files", target="nowhere:nb")
        row = [Field("phone", required=True), Field("mark"), Field("name", required=True)]
        self.nb.importer(
            "customers", row=row, into=table(shop.url, "customers"), unique=["phone", "mark"], block_rows=50,
            opener=open_book, undo="CRASH_UNDO" in environment, mode=environment.get("CRASH_MODE", "create"),
        )  # fmt: skip
        make_file(folder / "customers.csv")

    def start(self) -> Run:
        return self.nb.import_file("customers", self.folder / "customers.csv", again=True).run

    def command(self, run: Run) -> list[str]:
        return [sys.executable, "-m", "tests.crash.import_jobs", run.id]

    def worker(self, run: Run, **environment: str) -> int:
        environment = {**self.environment, **environment}
        done = subprocess.run(self.command(run), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode

    def see_through(self, run: Run) -> Run:
        return see_through(self.nb, run, lambda: self.worker(run))

    def count(self, table: str = "customers") -> int:
        ((number,),) = self.shop.rows(f"select count(*) from {table}")
        return int(number)

    def assert_exact(self, run: Run) -> None:
        """What was reported is what is there, row by row."""
        assert (run.state, run.error) == (State.PARTIAL, None)
        assert run.counters[:5] == (ROWS, ROWS - len(REJECTED), 0, 0, len(REJECTED))
        assert {reject.row: reject.code for reject in self.nb.store.rejects(run.id)} == REJECTED
        assert self.count() == ROWS - len(REJECTED)
        assert run.artifact is not None
        assert run.artifact.manifest["rows"] == len(REJECTED)


@pytest.fixture(params=[
    "sqlite-together", "sqlite-apart",
    pytest.param("postgres-together", marks=pytest.mark.services),
    pytest.param("postgres-apart", marks=pytest.mark.services),
])  # fmt: skip
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    kind, where = request.param.split("-")
    if kind == "sqlite":
        shop: Place = Sqlite(tmp_path / "shop.db")
    else:
        shop = Postgres(request.getfixturevalue("server"), f"crash_{next(NUMBERS)}")
        with psycopg.connect(shop.server, autocommit=True) as connection:
            connection.execute("drop schema if exists narrowboat cascade")
            connection.execute(f"create schema {shop.schema}".encode())
    shop.run(CUSTOMERS)
    desk = Desk(tmp_path, shop, shop.url if where == "together" else f"sqlite:///{tmp_path}/runs.db")
    with closing(desk.nb.store):
        yield desk


MOMENTS = [
    "claimed:1", "written:1", "written:2", "written:17", f"written:{CHUNKS}", "target:1", "target:2", "target:17",
    "committed:1", "committed:2", f"committed:{CHUNKS}", "published:1",
]  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_once_at_a_moment_and_taken_over(desk: Desk, moment: str) -> None:
    run = desk.start()
    assert desk.worker(run, CRASH_AT=moment) == -signal.SIGKILL
    seen = desk.nb.store.get(run.id).counters
    assert 0 <= desk.count() - seen.created <= 50, "at most the one chunk that only its receipt tells of"
    desk.assert_exact(desk.see_through(run))


def test_killed_at_every_third_commit_again_and_again(desk: Desk) -> None:
    run, deaths = desk.start(), 0
    while desk.worker(run, CRASH_AT="target:3") == -signal.SIGKILL:
        deaths += 1
        take_care(desk.nb)
    assert deaths >= 8
    desk.assert_exact(desk.nb.store.get(run.id))


@pytest.mark.parametrize("moments", [5, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_killed_at_random_moments(desk: Desk, moments: int) -> None:
    """Five for each of the four places: twenty in all."""
    chance, run = random.Random(moments), desk.start()
    for _ in range(moments):
        environment = {**desk.environment, "CRASH_SLOW": "1"}
        with subprocess.Popen(desk.command(run), env=environment, cwd=ROOT) as process:
            time.sleep(chance.uniform(0.2, 0.9))
            process.kill()
        take_care(desk.nb)
    desk.assert_exact(desk.see_through(run))


@pytest.mark.parametrize("moment", ["written:3", "target:3", "committed:3"])
def test_taking_back_survives_too(tmp_path: Path, moment: str) -> None:
    shop = Sqlite(tmp_path / "shop.db")
    shop.run(CUSTOMERS)
    desk = Desk(tmp_path, shop, f"sqlite:///{tmp_path}/runs.db", CRASH_UNDO="1")
    with closing(desk.nb.store):
        ended = desk.see_through(desk.start())
        undone = desk.nb.undo(ended).run
        assert desk.worker(undone, CRASH_AT=moment) == -signal.SIGKILL
        undone = desk.see_through(undone)
        assert (undone.state, undone.counters.created) == (State.SUCCEEDED, ROWS - len(REJECTED))
        assert (desk.count(), desk.count("narrowboat_images")) == (0, 0)
