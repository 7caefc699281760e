"""Uploads: what is told to be here is here, whoever is killed, and each file is its owner's alone."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from narrowboat.errors import (
    StorageFull,
    UnknownUpload,
    UploadConflict,
    UploadIncomplete,
    UploadInUse,
    UploadTooLarge,
)
from narrowboat.kernel.store import Store
from narrowboat.stores.database import Database
from narrowboat.stores.uploads import SqlUploads
from narrowboat.uploads import UploadLimits, Uploads
from tests.store.samples import submitted

LIMITS = UploadLimits(file=1000, user=2500, total=3500)
Open = Callable[..., Uploads]


@pytest.fixture
def notes() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def opened(database: Database, tmp_path: Path, notes: list[tuple[str, str]]) -> Open:
    """Uploads as another process would open them."""

    def note(action: str, *, by: str, **_: Any) -> None:
        notes.append((action, by))

    def opening(limits: UploadLimits = LIMITS, check: Callable[[], None] = lambda: None) -> Uploads:
        return Uploads(SqlUploads(database), tmp_path / "uploads", limits, check=check, note=note)

    return opening


@pytest.fixture
def uploads(opened: Open) -> Uploads:
    return opened()


def test_a_file_comes_in_pieces_over_several_processes(opened: Open, notes: list[tuple[str, str]]) -> None:
    one, other = opened(), opened()
    upload = one.create("ann", "customers.csv", 11)
    assert (upload.received, upload.complete) == (0, False)
    upload = one.append(upload, 0, b"hello")
    upload = other.append(upload, 5, b" wor")
    with pytest.raises(UploadIncomplete, match="9 of 11 bytes"):
        one.complete(upload.id, "ann")
    upload = one.append(upload, 9, b"ld")
    assert upload == other.complete(upload.id, "ann")
    assert upload.sha256 == hashlib.sha256(b"hello world").hexdigest()
    assert one.path(upload).read_bytes() == b"hello world"
    assert notes == [("upload", "ann")]


def test_only_its_owner_may_read_the_file(uploads: Uploads) -> None:
    upload = uploads.append(uploads.create("ann", "a.csv", 1), 0, b"x")
    assert stat.S_IMODE(uploads.path(upload).stat().st_mode) == 0o600
    assert stat.S_IMODE(uploads.path(upload).parent.stat().st_mode) == 0o700


def test_an_empty_file_is_complete_at_once(uploads: Uploads) -> None:
    upload = uploads.create("ann", "empty.csv", 0)
    assert upload.sha256 == hashlib.sha256(b"").hexdigest()
    assert uploads.path(upload).read_bytes() == b""


def test_what_a_killed_process_wrote_without_telling_is_written_over(uploads: Uploads) -> None:
    upload = uploads.append(uploads.create("ann", "a.csv", 6), 0, b"abc")
    with open(uploads.path(upload), "ab") as file:
        file.write(b"GARBAGE, AND MORE THAN THE LENGTH")
    upload = uploads.append(uploads.find(upload.id, "ann"), 3, b"def")
    assert uploads.path(upload).read_bytes() == b"abcdef"
    assert upload.sha256 == hashlib.sha256(b"abcdef").hexdigest()


@pytest.mark.parametrize("at", [0, 2, 4, 900])
def test_bytes_that_do_not_go_on_where_it_ends_are_refused(uploads: Uploads, at: int) -> None:
    upload = uploads.append(uploads.create("ann", "a.csv", 6), 0, b"abc")
    with pytest.raises(UploadConflict, match="goes on at byte 3"):
        uploads.append(upload, at, b"xyz"[: 6 - min(at, 5)])
    assert uploads.find(upload.id, "ann").received == 3


def test_a_complete_file_changes_no_more(uploads: Uploads) -> None:
    upload = uploads.append(uploads.create("ann", "a.csv", 3), 0, b"abc")
    with pytest.raises(UploadConflict):
        uploads.append(upload, 3, b"")
    assert uploads.complete(upload.id, "ann") == upload


def test_more_than_was_told_is_refused_and_nothing_of_it_kept(uploads: Uploads) -> None:
    upload = uploads.create("ann", "a.csv", 3)
    with pytest.raises(UploadTooLarge, match="3 bytes"):
        uploads.append(upload, 0, b"abcd")
    assert uploads.append(upload, 0, b"abc").complete


def test_a_file_may_end_before_its_length(uploads: Uploads) -> None:
    upload = uploads.append(uploads.create("ann", "a.csv", 300), 0, b"abc", last=True)
    assert (upload.length, upload.complete) == (3, True)


@pytest.mark.parametrize("upload", ["", "..", "../runs.db", "x" * 22, "\0", "0" * 23, "é" * 22])
def test_there_is_nothing_under_another_id(uploads: Uploads, upload: str) -> None:
    with pytest.raises(UnknownUpload):
        uploads.find(upload, "ann")


def test_it_is_its_owners_alone(uploads: Uploads) -> None:
    upload = uploads.create("ann", "a.csv", 3)
    with pytest.raises(UnknownUpload):
        uploads.find(upload.id, "ben")
    assert [one.id for one in uploads.of_owner("ann")] == [upload.id]
    assert uploads.of_owner("ben") == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ama\\customers.xlsx", "customers.xlsx"),
        ("a\r\nSet-Cookie: x", "a  Set-Cookie: x"),
        ("\0", "upload"),
        ("/", "upload"),
        ("Größe 🚗.xlsx", "Größe 🚗.xlsx"),
        ("n" * 400 + ".xlsx", "n" * 250 + ".xlsx"),
    ],
)
def test_a_name_is_for_people_and_never_a_path(uploads: Uploads, name: str, kept: str) -> None:
    upload = uploads.create("ann", name, 0)
    assert (upload.name, uploads.path(upload).name) == (kept, upload.id)


def test_limits_are_told_with_their_figures(uploads: Uploads) -> None:
    with pytest.raises(UploadTooLarge, match="a file may have 1,000"):
        uploads.create("ann", "a.csv", 1001)
    for _ in range(2):
        uploads.create("ann", "a.csv", 1000)
    with pytest.raises(UploadTooLarge, match=r"2,000 of the 2,500 bytes"):
        uploads.create("ann", "a.csv", 501)
    uploads.create("ben", "a.csv", 1000)
    with pytest.raises(StorageFull, match=r"3,000 of the 3,500"):
        uploads.create("cyd", "a.csv", 501)
    uploads.remove(uploads.of_owner("ann")[0])
    uploads.create("ann", "a.csv", 501)


def test_a_disk_without_room_refuses_and_loses_nothing(opened: Open) -> None:
    full = False

    def check() -> None:
        if full:
            raise StorageFull("full")

    uploads = opened(check=check)
    upload = uploads.append(uploads.create("ann", "a.csv", 6), 0, b"abc")
    full = True
    with pytest.raises(StorageFull):
        uploads.append(upload, 3, b"def")
    full = False
    assert uploads.append(upload, 3, b"def").complete


def test_a_user_has_so_many_files_and_no_more_however_empty(opened: Open) -> None:
    uploads = opened(LIMITS._replace(files=2))
    first = uploads.create("ann", "1.csv", 0)
    uploads.create("ann", "2.csv", 0)
    with pytest.raises(UploadTooLarge, match=r"You have 2 files here, and may have 2\."):
        uploads.create("ann", "3.csv", 0)
    uploads.create("ben", "1.csv", 0)
    uploads.remove(first)
    uploads.create("ann", "3.csv", 0)


def test_what_is_past_its_time_goes_with_its_file(opened: Open) -> None:
    passing, lasting = opened(LIMITS._replace(keep=-1)), opened()
    old = passing.append(passing.create("ann", "old.csv", 3), 0, b"abc")
    fresh = lasting.append(lasting.create("ann", "fresh.csv", 3), 0, b"abc")
    assert lasting.purge() == 1
    assert not lasting.path(old).exists()
    assert lasting.complete(fresh.id, "ann") == fresh
    with pytest.raises(UnknownUpload):
        lasting.append(old, 3, b"")
    assert not lasting.path(old).exists()


def test_what_a_kept_run_needs_stays(opened: Open, store: Store, database: Database) -> None:
    uploads = opened(LIMITS._replace(keep=-1))
    upload = uploads.append(uploads.create("ann", "a.csv", 3), 0, b"abc")
    run = submitted(store)
    with database.transaction() as conn:
        uploads.hold(upload.id, run, conn=conn)
    assert uploads.purge() == 0
    with pytest.raises(UploadInUse):
        uploads.remove(upload)
    assert uploads.path(upload).exists()


def test_a_run_cannot_hold_what_is_gone_or_not_complete(uploads: Uploads, database: Database) -> None:
    begun = uploads.create("ann", "a.csv", 3)
    for upload in (begun.id, "0" * 22):
        with pytest.raises(UnknownUpload), database.transaction() as conn:
            uploads.hold(upload, "run", conn=conn)


def test_a_file_that_nothing_is_known_of_is_swept_up(uploads: Uploads) -> None:
    upload = uploads.append(uploads.create("ann", "a.csv", 3), 0, b"abc")
    for name, age in (("0" * 22, 1e9), ("1" * 22, None)):
        path = uploads.path(upload).with_name(name)
        path.write_bytes(b"left behind")
        if age:
            os.utime(path, (age, age))
    os.utime(uploads.path(upload), (1e9, 1e9))
    uploads.purge()
    assert sorted(path.name for path in uploads.path(upload).parent.iterdir()) == sorted([upload.id, "1" * 22])


def test_files_that_nothing_is_known_of_are_looked_for_seldom(opened: Open) -> None:
    uploads = opened()
    left = uploads.path(uploads.create("ann", "a.csv", 0)).with_name("0" * 22)
    uploads.purge()
    left.write_bytes(b"left behind")
    os.utime(left, (1, 1))
    uploads.purge()
    assert left.exists()
    opened().purge()
    assert not left.exists()
