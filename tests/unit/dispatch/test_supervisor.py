"""The supervisor: keeps its children alive, tells them of work, and is the only one."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from narrowboat.dispatch.supervisor import LONGEST_PAUSE, Supervisor
from tests.waiting import until

CHILD = """
import socket, sys
from narrowboat.dispatch.channel import Channel
name, handle = sys.argv[2], int(sys.argv[4])
channel = Channel(socket.socket(fileno=handle))
channel.say("moved", "born-" + name)
for word, run in channel.hear():
    if run == "die":
        sys.exit(3)
    channel.say("moved", f"{word}-{run}")
"""


class Watched:
    """A supervisor of the children above, with everything it was told."""

    def __init__(self, folder: Path, count: int = 1, child: str = CHILD) -> None:
        self.moved: list[str] = []
        self.cared = 0
        self.supervisor = Supervisor(
            [sys.executable, "-c", child], count=count, lock=folder / "supervisor.lock", moved=self.moved.append,
            care=self._care, care_every=60.0, grace=5.0,
        )  # fmt: skip

    def _care(self) -> None:
        self.cared += 1

    def born(self) -> int:
        return sum(word.startswith("born") for word in self.moved)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    begun: list[Watched] = []

    def start(**more: object) -> Watched:
        begun.append(Watched(tmp_path, **more))  # type: ignore[arg-type]
        begun[-1].supervisor.start()
        return begun[-1]

    yield start
    for watched in begun:
        watched.supervisor.stop()


def test_it_starts_as_many_children_as_asked_and_hears_what_they_moved(start: Callable[..., Watched]) -> None:
    watched = start(count=2)
    until(lambda: watched.born() == 2, "children to be born")
    health = watched.supervisor.health()
    assert (health["supervising"], len(health["workers"])) == (True, 2)


def test_it_is_settled_once_a_child_is_heard(start: Callable[..., Watched]) -> None:
    deaf = start(child="import time; time.sleep(60)")
    until(lambda: deaf.supervisor.health()["workers"], "a child")
    assert not deaf.supervisor.settled.wait(0.3)
    deaf.supervisor.stop()
    assert start().supervisor.settled.wait(20)


def test_it_is_settled_where_no_child_can_start_or_another_supervises(start: Callable[..., Watched]) -> None:
    broken = start(child="raise SystemExit(1)")
    assert broken.supervisor.settled.wait(20)
    until(lambda: broken.supervisor.health()["supervising"], "it to supervise")
    assert start().supervisor.settled.wait(20)


def test_hints_and_wakes_reach_every_child(start: Callable[..., Watched]) -> None:
    watched = start(count=2)
    until(lambda: watched.born() == 2, "children to be born")
    watched.supervisor.hint()
    watched.supervisor.wake("r1")
    until(lambda: watched.moved.count("hint-") == 2 and watched.moved.count("wake-r1") == 2, "every child to hear")


def test_a_child_that_dies_is_replaced_and_its_runs_are_looked_after_at_once(start: Callable[..., Watched]) -> None:
    watched = start()
    until(lambda: watched.born() == 1 and watched.cared == 1, "children to be born")
    watched.supervisor.wake("die")
    until(lambda: watched.born() == 2 and watched.cared == 2, "children to be born")


def test_a_child_that_cannot_start_is_not_started_without_a_pause(start: Callable[..., Watched]) -> None:
    watched = start(child="raise SystemExit(1)")
    time.sleep(1.5)
    assert watched.cared < 12


def test_a_child_that_worked_is_replaced_at_once_however_often_it_dies(start: Callable[..., Watched]) -> None:
    watched = start()
    for deaths in range(1, 5):
        until(lambda: watched.born() == deaths, "children to be born")  # noqa: B023  called at once
        watched.supervisor.wake("die")
    until(lambda: watched.born() == 5, "children to be born")
    assert watched.supervisor._pause == 0.0


def test_the_pause_before_a_start_grows_to_a_bound_for_ever(tmp_path: Path) -> None:
    supervisor = Watched(tmp_path).supervisor
    pauses = []
    for _ in range(5000):
        supervisor._pause_before_next()
        pauses.append(supervisor._pause)
    assert (pauses[:3], pauses[-1]) == ([0.1, 0.2, 0.4], LONGEST_PAUSE)


def test_a_child_that_the_system_refuses_is_tried_again(
    start: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    popen, refused = subprocess.Popen, iter([True, True])

    def scarce(*command: Any, **more: Any) -> Any:
        if next(refused, False):
            raise BlockingIOError("no more processes")
        return popen(*command, **more)

    monkeypatch.setattr(subprocess, "Popen", scarce)
    watched = start()
    until(lambda: watched.born() == 1, "children to be born")
    assert caplog.text.count("no worker can be started now") == 2


def test_a_child_that_no_thread_can_listen_to_is_ended_and_tried_again(
    start: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, refused, processes = threading.Thread.start, list[str](), list[subprocess.Popen[bytes]]()
    popen = subprocess.Popen

    def refusing(thread: threading.Thread) -> None:
        if thread.name.startswith("listen-") and not refused:
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        begin(thread)

    def started(*how: Any, **more: Any) -> Any:
        processes.append(popen(*how, **more))
        return processes[-1]

    monkeypatch.setattr(threading.Thread, "start", refusing)
    monkeypatch.setattr(subprocess, "Popen", started)
    watched = start()
    until(lambda: watched.born() == 1, "a child to be born")
    until(lambda: processes[0].poll() is not None, "the one that nobody hears to end")
    assert (len(refused), len(processes)) == (1, 2)


def test_the_second_of_two_stands_by_and_takes_over(start: Callable[..., Watched]) -> None:
    first, second = start(), start()
    until(lambda: first.born() + second.born() == 1, "children to be born")
    chosen, other = (first, second) if first.born() else (second, first)
    assert not other.supervisor.health()["supervising"]
    until(lambda: chosen.supervisor.health()["supervising"], "it to supervise")
    other.supervisor.hint()
    until(lambda: "hint-" in chosen.moved, "the hint")
    chosen.supervisor.stop()
    until(lambda: other.born() == 1, "children to be born")


def test_stopping_ends_the_children_even_those_that_do_not_listen(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    watched = Watched(tmp_path, child=deaf)
    watched.supervisor._grace = 0.5
    watched.supervisor.start()
    until(lambda: watched.supervisor.health()["workers"], "a child")
    time.sleep(0.3)
    watched.supervisor.stop()
    assert watched.supervisor.health()["workers"] == []


def test_care_that_fails_is_tried_again(start: Callable[..., Watched], caplog: pytest.LogCaptureFixture) -> None:
    watched = start()
    until(lambda: watched.cared == 1, "care")

    def fail() -> None:
        watched.cared += 1
        raise OSError("the store is away")

    watched.supervisor._care = fail
    watched.supervisor.wake("die")
    until(lambda: watched.born() == 2 and watched.cared == 2, "children to be born")
    assert "it is tried again" in caplog.text
