"""The embedded dispatcher in a worker: what is due is worked on, one slice at a time, until it is drained."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from narrowboat.dispatch.channel import Channel
from narrowboat.dispatch.inline import Inline


class Work:
    """Some runs that are due; each takes two slices."""

    def __init__(self, *runs: str) -> None:
        self.due = [run for run in runs for _ in range(2)]
        self.done: list[str] = []
        self.worked = threading.Event()

    def slice(self, run_id: str) -> bool:
        if run_id not in self.due:
            return False
        self.due.remove(run_id)
        self.done.append(run_id)
        self.worked.set()
        return True


@contextmanager
def working(dispatcher: Inline, work: Work) -> Iterator[threading.Thread]:
    dispatcher.bind(work.slice)
    thread = threading.Thread(target=dispatcher.run_worker, args=(("default",),))
    thread.start()
    try:
        yield thread
    finally:
        dispatcher.drain()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def line() -> Iterator[tuple[Channel, Channel]]:
    """The supervisor's end of a line, and the worker's."""
    here, end = Channel.pair()
    there = Channel(end)
    yield here, there
    here.close()
    there.close()


def wait_for(event: threading.Event) -> None:
    assert event.wait(10)


def test_everything_due_is_worked_on_the_best_first(event: threading.Event) -> None:
    work = Work("a", "b")
    dispatcher = Inline(lambda: sorted(set(work.due)) or event.set() or [], poll=60.0)
    with working(dispatcher, work):
        wait_for(event)
    assert work.done == ["a", "a", "b", "b"]


def test_a_hint_over_the_channel_wakes_an_idle_worker(line: tuple[Channel, Channel]) -> None:
    here, there = line
    work = Work()
    with working(Inline(lambda: list(work.due), channel=there, poll=60.0), work):
        work.due += ["a"]
        here.say("hint")
        wait_for(work.worked)
    assert work.done == ["a"]


def test_a_wake_names_the_run_that_was_asked_something(event: threading.Event, line: tuple[Channel, Channel]) -> None:
    here, there = line
    woken: list[str] = []
    dispatcher = Inline(list, channel=there, woken=lambda run: woken.append(run) or event.set())
    with working(dispatcher, Work()):
        here.say("wake", "r1")
        wait_for(event)
    assert woken == ["r1"]


def test_a_closed_channel_drains_the_worker(event: threading.Event, line: tuple[Channel, Channel]) -> None:
    here, there = line
    with working(Inline(list, channel=there, drained=event.set, poll=60.0), Work()) as thread:
        here.close()
        wait_for(event)
        thread.join(10)
        assert not thread.is_alive()


def test_a_slice_that_fails_outside_its_run_does_not_end_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    faults = iter([OSError("the store is away")])
    work = Work("a")

    def due() -> list[str]:
        for fault in faults:
            raise fault
        return list(work.due)

    with working(Inline(due, poll=0.01), work):
        wait_for(work.worked)
    assert "looking again soon" in caplog.text


def test_chores_come_again_even_when_one_fails(event: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    called: list[int] = []

    def chore() -> None:
        called.append(1)
        if len(called) == 1:
            raise OSError("the store is away")
        event.set()

    dispatcher = Inline(list, poll=60.0)
    dispatcher.every(0.0, chore)
    with working(dispatcher, Work()):
        wait_for(event)
    assert "it comes again" in caplog.text


def test_without_a_supervisor_hints_are_lost_without_harm() -> None:
    dispatcher = Inline(list)
    dispatcher.hint("r1", queue="default")
    dispatcher.wake("r1")
    assert dispatcher.health() == {}


@pytest.fixture
def event() -> threading.Event:
    return threading.Event()
