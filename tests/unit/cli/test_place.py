"""The place of an export: its hidden folder, and what is left beside the output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from narrowboat.cli.place import Place
from narrowboat.errors import BadConfiguration, BadParameter

HOLD = """
import pathlib, sys
from narrowboat.cli.place import Place
with Place(pathlib.Path(sys.argv[1]), "xlsx").held():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("target", "extension", "partial"),
    [
        ("leads.xlsx", "xlsx", "leads.partial.xlsx"),
        ("a.b/leads.2026.csv.gz", "csv.gz", "a.b/leads.2026.partial.csv.gz"),
        ("LEADS.XLSX", "xlsx", "LEADS.partial.XLSX"),
        ("leads.txt", "csv", "leads.partial.txt"),
        ("leads", "csv", "leads.partial"),
    ],
)
def test_what_there_is_of_a_file_has_a_name_that_says_so(target: str, extension: str, partial: str) -> None:
    assert Place(Path(target), extension).partial == Path(partial)


def test_a_place_where_nothing_was_begun_leaves_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path / "leads.xlsx", "xlsx")
    with place.held():
        assert place.folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_only_one_process_writes_a_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "leads.xlsx")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(BadParameter, match="Another process works on"),
            Place(tmp_path / "leads.xlsx", "xlsx").held(),
        ):
            pytest.fail("two hold the same place")
        other.communicate()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="is a folder"), Place(tmp_path, "xlsx").held():
        pytest.fail("held a folder")


def test_a_device_is_not_replaced_by_a_file() -> None:
    with pytest.raises(BadParameter, match="is a device or a pipe"), Place(Path("/dev/null"), "csv").held():
        pytest.fail("held a device")


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="File name too long"), Place(tmp_path / ("a" * 300), "csv").held():
        pytest.fail("held a place without a name")


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="There is no folder"), Place(tmp_path / "no" / "a.xlsx", "xlsx").held():
        pytest.fail("held a place in a folder that is not there")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a folder that nobody can write to: /proc")
def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    with pytest.raises(BadConfiguration, match="Cannot write beside /proc/self"):
        with Place(Path("/proc/self/a.xlsx"), "xlsx").held():
            pytest.fail("held a place in /proc")


def test_a_delivered_file_has_the_rights_that_files_have_here(tmp_path: Path) -> None:
    place = Place(tmp_path / "leads.xlsx", "xlsx")
    mask = os.umask(0o027)
    try:
        with place.held():
            made = place.folder / "made"
            made.write_bytes(b"rows")
            made.chmod(0o600)
            place.deliver(made, manifest=False)
    finally:
        os.umask(mask)
    assert place.target.read_bytes() == b"rows"
    assert place.target.stat().st_mode & 0o777 == 0o640


def test_the_whole_file_takes_the_place_of_the_partial_one(tmp_path: Path) -> None:
    place = Place(tmp_path / "leads.csv", "csv")
    with place.held():
        place.keep_partial([b"half ", b"of it"])
        assert place.partial.read_bytes() == b"half of it"
        (place.folder / "made").write_bytes(b"all of it")
        place.deliver(place.folder / "made", manifest=False)
        place.finished = True
    assert [path.name for path in tmp_path.iterdir()] == ["leads.csv"]


def test_a_file_that_is_only_called_partial_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path / "leads.csv", "csv")
    place.partial.write_bytes(b"somebody's")
    with place.held():
        (place.folder / "made").write_bytes(b"all of it")
        place.deliver(place.folder / "made", manifest=False)
    assert place.partial.read_bytes() == b"somebody's"


def test_a_delivery_that_was_killed_half_way_is_finished(tmp_path: Path) -> None:
    place = Place(tmp_path / "leads.csv", "csv")
    with place.held():
        (place.folder / "made").write_bytes(b"all of it")
        place.manifest.write_text("{}")
        place.deliver(place.folder / "made", manifest=True)
    assert (place.target.read_bytes(), place.manifest.read_text()) == (b"all of it", "{}")
