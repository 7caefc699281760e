"""A disk that is full: the run fails with a sentence, keeps what it committed, and goes on once there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat.kernel.model import Request, State
from narrowboat.testing import run_inline
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
