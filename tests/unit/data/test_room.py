"""Room: what the files of runs take is measured on the disk, and seldom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from narrowboat.data.room import Room
from narrowboat.errors import BadConfiguration, StorageFull


def write(folder: Path, run: str, size: int) -> None:
    (folder / run).mkdir(parents=True, exist_ok=True)
    (folder / run / "1.part").write_bytes(os.urandom(size))


def test_files_of_all_runs_count_finished_or_not(tmp_path: Path) -> None:
    assert Room().used(tmp_path / "runs") == 0, "before the first run there is no folder"
    for run in ("a", "b"):
        write(tmp_path / "runs", run, 100_000)
    assert 200_000 <= Room().used(tmp_path / "runs") < 220_000


def test_a_measured_size_holds_for_a_while(tmp_path: Path) -> None:
    room = Room(at_most_every=3600.0)
    write(tmp_path, "a", 100_000)
    before = room.used(tmp_path)
    write(tmp_path, "b", 100_000)
    assert room.used(tmp_path) == before


def test_the_quota_is_full_when_it_is_reached(tmp_path: Path) -> None:
    write(tmp_path, "a", 1_000_000)
    Room(1_500_000).check(tmp_path)
    write(tmp_path, "b", 1_000_000)
    with pytest.raises(StorageFull, match=r"take 2\.0 MB, and they may take 1\.5 MB \(quota\)"):
        Room(1_500_000).check(tmp_path)


def test_what_must_stay_free_is_asked_of_the_disk_where_the_folder_will_be(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    Room(keep_free=0).check(folder)
    with pytest.raises(StorageFull, match="must stay free"):
        Room(keep_free=1 << 60).check(folder)


@pytest.mark.parametrize(("quota", "keep_free"), [(0, 0), (-1, 0), (None, -1)])
def test_limits_that_make_no_sense_are_refused(quota: int | None, keep_free: int) -> None:
    with pytest.raises(BadConfiguration):
        Room(quota, keep_free)
