"""Runs with each sink: the same promises, whoever keeps the file."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from narrowboat import Narrowboat
from narrowboat.data.sinks import Folder
from narrowboat.dispatch.liveness import dead
from narrowboat.errors import StorageFull
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Request, Run, State
from narrowboat.testing import run_inline
from narrowboat.web.access import User
from tests.sinks.test_s3 import COMPLETE, PUT_PART
from tests.sinks.weed import BUCKET, Weed
from tests.sinks.wire import Wire
from tests.waiting import until
from tests.workers import loaded, see_through

pytestmark = pytest.mark.services
ROOT = Path(__file__).parents[2]
CSV = Output(format="csv")
SMALL = "Größe und リード"
Answer = TypeVar("Answer")


class Place:
    """A folder with the jobs on a sink. port: of S3, or none."""

    def __init__(self, folder: Path, port: str) -> None:
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "SINKS_PLACE": str(folder), "SINKS_PORT": port}
        self.nb = loaded(ROOT / "tests/sinks/jobs.py", self.environment)
        self._workers: list[subprocess.Popen[bytes]] = []

    def start(self, name: str = SMALL) -> Run:
        return self.nb.start(name, output=CSV, owner="ann").run

    def ended(self, name: str = SMALL) -> Run:
        return run_inline(self.nb, self.start(name).id)

    def worker(self, run: Run) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.sinks.work", run.id]
        self._workers.append(subprocess.Popen(command, env=self.environment, cwd=ROOT))
        return self._workers[-1]

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self.nb.store.close()

    def see_through(self, run: Run) -> Run:
        """Worker after worker until it has ended."""
        return see_through(self.nb, run, lambda: self.worker(run).wait(60))

    def file(self, run: Run) -> Path:
        assert run.artifact is not None
        return self.nb.run_folder(run.id) / run.artifact.path

    def ask(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """What the application answers."""

        return self.talk(lambda client: client.request(method, path, headers=headers))

    def talk(self, with_client: Callable[[httpx.AsyncClient], Awaitable[Answer]]) -> Answer:
        """Several requests of one person to one process."""

        async def talking() -> Answer:
            app = self.nb.asgi(user=lambda request: User("ann", sees_all=True))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
                return await with_client(client)

        return asyncio.run(talking())

    def download(self, run: Run, **headers: str) -> httpx.Response:
        """What a person's client gets, wherever it is sent."""
        answer = self.ask(f"/runs/{run.id}/artifact", **headers)
        return httpx.get(answer.headers["Location"], headers=headers) if answer.status_code == 302 else answer


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    port = str(request.getfixturevalue("wire").port) if request.param == "s3" else ""
    place = Place(tmp_path, port)
    with closing(place):
        yield place


@pytest.fixture
def bucketed(tmp_path: Path, wire: Wire) -> Iterator[Place]:
    """With S3 alone."""
    place = Place(tmp_path, str(wire.port))
    with closing(place):
        yield place


def sink(place: Place) -> Any:
    """To change its settings under way."""
    return place.nb.sink


@pytest.mark.parametrize("name", [SMALL, "large"])
def test_what_is_downloaded_is_what_was_made(place: Place, name: str) -> None:
    run = place.ended(name)
    assert run.state is State.SUCCEEDED, run.error
    assert run.artifact is not None
    for redirect in (False, True):
        sink(place).redirect = redirect
        got = place.download(run)
        assert got.status_code == 200
        assert sha256(got.content).hexdigest() == run.artifact.sha256
        assert len(got.content) == run.artifact.bytes
        assert got.headers["content-type"].startswith("text/csv")
    assert "filename=" in got.headers["content-disposition"]
    assert place.download(run, Range="bytes=3-9").content == got.content[3:10]


def test_a_file_that_is_nowhere_is_said_to_be_gone(place: Place) -> None:
    run = place.ended()
    place.file(run).unlink()
    if run.artifact and run.artifact.copy:
        place.nb.sink.remove(run.artifact.copy)
        assert place.download(run).status_code == 404
    else:
        assert place.download(run).json()["code"] == "no-artifact"


def test_the_purge_leaves_nothing_anywhere(place: Place, weed: Weed) -> None:
    run = place.ended()
    place.nb.retention = -1.0
    assert place.nb.purge() == 1
    assert not place.nb.run_folder(run.id).exists()
    assert place.nb.store.versions([run.id]) == {}
    assert not weed.keys(f"runs/{run.id}")


def test_nothing_starts_where_the_quota_is_reached(place: Place) -> None:
    """The file of 44 MB takes 44 MB of it."""
    place.ended("large")
    sink(place).room = Folder(quota=40_000_000).room
    with pytest.raises(StorageFull, match=r"take 4\d\.\d MB, and they may take 40\.0 MB \(quota\)"):
        place.start()
    refused = place.ask("/exports/large.csv")
    assert (refused.status_code, refused.json()["code"]) == (507, "storage-full")
    assert "40.0 MB (quota)" in refused.json()["detail"]
    sink(place).room = Folder(quota=50_000_000).room
    assert place.ended().state is State.SUCCEEDED


def test_a_run_under_way_stops_at_the_quota_and_goes_on(place: Place) -> None:
    run = place.start("large")
    sink(place).room = Folder(quota=10_000_000).room
    sink(place).room._at_most_every = 0.0
    stopped = run_inline(place.nb, run.id)
    assert (stopped.state, stopped.error_code) == (State.FAILED, "storage-full")
    assert 10_000_000 < place.nb.sink.room.used(place.nb.folder / "runs") < 40_000_000
    sink(place).room = Folder().room
    place.nb.ask(run.id, Request.RESUME)
    assert run_inline(place.nb, run.id).counters.rows == 11_000


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_nothing_starts_on_a_disk_that_is_nearly_full(place: Place) -> None:
    disk = place.nb.folder
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=70m", "tmpfs", disk]).returncode:
        pytest.skip("this machine does not let us mount")
    try:
        assert place.ended().state is State.SUCCEEDED
        (disk / "hog").write_bytes(bytes(20_000_000))
        with pytest.raises(StorageFull, match=r"Only \d\d\.\d MB of the disk .* 64\.0 MB must stay free"):
            place.start()
        (disk / "hog").unlink()
        assert place.ended().state is State.SUCCEEDED
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


KILLS = [
    (r"^HEAD ", False, 6),
    (f"{PUT_PART}1\\b", False, 6),
    (f"{PUT_PART}4\\b", True, 2),
    (COMPLETE, False, 0),
    (COMPLETE, True, 0),
]


@pytest.mark.parametrize(("held", "answer_alone", "left"), KILLS)
def test_a_worker_killed_while_it_sends_and_another_goes_on(
    bucketed: Place, wire: Wire, weed: Weed, held: str, answer_alone: bool, left: int
) -> None:
    run = bucketed.start("large")
    wire.hold(held, answer=answer_alone)
    worker = bucketed.worker(run)
    assert wire.held.wait(30), "that request never came"
    worker.kill()
    worker.wait()
    wire.release()
    wire.forget()
    ended = bucketed.see_through(run)
    assert (ended.state, ended.counters.rows, ended.error) == (State.SUCCEEDED, 11_000, None)
    assert wire.count(PUT_PART) == left
    assert ended.artifact is not None
    assert ended.artifact.copy == {"sink": "s3", "bucket": BUCKET, "key": f"runs/{run.id}/large.csv"}
    assert weed.read(f"runs/{run.id}/large.csv") == bucketed.file(ended).read_bytes()
    assert not weed.uploads(f"runs/{run.id}")


def test_a_store_that_is_away_for_a_while_costs_a_wait_and_no_work(bucketed: Place, wire: Wire, weed: Weed) -> None:
    run = bucketed.start("large")
    wire.cut()
    bucketed.worker(run).wait(60)
    waiting = bucketed.nb.store.get(run.id)
    assert (waiting.state, waiting.error_code, waiting.tries) == (State.QUEUED, "sink-unavailable", 1)
    wire.mend()
    ended = bucketed.see_through(run)
    assert (ended.state, ended.error, ended.seq) == (State.SUCCEEDED, None, waiting.seq)
    assert weed.keys(f"runs/{run.id}")


def test_a_refused_file_is_sent_alone_after_the_repair(
    bucketed: Place, weed: Weed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink(bucketed)._bucket = "no-such-bucket"
    failed = bucketed.ended()
    assert (failed.state, failed.error_code) == (State.FAILED, "sink-failed")
    assert "There is no such bucket: make it" in (failed.error or "")
    sink(bucketed)._bucket = BUCKET
    bucketed.nb.ask(failed.id, Request.RESUME)
    ended = run_inline(bucketed.nb, failed.id)
    assert (ended.state, ended.seq) == (State.SUCCEEDED, failed.seq)
    assert weed.keys(f"runs/{failed.id}")


def test_people_are_not_told_where_files_are_kept(bucketed: Place) -> None:
    run = bucketed.ended()
    for path in (f"/runs/{run.id}", f"/runs/{run.id}/manifest"):
        assert BUCKET not in bucketed.ask(path).text


def test_local_files_go_when_the_sink_wants_them_no_longer(bucketed: Place) -> None:
    run, failed = bucketed.ended(), bucketed.start()
    bucketed.nb.ask(failed.id, Request.CANCEL)
    bucketed.nb.run_folder(failed.id).mkdir()
    sink(bucketed).keep_local = 3600.0
    bucketed.nb.purge()
    assert bucketed.file(run).exists()
    sink(bucketed).keep_local = -1.0
    bucketed.nb.purge()
    assert not bucketed.nb.run_folder(run.id).exists()
    assert bucketed.nb.run_folder(failed.id).exists(), "that one is nowhere else"
    assert bucketed.download(run).status_code == 200
    head = bucketed.ask(f"/runs/{run.id}/artifact", "HEAD")
    assert run.artifact is not None
    assert (head.status_code, head.headers["content-length"]) == (200, str(run.artifact.bytes))
    known = bucketed.ask(f"/runs/{run.id}/artifact", **{"If-None-Match": head.headers["etag"]})
    assert known.status_code == 304


def test_a_download_from_the_bucket_is_noted_once_in_the_audit_log(bucketed: Place) -> None:
    run = bucketed.ended()
    sink(bucketed).redirect = True
    path, found = f"/runs/{run.id}/artifact", f"/audit?about={run.id}&action=download"

    async def asked(client: httpx.AsyncClient) -> list[Any]:
        for part in ("bytes=0-9", "bytes=10-19"):
            assert (await client.get(path, headers={"Range": part})).status_code == 302
        end = time.monotonic() + 20
        while not (entries := (await client.get(found)).json()["entries"]):
            assert time.monotonic() < end, "it was not noted"
        return list(entries)

    assert [entry["by"] for entry in bucketed.talk(asked)] == ["ann"]


def test_a_signed_address_is_no_ones_secret_for_long(bucketed: Place) -> None:
    run = bucketed.ended()
    sink(bucketed).redirect, sink(bucketed)._link_seconds = True, 1
    answer = bucketed.ask(f"/runs/{run.id}/artifact")
    assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
    until(lambda: httpx.get(answer.headers["Location"]).status_code == 403, "the address to expire")


def test_no_run_is_forgotten_before_its_object_is_gone(bucketed: Place, wire: Wire, weed: Weed) -> None:
    runs = [bucketed.ended() for _ in range(2)]
    bucketed.nb.retention = -1.0
    wire.cut()
    assert bucketed.nb.purge() == 0
    assert set(bucketed.nb.store.versions([run.id for run in runs])) == {run.id for run in runs}
    wire.mend()
    assert bucketed.nb.purge() == 2
    assert not any(weed.keys(f"runs/{run.id}") for run in runs)


def test_an_object_that_cannot_be_removed_is_noted_and_keeps_no_other(
    bucketed: Place, weed: Weed, caplog: pytest.LogCaptureFixture
) -> None:
    """As after the bucket was left: this sink knows nothing of the copy."""
    stuck = bucketed.ended()
    left = Narrowboat(bucketed.nb.url, folder=bucketed.nb.folder, retention=-1.0)
    with closing(left.store):
        assert left.purge() == 0
        assert f"runs/{stuck.id}" in caplog.text
        assert left.store.get(stuck.id).state is State.SUCCEEDED
        other = bucketed.start()
        bucketed.nb.ask(other.id, Request.CANCEL)
        assert left.purge(limit=1) == 1
        assert caplog.text.count(stuck.id) == 2, "noted once, with its id and its key"
    bucketed.nb.retention = -1.0
    assert bucketed.nb.purge() == 1
    assert not weed.keys(f"runs/{stuck.id}")


def test_the_purge_gives_up_what_was_never_sent_to_the_end(bucketed: Place, wire: Wire, weed: Weed) -> None:
    run = bucketed.start("large")
    wire.hold(f"{PUT_PART}3\\b")
    worker = bucketed.worker(run)
    assert wire.held.wait(30)
    worker.kill()
    worker.wait()
    wire.release()
    gone = dead(bucketed.nb.folder / "workers")
    bucketed.nb.store.reconcile(gone, barren_limit=1000)
    bucketed.nb.ask(run.id, Request.CANCEL)
    assert weed.parts(f"runs/{run.id}/") == [1, 2]
    bucketed.nb.retention = -1.0
    assert bucketed.nb.purge() == 1
    assert not weed.uploads(f"runs/{run.id}/")
