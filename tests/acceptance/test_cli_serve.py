"""`narrowboat serve`, `worker` and `runs` as processes: what listens, who works, who ends whom."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from narrowboat.app import Narrowboat
from narrowboat.cli.target import load
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Request, State
from tests.acceptance.conftest import ROWS
from tests.acceptance.shell import PATIENCE, Shell, last_line
from tests.waiting import until

CONFIG = """
[sources]
crm = "sqlite:///crm.db"

[exports.leads]
source = "crm"
table = "leads"
parameters = {id = "int"}
"""
JOBS = """
import os
from narrowboat import Narrowboat
from narrowboat.data.sources import Query, table
from narrowboat.kernel.runner import Moment, Settings

def note(moment: Moment) -> None:
    with open("moments", "a") as file:
        file.write(f"{os.getpid()} {moment.point}\\n")

nb = Narrowboat("sqlite:///narrowboat.db", watch=note, settings=Settings(memory_mark=MARK, chunk=0.05))

@nb.export("leads", queue="big")
def leads(id: int | None = None) -> Query:
    return table("sqlite:///crm.db", "leads").where(id=id)
"""


@contextmanager
def serving(shell: Shell, *argv: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server and its address; it ends with the block."""
    process = shell.start("serve", *argv, "--port", "0")
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        until(lambda: answers(found[0] + "jobs"), "the server to answer")
        yield process, found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE):
            return True
    except OSError:
        return False


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        found: bytes = answer.read()
        return found


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


@pytest.fixture
def jobs(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Narrowboat]:
    """The jobs module in the folder, and its object in this process."""
    monkeypatch.chdir(shell.folder)
    write_jobs(shell, mark=None)
    nb = load("jobs.py:nb")
    with closing(nb.store):
        yield nb


def write_jobs(shell: Shell, *, mark: int | None) -> None:
    (shell.folder / "jobs.py").write_text(JOBS.replace("MARK", str(mark)))


def workers_of(folder: Path, point: str) -> list[int]:
    """The ids of the processes at which a moment happened, in order."""
    lines = [line.split() for line in (folder / "moments").read_text().splitlines()]
    return [int(process) for process, at in lines if at == point]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example"])  # noqa: S104
def test_nobody_serves_strangers_without_saying_who_asks(shell: Shell, host: str) -> None:
    (shell.folder / "narrowboat.toml").write_text(CONFIG)
    done = shell.run("serve", "narrowboat.toml", "--host", host)
    assert done.returncode == 2
    assert f"Nobody would have to sign in, and {host} can be reached from elsewhere." in done.stderr


def test_a_state_that_cannot_be_kept_is_told_and_nothing_listens(shell: Shell) -> None:
    (shell.folder / "narrowboat.toml").write_text('database = "sqlite:///file/narrowboat.db"')
    (shell.folder / "file").write_text("no folder")
    done = shell.run("serve", "narrowboat.toml", "--port", "0")
    assert (done.returncode, "Traceback" in done.stderr, "listens" in done.stderr) == (1, False, False), done.stderr
    assert "file/narrowboat.db cannot be made: " in done.stderr
    assert done.stderr.endswith("[store-unavailable]\n")


def test_a_port_that_is_taken_is_named(shell: Shell) -> None:
    (shell.folder / "narrowboat.toml").write_text(CONFIG)
    with serving(shell, "narrowboat.toml") as (_, address):
        port = address.rstrip("/").rpartition(":")[2]
        second = shell.run("serve", "narrowboat.toml", "--port", port)
        assert second.returncode == 2
        assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use" in second.stderr


def test_a_toml_file_is_a_whole_server(shell: Shell, undisturbed: bytes) -> None:
    (shell.folder / "narrowboat.toml").write_text(CONFIG)
    with serving(shell, "narrowboat.toml") as (process, address):
        assert get(address + "exports/leads.xlsx") == undisturbed
        assert get(address + "exports/leads.csv?id=2").count(b"Adwoa 2 ") == 1
        listed = shell.run("runs", "list", "--json")
        runs = last_line(listed)["runs"]
        assert [(run["job"], run["state"], run["done"]) for run in runs] == [
            ("leads", "succeeded", 1), ("leads", "succeeded", ROWS),
        ]  # fmt: skip
        workers = children(process)
        assert len(workers) == 1
    assert process.returncode == 0
    assert not any(worker.is_running() for worker in workers)


def test_a_killed_server_leaves_no_worker(shell: Shell) -> None:
    (shell.folder / "narrowboat.toml").write_text(CONFIG)
    with serving(shell, "narrowboat.toml") as (process, _):
        until(lambda: children(process), "a worker")
        (worker,) = children(process)
        process.kill()
        worker.wait(PATIENCE)


def test_a_worker_alone_works_on_every_queue_and_stops_in_order(shell: Shell, jobs: Narrowboat) -> None:
    run = jobs.start("leads", {"id": 5}, Output(format="csv")).run
    with shell.start("worker", "jobs.py:nb") as process:
        until(lambda: jobs.store.get(run.id).state is State.SUCCEEDED, "success", PATIENCE)
        (worker,) = children(process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "1 worker(s) for big, default" in said
    assert not worker.is_running()
    assert list((jobs.folder / "workers").iterdir()) == []


def test_a_worker_that_stops_lets_its_run_go_on_elsewhere(shell: Shell, jobs: Narrowboat, undisturbed: bytes) -> None:
    run = jobs.start("leads").run
    with shell.start("worker", "jobs.py:nb") as process:
        until(lambda: jobs.store.get(run.id).seq > 1, "two chunks")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert jobs.store.get(run.id).state is State.QUEUED
    with shell.start("worker", "jobs.py:nb") as process:
        until(lambda: jobs.store.get(run.id).state is State.SUCCEEDED, "success", PATIENCE)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert (jobs.run_folder(run.id) / "leads.xlsx").read_bytes() == undisturbed


def test_a_killed_worker_is_replaced_and_its_run_taken_over(shell: Shell, jobs: Narrowboat, undisturbed: bytes) -> None:
    run = jobs.start("leads").run
    with shell.start("worker", "jobs.py:nb") as process:
        until(lambda: jobs.store.get(run.id).seq > 1, "two chunks")
        children(process)[0].kill()
        until(lambda: jobs.store.get(run.id).state is State.SUCCEEDED, "success", PATIENCE)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert len(set(workers_of(shell.folder, "claimed"))) == 2
    assert (jobs.run_folder(run.id) / "leads.xlsx").read_bytes() == undisturbed


def test_workers_are_replaced_after_a_number_of_slices(shell: Shell, jobs: Narrowboat) -> None:
    runs = [jobs.start("leads", {"id": n}, Output(format="csv")).run for n in (1, 2, 3)]
    with shell.start("worker", "jobs.py:nb", "--slices", "1") as process:
        until(lambda: all(jobs.store.get(run.id).state is State.SUCCEEDED for run in runs), "success", PATIENCE)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert len(set(workers_of(shell.folder, "claimed"))) == 3


def test_a_worker_over_its_memory_mark_is_replaced_and_its_run_goes_on(shell: Shell, jobs: Narrowboat) -> None:
    write_jobs(shell, mark=1)
    run = jobs.start("leads", {}, Output(format="csv", page_size=1000, pages=(1,))).run
    with shell.start("worker", "jobs.py:nb") as process:
        until(lambda: jobs.store.get(run.id).state is State.SUCCEEDED, "success", PATIENCE)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert len(set(workers_of(shell.folder, "claimed"))) > 1, "a fresh process for each slice"
    assert jobs.store.get(run.id).counters.rows == 1000


HOARDING = """
import os
from narrowboat import Narrowboat
from narrowboat.data.sources import rows

nb = Narrowboat("sqlite:///narrowboat.db")
held = []

@nb.export("leaks")
def leaks(megabytes: int):
    held.append(bytearray(b"x") * (megabytes << 20))
    return rows([{"process": os.getpid()}])
"""


@contextmanager
def working(shell: Shell, text: str) -> Iterator[tuple[Narrowboat, subprocess.Popen[str]]]:
    """A worker on a module of this text, and the module's object in this process. The caller is in the folder."""
    (shell.folder / "own.py").write_text(text)
    nb = load("own.py:nb")
    process = shell.start("worker", "own.py:nb")
    try:
        with closing(nb.store):
            yield nb, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def test_a_worker_that_has_grown_is_replaced_without_being_told_a_mark(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shell.folder)
    made = []
    with working(shell, HOARDING) as (nb, _):
        for megabytes in (1, 2, 300, 3):
            run = nb.start("leaks", {"megabytes": megabytes}, Output(format="csv")).run
            until(lambda run=run: nb.store.get(run.id).state is State.SUCCEEDED, "success", PATIENCE)
            made.append((nb.run_folder(run.id) / "leaks.csv").read_text().split()[-1])
    assert len(set(made[:3])) == 1, "a worker stays while it holds little"
    assert made[3] != made[2]


STALLING = """
import time
from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.kernel.runner import Settings

nb = Narrowboat("sqlite:///narrowboat.db", settings=Settings(patience=0.5, lease=1.0))

def waits_for_ever():
    yield {"n": 1}
    open("stalled", "w").close()
    time.sleep(3600)

@nb.export("stalls", block_rows=1)
def stalls():
    return rows(waits_for_ever)

@nb.export("hurries", block_rows=1, time_limit=1)
def hurries():
    return rows(waits_for_ever)

@nb.export("numbers")
def numbers():
    return rows([{"n": 1}])
"""


@pytest.mark.parametrize(("job", "state"), [("stalls", State.CANCELLED), ("hurries", State.TIMED_OUT)])
def test_a_source_that_waits_for_ever_costs_its_worker_and_nobody_else(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, job: str, state: State
) -> None:
    monkeypatch.chdir(shell.folder)
    with working(shell, STALLING) as (nb, process):
        run = nb.start(job, {}, Output(format="csv")).run
        until((shell.folder / "stalled").exists, "the source to stall", PATIENCE)
        hung = children(process)
        if job == "stalls":
            nb.ask(run.id, Request.CANCEL)
        until(lambda: nb.store.get(run.id).ended, "its end", PATIENCE)
        other = nb.start("numbers", {}, Output(format="csv")).run
        until(lambda: nb.store.get(other.id).state is State.SUCCEEDED, "the work of others", PATIENCE)
        assert nb.store.get(run.id).state is state
        assert not any(child.is_running() for child in hung)


def test_runs_are_steered_from_the_shell(shell: Shell, jobs: Narrowboat) -> None:
    run = jobs.start("leads", {"id": 1}, Output(format="csv")).run

    def state_after(*argv: str) -> Any:
        done = shell.run("runs", *argv, "--json")
        assert done.returncode == 0, done.stderr
        return last_line(done)["state"]

    assert state_after("pause", run.id) == "paused"
    assert state_after("resume", run.id) == "queued"
    assert state_after("cancel", run.id, "--store", jobs.url) == "cancelled"
    shown = shell.run("runs", "show", run.id)
    assert [line.split()[1] for line in shown.stdout.splitlines()[1:]] == ["queued", "paused", "queued", "cancelled"]
    again = last_line(shell.run("runs", "rerun", run.id, "jobs.py:nb", "--json"))
    assert (again["state"], again["parent"], again["relation"]) == ("queued", run.id, "rerun")

    assert shell.run("runs", "rerun", run.id).returncode == 2
    assert shell.run("runs", "retry", run.id, "jobs.py:nb").returncode == 1
    assert shell.run("runs", "show", "no-such-run").returncode == 2
    assert shell.run("runs", "list", "--state", "lost").returncode == 2


def test_a_followed_run_gives_its_outcome_as_exit_status(shell: Shell, jobs: Narrowboat) -> None:
    run = jobs.start("leads", {"id": 1}, Output(format="csv")).run
    with shell.start("worker", "jobs.py:nb") as worker:
        followed = shell.run("runs", "show", run.id, "--follow", "--json")
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=PATIENCE)
    assert (followed.returncode, last_line(followed)["state"]) == (0, "succeeded")


def test_without_anything_to_go_by_runs_asks_whose(shell: Shell) -> None:
    done = shell.run("runs", "list")
    assert done.returncode == 2
    assert "Whose runs?" in done.stderr
