"""kill -9 of server, worker and both at random moments; workers that sleep: the run ends as if nothing had been."""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from narrowboat.kernel.model import Run, State
from tests.crash.conftest import Place
from tests.crash.server import Server
from tests.crash.test_worker_killed import assert_undisturbed
from tests.waiting import until
from tests.workers import take_care


@pytest.fixture
def slow_place(place: Place) -> Place:
    place.environment["CRASH_SLOW"] = "0.01"
    return place


@pytest.fixture
def server(slow_place: Place) -> Iterator[Server]:
    server = Server(slow_place)
    yield server
    server.close()


def started(server: Server, place: Place) -> Run:
    """A run that is on its way."""
    answer = until(
        lambda: server.ask("/jobs/leads/runs", {"output": {"format": "xlsx"}}), what="the run to be accepted"
    )
    return place.nb.store.get(answer["id"])


def ended(place: Place, run: Run) -> Run:
    until(lambda: place.nb.store.get(run.id).ended, what="the run to end")
    return place.nb.store.get(run.id)


@contextmanager
def held(server: Server, place: Place) -> Iterator[Run]:
    """A run that is in its middle, and stays there."""
    hold = place.folder / "hold"
    hold.touch()
    run = started(server, place)
    until(lambda: place.nb.store.get(run.id).seq > 3, what="some chunks")
    yield run
    hold.unlink()


def kill_worker(server: Server) -> None:
    for child in server.workers():
        child.kill()


def kill_server(server: Server) -> None:
    server.kill_alone()
    server.start()


def kill_both(server: Server) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("moments", [20, pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_killed_at_random_moments(
    server: Server, slow_place: Place, undisturbed: dict[str, bytes], moments: int
) -> None:
    """Every death at another moment of another run, each of the three kinds in turn; seeded, so it can be repeated."""
    chance = random.Random(moments)
    for number in range(moments):
        run = started(server, slow_place)
        time.sleep(chance.uniform(0, 0.9))
        (kill_worker, kill_server, kill_both)[number % 3](server)
        assert_undisturbed(slow_place, ended(slow_place, run), undisturbed["xlsx"])


def test_a_worker_killed_in_the_middle_takes_neither_the_server_nor_the_run_down(
    server: Server, slow_place: Place, undisturbed: dict[str, bytes]
) -> None:
    with held(server, slow_place) as run:
        kill_worker(server)
    assert server.ask("/health") is not None
    assert_undisturbed(slow_place, ended(slow_place, run), undisturbed["xlsx"])


def test_a_sleeping_worker_is_replaced_and_cannot_write_when_it_wakes(
    server: Server, slow_place: Place, undisturbed: dict[str, bytes]
) -> None:
    """SIGSTOP past the lease: it still holds its file lock, so only the lease tells. Then SIGCONT.

    The server sleeps too, lest it kills the worker as hung; meanwhile runs are looked after here.
    """
    (sleeper,) = server.workers()
    supervisor = psutil.Process(server.process.pid)

    def interrupted() -> bool:
        take_care(slow_place.nb)
        return slow_place.nb.store.get(run.id).state is State.INTERRUPTED

    with held(server, slow_place) as run:
        supervisor.suspend()
        sleeper.suspend()
    fence = slow_place.nb.store.get(run.id).fence
    until(interrupted, what="the lease to end")
    another = slow_place.worker(run)
    assert another.returncode == 0, another.stderr
    done = slow_place.nb.store.get(run.id)
    assert (done.ended, done.fence > fence) == (True, True)
    sleeper.resume()
    supervisor.resume()
    assert_undisturbed(slow_place, ended(slow_place, started(server, slow_place)), undisturbed["xlsx"])
    assert server.workers() == [sleeper], "it woke, was refused, and went on with other work"
    assert_undisturbed(slow_place, slow_place.nb.store.get(run.id), undisturbed["xlsx"])


def test_the_only_worker_hangs_for_good_and_is_replaced(
    server: Server, slow_place: Place, undisturbed: dict[str, bytes]
) -> None:
    (hung,) = server.workers()
    with held(server, slow_place) as run:
        hung.suspend()
    assert_undisturbed(slow_place, ended(slow_place, run), undisturbed["xlsx"])
    assert not hung.is_running()


def told_to_stop(worker: psutil.Process) -> bool:
    """SIGTERM waits for this process, which is suspended."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    pending = re.findall(r"^(?:Sig|Shd)Pnd:\s*(\w+)$", status, re.MULTILINE)
    return any(int(signals, 16) >> (signal.SIGTERM - 1) & 1 for signals in pending)


def test_a_deploy_in_the_middle_of_a_run_costs_nothing(slow_place: Place, undisturbed: dict[str, bytes]) -> None:
    """The worker is suspended until it is told, so that it cannot be at its end by then; its lease outlasts that."""
    slow_place.environment["CRASH_LEASE"] = "60"
    with closing(Server(slow_place)) as server:
        with held(server, slow_place) as run:
            (worker,) = server.workers()
            worker.suspend()
            server.process.terminate()
            until(lambda: told_to_stop(worker), "the worker to be told to stop")
        worker.resume()
        server.process.wait()
        left = slow_place.nb.store.get(run.id)
        assert left.state is State.QUEUED, "the worker finished its chunk and gave the run back"
        server.start()
        assert_undisturbed(slow_place, ended(slow_place, run), undisturbed["xlsx"])
