"""Liveness: a dead worker is known at once, however it died."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from narrowboat.dispatch.liveness import alive, bury, dead, try_lock

HOLD = """
import sys, pathlib, time
from narrowboat.dispatch.liveness import alive
with alive(pathlib.Path(sys.argv[1]), "w1"):
    print("alive", flush=True)
    time.sleep(60)
"""


def test_a_killed_worker_is_dead_and_a_living_one_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "alive\n"
        assert dead(tmp_path) == []
        worker.kill()
        worker.wait()
        assert dead(tmp_path) == ["w1"]
        bury(tmp_path, ["w1"])
        assert dead(tmp_path) == []


def test_a_worker_that_leaves_in_order_leaves_nothing(tmp_path: Path) -> None:
    with alive(tmp_path, "w2"):
        assert (tmp_path / "w2").exists()
    assert dead(tmp_path) == []


def test_a_worker_that_is_just_born_is_never_taken_for_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flock, found = fcntl.flock, list[str]()

    def looked_at_meanwhile(handle: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        found.extend(dead(tmp_path))
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", looked_at_meanwhile)
    with alive(tmp_path, "w3"):
        assert found == []
        assert dead(tmp_path) == []
        assert os.listdir(tmp_path) == ["w3"]


def test_only_one_can_hold_a_lock(tmp_path: Path) -> None:
    first = try_lock(tmp_path / "lock")
    assert first is not None
    assert try_lock(tmp_path / "lock") is None


def test_a_folder_that_is_not_there_has_no_dead(tmp_path: Path) -> None:
    assert dead(tmp_path / "none") == []


def test_where_files_cannot_be_locked_no_handle_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "no locks on this file system")

    (tmp_path / "w1").touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    before = os.listdir("/proc/self/fd")
    assert dead(tmp_path) == []
    with pytest.raises(OSError, match="no locks"):
        try_lock(tmp_path / "w1")
    assert os.listdir("/proc/self/fd") == before
