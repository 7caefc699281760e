"""Whatever a child does, its parent gets an answer or an error, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from narrowboat.errors import FileBroken, FileEncrypted, FileTookTooLong, FileTooLarge, NarrowboatError
from narrowboat.isolation import Child, Confinement
from tests.waiting import until

MIB = 1 << 20
ENTRY = "deeds:open_deeds"
SMALL = Confinement(memory=48 * MIB, cpu=2, silence=100, disk=MIB // 2)


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    made = Child(ENTRY, None, SMALL)
    yield made
    made.close()


def ask(child: Child, request: Any) -> list[bytes]:
    return [piece for piece in child.ask(request) if piece]


def test_answers_come_piece_by_piece(child: Child) -> None:
    assert ask(child, ["count", 3]) == [b"0", b"1", b"2"]
    assert [len(piece) for piece in ask(child, ["large", 3 * MIB])] == [3 * MIB]


def test_one_child_answers_many_requests(child: Child) -> None:
    assert ask(child, "pid") == ask(child, "pid") != [str(os.getpid()).encode()]


def test_what_a_library_prints_is_no_answer(child: Child) -> None:
    assert ask(child, "print") == [b"an answer"]


def test_a_child_has_no_environment_and_imports_nothing_of_the_application(child: Child) -> None:
    (world,) = ask(child, "world")
    environment, folder, modules = eval(world)  # noqa: S307  # our own repr
    assert set(environment) <= {"TMPDIR", "LD_LIBRARY_PATH", "LC_CTYPE"}
    assert folder == "/"
    assert {name for name in modules if name.startswith("narrowboat")} == {
        "narrowboat",
        "narrowboat.errors",
        "narrowboat.isolation",
        "narrowboat.isolation.child",
        "narrowboat.isolation.confinement",
        "narrowboat.isolation.frames",
    }


@pytest.mark.parametrize(
    ("request_", "error", "says"),
    [
        ("raise", FileBroken, "ZeroDivisionError: by zero"),
        ("memory", FileTooLarge, "memory"),
        ("hang", FileTookTooLong, "gave nothing for 1 second"),
        ("spin", FileTookTooLong, "2 seconds of CPU"),
        ("die", FileBroken, "status -6"),
        ("exit", FileBroken, "status 0"),
        ("disk", FileTooLarge, "disk"),
        ("lie", FileTooLarge, "more than is read at once"),
        ("garbage", FileBroken, "within its own process"),
    ],
)
def test_what_goes_wrong_is_an_error_and_the_next_request_is_answered(
    request_: str, error: type[NarrowboatError], says: str, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    if request_ == "hang":
        child = Child(ENTRY, None, SMALL._replace(silence=1))
    with pytest.raises(error, match=says):
        ask(child, request_)
    assert ask(child, ["count", 1]) == [b"0"]
    child.close()


def test_an_error_of_opening_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    child = Child(ENTRY, "refused", SMALL)
    with pytest.raises(FileEncrypted, match="no"):
        ask(child, "pid")
    child.close()


def test_an_answer_that_nobody_takes_is_dropped(child: Child) -> None:
    first = child.ask(["count", 10_000_000])
    assert next(first) == b"0"
    assert ask(child, ["count", 2]) == [b"0", b"1"]
    with pytest.raises(RuntimeError, match="Another answer was asked for"):
        list(first)
    assert ask(child, ["count", 1]) == [b"0"]


def test_a_child_waits_while_its_answers_are_not_taken(child: Child) -> None:
    (pid,) = map(int, ask(child, "pid"))
    answers = child.ask(["count", 10_000_000])
    next(answers)
    process = psutil.Process(pid)
    until(lambda: process.status() == psutil.STATUS_SLEEPING, "the child to wait")
    assert process.memory_info().rss < 48 * MIB
    answers.close()  # type: ignore[attr-defined]


def test_a_child_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(ENTRY, None, SMALL)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            ask(child, "anything")
    assert len(os.listdir("/proc/self/fd")) == before


def test_closing_ends_the_child(child: Child) -> None:
    (pid,) = map(int, ask(child, "pid"))
    child.close()
    child.close()
    assert not psutil.pid_exists(pid)


def test_a_frame_is_never_larger_than_is_believed(child: Child) -> None:
    confinement = Confinement(memory=512 * MIB)
    with pytest.raises(FileTooLarge, match="more than is read at once"):
        ask(Child(ENTRY, None, confinement), ["large", confinement.frame + 1])


PARENT = """
import sys
from narrowboat.isolation import Child, Confinement
child = Child("deeds:open_deeds", None, Confinement())
print(list(child.ask("pid"))[0].decode(), flush=True)
for piece in child.ask({deed!r}):
    pass
"""


@pytest.mark.parametrize("deed", ["hang", "spin"])
def test_a_child_ends_with_its_parent_however_that_ends(deed: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", PARENT.format(deed=deed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.send_signal(signal.SIGKILL)
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child to end")
