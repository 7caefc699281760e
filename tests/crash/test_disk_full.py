"""A disk that is full: the run fails with a sentence, keeps what it committed, and goes on once there is room."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request as HttpRequest

from narrowboat.errors import StorageFull
from narrowboat.jobs.seen import Seen
from narrowboat.kernel.model import Request, State
from narrowboat.stores import open_database
from narrowboat.stores.uploads import SqlUploads
from narrowboat.testing import run_inline
from narrowboat.uploads import Upload, UploadLimits, Uploads
from narrowboat.web.threads import Threads
from narrowboat.web.tus import Checksum
from narrowboat.web.uploading import Receiving
from tests.acceptance.server import serving
from tests.crash.conftest import Place

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


class Disk:
    """A file system of its own, of a size that can be changed."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.usable = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]).returncode == 0

    def resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk", request.param)
    if not disk.usable:
        pytest.skip("this machine does not let us mount")
    yield disk
    disk.unmount()


@pytest.mark.parametrize("disk", ["48k"], indirect=True)
def test_no_room_for_the_artifact(
    tmp_path: Path, leads: Path, undisturbed: dict[str, bytes], disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crm.db").symlink_to(leads)
    (tmp_path / "files").symlink_to(disk.folder)
    place = Place(tmp_path)
    with closing(place.nb.store):
        failed = run_inline(place.nb, place.start("csv").id)
        assert (failed.state, failed.error_code) == (State.FAILED, "storage-full")
        assert "Free some space, then resume" in (failed.error or "")
        assert 0 < failed.counters.rows < 2600, "what was committed is kept"
        disk.resize("2m")
        place.nb.ask(failed.id, Request.RESUME)
        ended = run_inline(place.nb, failed.id)
        assert (ended.state, ended.counters.rows) == (State.SUCCEEDED, 2600)
        assert place.file(ended) == undisturbed["csv"]


@pytest.mark.parametrize("disk", ["400k"], indirect=True)
def test_no_room_for_the_store_either(leads: Path, undisturbed: dict[str, bytes], disk: Disk) -> None:
    """Everything on one full disk, so that not even the failure can be written down: the lease ends, and it goes on."""
    (disk.folder / "crm.db").symlink_to(leads)
    place = Place(disk.folder)
    with closing(place.nb.store):
        run = place.start("csv")
        hog = disk.folder / "hog"
        free = os.statvfs(disk.folder).f_bavail * os.statvfs(disk.folder).f_frsize
        hog.write_bytes(b"x" * (free - 40_000))
        place.worker(run)
        assert not place.nb.store.get(run.id).ended or place.nb.store.get(run.id).error_code == "storage-full"
        hog.unlink()
        disk.resize("4m")
        if place.nb.store.get(run.id).ended:
            place.nb.ask(run.id, Request.RESUME)
        ended = place.see_through(run)
        assert (ended.state, ended.counters.rows) == (State.SUCCEEDED, 2600)
        assert place.file(ended) == undisturbed["csv"]


@pytest.mark.parametrize("disk", ["64m"], indirect=True)
def test_no_room_for_an_upload(tmp_path: Path, disk: Disk) -> None:
    """64 MB stay free of files, so that the server goes on; what came before is kept, and goes on too."""
    data = os.urandom(4_000_000)
    (tmp_path / "runs.files").symlink_to(disk.folder)
    with serving(tmp_path, SERVED_WORKERS="0") as server:
        place = server.client.post("/uploads", headers={"Upload-Length": str(len(data))}).headers["location"]

        def send(at: int) -> httpx.Response:
            headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
            return server.client.patch(place, content=data[at : at + 524_288], headers=headers)

        at = 0
        while (sent := send(at)).status_code == 204:
            at = int(sent.headers["upload-offset"])
        assert (sent.status_code, sent.json()["code"]) == (507, "storage-full")
        assert 0 < at < len(data)
        assert server.client.post("/uploads", headers={"Upload-Length": "5"}).status_code == 507
        disk.resize("80m")
        assert int(server.client.head(place).headers["upload-offset"]) == at
        while at < len(data):
            at = int(send(at).headers["upload-offset"])
        assert server.client.get(place).json()["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("disk", ["66m"], indirect=True)
@pytest.mark.parametrize("where", ["files", "temporary files"])
def test_no_room_for_a_chunk_with_a_checksum(tmp_path: Path, disk: Disk, where: str) -> None:
    """All of it is put aside before it counts; that is done where the files are, and nowhere else."""
    data = os.urandom(8_000_000)
    aside = tmp_path / "aside"
    aside.symlink_to(disk.folder)
    if where == "files":
        (tmp_path / "runs.files").symlink_to(disk.folder)
    else:
        (disk.folder / "hog").write_bytes(b"x" * 65_000_000)
    with serving(tmp_path, SERVED_WORKERS="0", TMPDIR=str(aside)) as server:
        place = server.client.post("/uploads", headers={"Upload-Length": str(len(data))}).headers["location"]

        def send(at: int, chunk: bytes) -> httpx.Response:
            told = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
            headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
            return server.client.patch(place, content=chunk, headers={**headers, "Upload-Checksum": f"sha256 {told}"})

        assert send(0, data[:600_000]).status_code == 204
        sent = send(600_000, data[600_000:])
        if where == "files":
            assert (sent.status_code, sent.json()["code"]) == (507, "storage-full")
            assert int(server.client.head(place).headers["upload-offset"]) == 600_000
            assert [len(file.read_bytes()) for file in (disk.folder / "uploads").iterdir()] == [600_000]
            disk.resize("90m")
            sent = send(600_000, data[600_000:])
        assert sent.status_code == 204
        assert server.client.get(place).json()["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("disk", ["1m"], indirect=True)
def test_a_disk_that_ends_while_a_chunk_is_put_aside(tmp_path: Path, disk: Disk) -> None:
    """Somebody else may take the room that was just there."""
    data, database = os.urandom(2_000_000), open_database(f"sqlite:///{tmp_path / 'runs.db'}")
    with closing(database):
        database.migrate()
        uploads = made_of(database, disk)
        upload = uploads.append(uploads.create("ann", "a.bin", len(data)), 0, data[:100_000])
        rest = data[100_000:]

        async def send() -> Upload:
            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": rest}

            checksum = Checksum("sha256", hashlib.sha256(rest).digest())
            request = HttpRequest({"type": "http", "method": "PATCH", "headers": []}, receive)
            return await Receiving(uploads, Threads(1)).append(upload, 100_000, request, checksum)

        with pytest.raises(StorageFull, match="Free some space, then resume"):
            asyncio.run(send())
        assert [file.stat().st_size for file in (disk.folder / "uploads").iterdir()] == [100_000]
        disk.resize("8m")
        assert asyncio.run(send()).sha256 == hashlib.sha256(data).hexdigest()


def made_of(database: Any, disk: Disk) -> Uploads:
    """Uploads on this disk, which nobody looks at before."""
    return Uploads(
        SqlUploads(database), disk.folder / "uploads", UploadLimits(), check=lambda: None, note=lambda *_, **__: None
    )


@pytest.mark.parametrize("disk", ["200k"], indirect=True)
def test_no_room_for_what_an_import_has_seen(disk: Disk) -> None:
    seen = Seen(disk.folder / "run", 1, [])

    def see(keys: int) -> None:
        for start in range(0, keys, 1000):
            seen.add({f"a key of some length {n:06}": n for n in range(start, start + 1000)})

    with pytest.raises(StorageFull, match="Free some space, then resume"):
        see(200_000)
    seen.close()


@pytest.mark.parametrize("disk", ["1m"], indirect=True)
def test_a_disk_that_ends_within_a_chunk_loses_nothing_that_was_told_to_be_here(tmp_path: Path, disk: Disk) -> None:
    data = os.urandom(2_000_000)
    database = open_database(f"sqlite:///{tmp_path / 'runs.db'}")
    with closing(database):
        database.migrate()
        uploads = made_of(database, disk)
        upload = uploads.append(uploads.create("ann", "a.bin", len(data)), 0, data[:800_000])
        with pytest.raises(StorageFull, match="Free some space, then resume"):
            uploads.append(upload, 800_000, data[800_000:1_500_000])
        disk.resize("4m")
        assert uploads.find(upload.id, "ann").received == 800_000
        upload = uploads.append(upload, 800_000, data[800_000:])
        assert uploads.path(upload).read_bytes() == data
        assert upload.sha256 == hashlib.sha256(data).hexdigest()
