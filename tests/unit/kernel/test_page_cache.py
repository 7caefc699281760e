"""Page cache: what was read once is dropped, what is in use stays."""

from __future__ import annotations

import importlib.util
import json
import mmap
import os
import sys
import threading
import types
from pathlib import Path

import pytest

from narrowboat.kernel.page_cache import give_back, give_back_later, libraries, modules
from tests.page_cache import cached, no_disk
from tests.waiting import until

PAGES = 64
PATIENCE = 60.0


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A file that is on the disk, and in memory as well."""
    if reason := no_disk(tmp_path):
        pytest.skip(reason)
    path = tmp_path / "file"
    with open(path, "wb") as file:
        file.write(os.urandom(PAGES * mmap.PAGESIZE))
        os.fsync(file.fileno())
    assert cached(path) == PAGES
    return path


def test_a_file_that_was_read_is_no_longer_in_memory(written: Path) -> None:
    give_back([str(written)])
    assert cached(written) == 0


def test_pages_that_are_mapped_stay(written: Path) -> None:
    with open(written, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert sum(view[:: mmap.PAGESIZE]) > 0
        give_back([str(written)])
        assert cached(written) == PAGES


def test_of_a_library_that_is_loaded_what_is_in_use_stays() -> None:
    paths = [Path(path) for path in libraries()]
    give_back(map(str, paths))
    assert all(cached(path) > 0 for path in paths)


def test_a_file_that_has_gone_or_may_not_be_read_is_passed_over(written: Path) -> None:
    give_back([f"{written}-gone", str(written.parent), str(written)])
    assert cached(written) == 0


def test_what_is_given_back_later_is_asked_for_then(written: Path) -> None:
    later = threading.Event()
    give_back_later(lambda: [str(written)] if later.wait(PATIENCE) else [], after=0.01)
    assert cached(written) == PAGES
    later.set()
    until(lambda: not cached(written), "the file to be given back")


def test_nothing_happens_where_the_system_cannot(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fadvise")
    give_back([str(written)])
    assert cached(written) == PAGES


def test_libraries_are_what_is_mapped_to_be_run(written: Path) -> None:
    with open(written, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        found = libraries()
    assert str(Path(sys.executable).resolve()) in found
    assert str(written) not in found, "that is data"
    assert all(Path(path).is_file() for path in found)


def test_names_of_libraries_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text(
        "7f00-7f01 r-xp 00000000 fe:00 7 /opt/my app/one.so\n"
        "7f01-7f02 r--p 00001000 fe:00 8 /opt/data.so\n"
        "7f02-7f03 rwxp 00000000 00:00 0 \n"
        "7ffc-7ffd r-xp 00000000 00:00 0 [vdso]\n"
    )
    assert libraries(tmp_path / "maps") == {"/opt/my app/one.so"}


def test_without_proc_there_are_no_libraries_to_speak_of(tmp_path: Path) -> None:
    assert libraries(tmp_path / "maps") == set()


def test_byte_code_and_source_are_found_by_the_names_of_loaded_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "made_here", types.ModuleType("made_here"))
    monkeypatch.setitem(sys.modules, "stands_in", object())  # type: ignore[arg-type]  # some libraries do so
    source = str(json.__file__)
    found = modules([json.__name__, "sys", "made_here", "stands_in", "not_loaded"])
    assert found == {source, importlib.util.cache_from_source(source)}
