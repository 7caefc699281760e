"""Real worker processes: they send what they end, and a kill -9 loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.cli import target
from narrowboat.kernel.model import Request, Run, State
from narrowboat.kernel.outbox import NoticeState
from tests.notices.servers import Hook, Inbox, mail_server
from tests.waiting import free_port, until

ROOT = Path(__file__).parents[2]
JOBS = f"{ROOT}/tests/notices/jobs.py:nb"


@pytest.fixture
def smtp_port() -> int:
    return free_port()


@pytest.fixture
def nb(tmp_path: Path, hook: Hook, smtp_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Narrowboat]:
    monkeypatch.setenv("NOTICES_PLACE", str(tmp_path))
    monkeypatch.setenv("NOTICES_SMTP", f"smtp://127.0.0.1:{smtp_port}?tls=no")
    monkeypatch.setenv("NOTICES_HOOK", hook.url)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    nb = target.load(JOBS)
    yield nb
    nb.store.close()


@contextmanager
def workers(count: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """`narrowboat worker` with so many children, told to stop in the end."""
    command = [sys.executable, "-m", "narrowboat", "worker", JOBS, "--concurrency", str(count)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def told(nb: Narrowboat, run: Run) -> Callable[[], bool]:
    return lambda: all(notice.state is NoticeState.SENT for notice in nb.outbox.of(run.id))


def test_a_worker_tells_of_what_it_ended(nb: Narrowboat, smtp_port: int, hook: Hook) -> None:
    with mail_server(Inbox(), port=smtp_port) as inbox, workers():
        run = nb.start("loud", owner="ann", notify=("ann@example.org",)).run
        until(told(nb, run), what="both notices")
    assert nb.store.get(run.id).state is State.SUCCEEDED
    assert [mail["To"] for mail in inbox.mails] == ["ann@example.org"]
    assert [got["data"]["run"] for got in hook.payloads] == [run.id]


def test_a_kill_between_sending_and_noting_it_doubles_at_most(nb: Narrowboat, hook: Hook, tmp_path: Path) -> None:
    (tmp_path / "die").touch()
    with workers():
        run = nb.start("loud").run
        until(told(nb, run), what="the notice, once more")
    (notice,) = nb.outbox.of(run.id)
    assert not (tmp_path / "die").exists()
    assert hook.ids == [notice.key, notice.key]
    assert [(one.state, one.notices) for one in nb.outbox.totals()] == [(NoticeState.SENT, 1)]


def test_two_workers_send_each_notice_once(nb: Narrowboat, hook: Hook) -> None:
    runs = [nb.start("loud", owner=f"user {n}").run for n in range(12)]
    with workers(2):
        for run in runs:
            until(told(nb, run), what="all notices")
    assert sorted(got["data"]["run"] for got in hook.payloads) == sorted(run.id for run in runs)
    assert len(set(hook.ids)) == 12


def test_a_mail_server_that_was_down_gets_the_mail_when_it_is_back(nb: Narrowboat, smtp_port: int) -> None:
    with workers():
        run = nb.start("leads", notify=("ann@example.org",)).run
        until(lambda: nb.outbox.of(run.id)[0].error, what="a failed try")
        with mail_server(Inbox(), port=smtp_port) as inbox:
            until(told(nb, run), what="the mail")
    assert len(inbox.mails) == 1


def test_what_was_cancelled_while_no_worker_ran_is_told_when_one_does(nb: Narrowboat, hook: Hook) -> None:
    run = nb.start("loud").run
    nb.ask(run.id, Request.CANCEL)
    with workers():
        told_of = nb.start("loud", owner="ben").run
        until(told(nb, told_of), what="the other run's notice")
    assert [got["data"]["run"] for got in hook.payloads] == [told_of.id]
    assert nb.outbox.of(run.id)[0].state is NoticeState.ASKED


@pytest.mark.timeout(1800)
def test_a_thousand_mails_at_once_do_not_hold_up_the_work(nb: Narrowboat, smtp_port: int) -> None:
    people = tuple(f"user{n}@example.org" for n in range(1000))
    with mail_server(Inbox(), port=smtp_port) as inbox, workers():
        crowd = nb.start("leads", owner="crowd", notify=people).run
        until(lambda: inbox.mails, what="the first mail")
        run = nb.start("leads", owner="ann").run
        until(lambda: nb.store.get(run.id).ended, what="a run meanwhile")
        sent_meanwhile = len(inbox.mails)
        while (seen := len(inbox.mails)) < 1000:  # however slow the machine: as long as they come
            until(lambda seen=seen: len(inbox.mails) > seen, what="one more mail")
        until(told(nb, crowd), what="the last mail to be noted")
    assert sent_meanwhile < 1000
    assert sorted(mail["To"] for mail in inbox.mails) == sorted(people)


def test_a_worker_without_channels_loads_nothing_of_it(tmp_path: Path) -> None:
    code = (
        "import sys; from narrowboat import Narrowboat; import narrowboat.cli.worker;"
        f"nb = Narrowboat('sqlite:///{tmp_path}/runs.db'); nb.sender(); nb.runner('w').run_due();"
        "print([name for name in sys.modules if name.startswith(('narrowboat.notify', 'smtplib', 'email', 'ssl'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_worker_that_has_sent_nothing_has_not_loaded_what_sends(nb: Narrowboat) -> None:
    code = (
        f"import sys; from narrowboat.cli import target; nb = target.load({JOBS!r}); nb.sender().look();"
        "print([name for name in sys.modules if name in ('smtplib', 'email.message', 'ssl', 'http.client', 'apprise')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
