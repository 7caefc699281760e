"""kill -9 of the worker at every commit point: nothing lost, nothing doubled, the same bytes."""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path

import pytest

from narrowboat.kernel.model import Run, State
from tests.crash.conftest import Place
from tests.workers import take_care

ROWS = 2600
BLOCKS = 52


def assert_undisturbed(place: Place, run: Run, expected: bytes) -> None:
    """The run ended well, its counters are exact and its file is the same byte for byte."""
    assert (run.state, run.counters.rows, run.error) == (State.SUCCEEDED, ROWS, None)
    assert run.counters.bytes == len(expected)
    assert run.artifact is not None
    assert run.artifact.manifest["rows"] == ROWS
    assert place.file(run) == expected
    assert {path.name for path in place.nb.run_folder(run.id).iterdir()} == {run.artifact.path, "manifest.json"}


MOMENTS = [
    ("claimed", 1), ("written", 1), ("written", 2), ("written", 17), ("written", BLOCKS), ("committed", 1),
    ("committed", 2), ("committed", 17), ("committed", BLOCKS), ("published", 1),
]  # fmt: skip


@pytest.mark.parametrize(("point", "nth"), MOMENTS)
def test_killed_once_at_a_moment_and_taken_over(
    place: Place, undisturbed: dict[str, bytes], point: str, nth: int
) -> None:
    run = place.start("xlsx")
    assert place.worker(run, CRASH_AT=f"{point}:{nth}").returncode == -signal.SIGKILL
    take_care(place.nb)
    done = place.worker(run)
    assert done.returncode == 0, done.stderr
    assert_undisturbed(place, place.nb.store.get(run.id), undisturbed["xlsx"])


@pytest.mark.parametrize("file_format", ["xlsx", "csv", "csv.gz"])
def test_killed_at_every_seventh_chunk_again_and_again(
    place: Place, undisturbed: dict[str, bytes], file_format: str
) -> None:
    run, deaths = place.start(file_format), 0
    while place.worker(run, CRASH_AT="written:7").returncode == -signal.SIGKILL:
        deaths += 1
        take_care(place.nb)
    assert deaths >= BLOCKS // 7
    assert_undisturbed(place, place.nb.store.get(run.id), undisturbed[file_format])


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
SYSTEM_CALLS = [
    ("write", 5), ("write", 40), ("fdatasync", 1), ("fdatasync", 2), ("fdatasync", 30), ("fsync", 1),
    ("ftruncate,truncate", 1), ("rename,renameat,renameat2", 1),
    ("rename,renameat,renameat2", 2), ("unlink,unlinkat", 1),
]  # fmt: skip


@pytest.mark.parametrize(("call", "nth"), SYSTEM_CALLS)
@needs_strace
def test_killed_inside_a_system_call(place: Place, undisturbed: dict[str, bytes], call: str, nth: int) -> None:
    """Finer than any hook: the process dies in the very call that writes, syncs, cuts or renames."""
    run = place.start("xlsx")
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={nth}"]
    # A first, clean claim is not needed: the folder and the store exist, so these calls are the run's own.
    died = place.worker(run, *inject)
    take_care(place.nb)
    place.worker(run)
    assert died.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL, 0)
    assert_undisturbed(place, place.nb.store.get(run.id), undisturbed["xlsx"])


@needs_strace
def test_bytes_are_on_disk_before_the_commit_and_the_commit_before_the_announcement(place: Place) -> None:
    """The order, as the kernel saw it: part file synced, then the store's log synced, chunk after chunk."""
    run = place.start("csv")
    trace = place.folder / "trace"
    done = place.worker(
        run,
        "strace",
        "-f",
        "-qq",
        "-y",
        "-o",
        str(trace),
        "-e",
        "trace=write,pwrite64,fdatasync,fsync",
        CRASH_ANNOUNCE="1",
        CRASH_LEASE="600",  # no heartbeat has a commit of its own in between
    )
    assert done.returncode == 0, done.stderr
    steps = re.findall(
        r"(write|pwrite64|fdatasync|fsync)\(\d+<[^>]*(\.part|runs\.db-wal|announced)>", trace.read_text()
    )
    story = "".join(
        {"write.part": "w", "fdatasync.part": "S", "fsync.part": "S"}.get(call + file, "")
        or ("C" if file == "runs.db-wal" and call in ("fdatasync", "fsync") else "A" if file == "announced" else "")
        for call, file in steps
    )
    written, ending, published = r"(?:w+SC+A)", r"(?:C+A)?", r"C*"
    assert re.fullmatch(rf"C*{written}{{{BLOCKS}}}{ending}{published}", story), story


@needs_strace
def test_folders_and_names_are_on_disk_before_the_commits_that_count_on_them(place: Place) -> None:
    """What power took before its folder was synced is gone, however well the file itself was."""
    run = place.start("csv")
    trace = place.folder / "trace"
    under = ("strace", "-f", "-qq", "-y", "-o", str(trace), "-e", "trace=fdatasync,fsync,rename")
    assert place.worker(run, *under, CRASH_AT="committed:17", CRASH_LEASE="600").returncode != 0
    assert re.fullmatch(r"C*NC*F(?:SC+)+", story(trace, place, run)), "a new folder, a file in it, its chunks"
    take_care(place.nb)
    assert place.worker(run, *under, CRASH_LEASE="600").returncode == 0
    assert re.fullmatch(r"C*F(?:SC+)+JRFC+", story(trace, place, run)), "a second file, then the whole under its name"


def story(trace: Path, place: Place, run: Run) -> str:
    """What was put on disk, in order, a letter each."""
    folder = place.nb.run_folder(run.id)
    letters = {
        rf"sync\(\d+<{folder.parent}>": "N",
        rf"sync\(\d+<{folder}>": "F",
        r"sync\(\d+<.*\.part>": "S",
        r"sync\(\d+<.*\.joined\.tmp>": "J",
        r"sync\(\d+<.*/runs\.db-wal>": "C",
        r"rename\(.*leads\.csv\"\)": "R",
    }
    found = [
        letter for line in trace.read_text().splitlines() for sign, letter in letters.items() if re.search(sign, line)
    ]
    return "".join(found)
