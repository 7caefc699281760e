"""Sending: what is due goes out once, what fails comes back, and no channel waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.errors import BadConfiguration, CannotNotify, NotDelivered
from narrowboat.kernel.model import Request
from narrowboat.kernel.outbox import Notice, NoticeState
from narrowboat.notify import Apprise, Channel, Mail, Message, Webhook, sending
from narrowboat.testing import run_inline, send_notices
from tests.notices.servers import Hook, Inbox, mail_server, silent_server
from tests.notices.test_webhook import SECRET
from tests.waiting import free_port, until

ANN = "ann@example.org"


class Here(Channel):
    """A channel that keeps what it is given, or raises the next of `faults`."""

    place = "here"

    def __init__(self, *faults: Exception, **options: Any) -> None:
        super().__init__(**options)
        self.got: list[Message] = []
        self.faults = list(faults)

    def deliver(self, message: Message, recipient: str) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.got.append(message)


@pytest.fixture
def made() -> Iterator[list[Narrowboat]]:
    made: list[Narrowboat] = []
    yield made
    for nb in made:
        nb.store.close()


@pytest.fixture
def make(made: list[Narrowboat], tmp_path: Path) -> Any:
    """Makes a Narrowboat on this test's database, with a job that reads three rows and one that fails."""

    def make(*, notify: tuple[str, ...] = (), **options: Any) -> Narrowboat:
        nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db", **options)
        made.append(nb)
        nb.export("leads", title="Leads\r\nBcc: x@y", notify=notify)(
            lambda city="": rows(lambda: iter([(1,), (2,), (3,)]), columns=["n"])
        )

        @nb.export("broken", notify=notify)
        def broken() -> Any:
            raise RuntimeError("the password is hunter2")

        return nb

    return make


def ended(nb: Narrowboat, job: str = "leads", *notify: str, **options: Any) -> str:
    return run_inline(nb, nb.start(job, owner="ann", notify=notify, **options).run.id).id


def states(nb: Narrowboat, run_id: str) -> dict[str, NoticeState]:
    return {notice.channel: notice.state for notice in nb.outbox.of(run_id)}


def test_who_asked_is_mailed_once_when_the_file_is_there(make: Any, inbox: Inbox) -> None:
    nb = make(
        mail=Mail(f"smtp://127.0.0.1:{inbox.port}?tls=no", sender="a@b.example"), public_url="https://s.example/b"
    )
    run = nb.start("leads", owner="ann", notify=(ANN,)).run
    send_notices(nb)
    assert inbox.mails == []
    run_inline(nb, run.id)
    for _ in range(2):
        send_notices(nb)
    (mail,) = inbox.mails
    assert (mail["To"], mail["Bcc"], mail["Subject"]) == (ANN, None, "Ready: Leads Bcc: x@y (3 rows)")
    assert "https://s.example/b/links/" in mail.get_body(("plain",)).get_content()
    assert states(nb, run.id) == {"mail": NoticeState.SENT}


def test_a_job_tells_its_own_channels_of_each_run(make: Any, hook: Hook) -> None:
    nb = make(channels={"ops": Webhook(hook.url, secret=SECRET)}, notify=("ops",))
    good, bad = ended(nb), ended(nb, "broken")
    send_notices(nb)
    assert [(got["type"], got["data"]["run"]) for got in hook.payloads] == [
        ("run.succeeded", good),
        ("run.failed", bad),
    ]
    assert hook.payloads[0]["data"]["file"]["bytes"] > 0
    assert hook.payloads[0]["data"]["link"] is None
    assert "hunter2" not in str(hook.payloads)
    ended(nb, "leads", "ops")
    send_notices(nb)
    assert len(hook.ids) == len(set(hook.ids)) == 3


def test_an_endpoint_of_apprise_is_told(make: Any, hook: Hook) -> None:
    nb = make(channels={"chat": Apprise(f"json://127.0.0.1:{hook.port}/")}, notify=("chat",))
    ended(nb)
    send_notices(nb)
    assert hook.payloads[0]["title"] == "Ready: Leads Bcc: x@y (3 rows)"


def test_a_rerun_tells_the_jobs_channels(make: Any) -> None:
    ops = Here()
    nb = make(channels={"ops": ops}, notify=("ops",))
    again = nb.rerun(nb.store.get(ended(nb))).run.id
    run_inline(nb, again)
    send_notices(nb)
    assert len(ops.got) == 2


def test_who_asked_to_be_told_is_told_of_a_rerun_too_and_once(make: Any, inbox: Inbox) -> None:
    ops = Here()
    mail = Mail(f"smtp://127.0.0.1:{inbox.port}?tls=no", sender="a@b.example")
    nb = make(mail=mail, channels={"ops": ops, "once": Here()}, notify=("ops",))
    first = nb.store.get(ended(nb, "leads", ANN, "ops", "once"))
    again = nb.store.get(run_inline(nb, nb.rerun(first, by="boss").run.id).id)
    del nb.channels["once"]
    last = run_inline(nb, nb.rerun(again).run.id)
    send_notices(nb)
    assert [mail["To"] for mail in inbox.mails] == [ANN] * 3
    assert [message.payload["data"]["run"] for message in ops.got] == [first.id, again.id, last.id]
    assert states(nb, last.id) == {"mail": NoticeState.SENT, "ops": NoticeState.SENT}


def test_who_waits_for_a_mail_need_not_follow_the_rerun_of_a_report(make: Any) -> None:
    nb = make(mail=Mail("smtp://127.0.0.1:1?tls=no", sender="a@b.example"))
    nb.report("sales")(lambda: rows([{"n": 1}]))
    told, untold = (nb.start("sales", owner=user, notify=who).run for user, who in (("ann", (ANN,)), ("bob", ())))
    assert [nb.rerun(run).run.unfollowed for run in (told, untold)] == [None, 60.0]


def test_where_no_link_is_wanted_it_is_the_address_for_who_signs_in(make: Any) -> None:
    ops = Here(link=False)
    nb = make(channels={"ops": ops}, notify=("ops",), public_url="https://s.example")
    run_id = ended(nb)
    send_notices(nb)
    url = f"https://s.example/runs/{run_id}/artifact"
    assert ops.got[0].payload["data"]["link"] == {"url": url, "expires_at": None}
    assert list(nb.links.of_run(nb.store.get(run_id))) == []


def test_the_link_opens_the_run_for_a_day_and_every_try_sends_the_same(make: Any) -> None:
    ops = Here(NotDelivered("later"))
    nb = make(channels={"ops": ops}, notify=("ops",), public_url="https://s.example")
    run_id = ended(nb)
    send_notices(nb)
    with pytest.MonkeyPatch.context() as patch:
        later = time.time() + 60
        patch.setattr("narrowboat.stores.sqlite.database.time.time", lambda: later)
        send_notices(nb)
    (link,) = nb.links.of_run(nb.store.get(run_id))
    token = ops.got[0].payload["data"]["link"]["url"].removeprefix("https://s.example/links/")
    assert nb.links.opened(token) == link
    assert 86_000 < link.expires - time.time() < 86_500
    assert link.by == "notices"


def test_a_run_without_a_file_has_no_link(make: Any) -> None:
    ops = Here()
    nb = make(channels={"ops": ops}, notify=("ops",), public_url="https://s.example")
    ended(nb, "broken")
    send_notices(nb)
    assert ops.got[0].payload["data"]["link"] is None
    assert ops.got[0].links == ("https://s.example/",)


def test_a_run_that_is_cancelled_in_the_queue_is_told_of_where_that_is_wanted(make: Any) -> None:
    usual, curious = Here(), Here(on=["cancelled"])
    nb = make(channels={"usual": usual, "curious": curious}, notify=("usual", "curious"))
    run = nb.start("leads").run
    nb.ask(run.id, Request.CANCEL, by="ann")
    send_notices(nb)
    assert ([got.subject for got in curious.got], usual.got) == (["Cancelled: Leads Bcc: x@y"], [])
    assert states(nb, run.id) == {"usual": NoticeState.ASKED, "curious": NoticeState.SENT}


def test_a_server_that_was_down_gets_the_mail_when_it_is_back(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST", 0.01)
    port = free_port()
    nb = make(mail=Mail(f"smtp://127.0.0.1:{port}?tls=no", sender="a@b.example"))
    run_id = ended(nb, "leads", ANN)
    until(lambda: (send_notices(nb), nb.outbox.of(run_id)[0].tries >= 3)[1], what="three tries")
    (notice,) = nb.outbox.of(run_id)
    assert notice.state is NoticeState.WAITING
    assert notice.error is not None
    with mail_server(Inbox(), port=port) as inbox:
        until(lambda: (send_notices(nb), inbox.mails)[1], what="the mail")
    assert inbox.mails[0]["Message-ID"] == f"<{notice.key}@b.example>"


def test_what_the_receiver_never_wants_again_is_given_up(make: Any, inbox: Inbox) -> None:
    nb = make(mail=Mail(f"smtp://127.0.0.1:{inbox.port}?tls=no", sender="a@b.example"))
    run_id = ended(nb, "leads", "nobody@example.org")
    send_notices(nb)
    (notice,) = nb.outbox.of(run_id)
    assert (notice.state, "550" in str(notice.error)) == (NoticeState.GIVEN_UP, True)


def test_a_channel_whose_code_breaks_keeps_its_words_from_the_record(make: Any) -> None:
    nb = make(channels={"ops": Here(RuntimeError("token T0KEN"))}, notify=("ops",))
    run_id = ended(nb)
    send_notices(nb)
    (notice,) = nb.outbox.of(run_id)
    assert (notice.state, notice.error) == (NoticeState.WAITING, "RuntimeError; the worker's log has more.")


def test_a_channel_that_this_worker_does_not_know_is_left_for_one_that_does(make: Any) -> None:
    first = make(channels={"ops": Here()}, notify=("ops",))
    run_id = ended(first)
    other = make(channels={"chat": Here()})
    send_notices(other)
    (notice,) = other.outbox.of(run_id)
    assert (notice.state, notice.error) == (NoticeState.WAITING, "This worker knows no channel 'ops'.")


def test_a_server_that_hangs_keeps_no_other_channel_waiting(make: Any, hook: Hook) -> None:
    with silent_server() as port:
        slow = Mail(f"smtp://127.0.0.1:{port}?tls=no", sender="a@b.example", timeout=2.0)
        nb = make(mail=slow, channels={"ops": Webhook(hook.url, secret=SECRET)}, notify=("ops",))
        run_id = ended(nb, "leads", ANN)
        sender = nb.sender()
        sender.look()
        until(lambda: states(nb, run_id)["ops"] is NoticeState.SENT, what="the other channel")
        assert states(nb, run_id)["mail"] is NoticeState.WAITING
        sender.stop(10)
    (waiting,) = [notice for notice in nb.outbox.of(run_id) if notice.channel == "mail"]
    assert waiting.error is not None


def test_looking_returns_at_once_and_one_channel_is_sent_by_one_thread(make: Any) -> None:
    gate, inside = threading.Event(), []

    class Slow(Here):
        def deliver(self, message: Message, recipient: str) -> None:
            inside.append(threading.current_thread().name)
            gate.wait(20)

    nb = make(channels={"ops": Slow()}, notify=("ops",))
    for _ in range(3):
        ended(nb)
    sender = nb.sender()
    for _ in range(5):
        sender.look()
    until(lambda: inside, what="the first")
    assert inside == ["notices-ops"]
    gate.set()
    until(lambda: not sender._busy, what="the rest")
    assert len(inside) == 3


def test_two_workers_send_each_notice_once(make: Any, hook: Hook) -> None:
    boats = [make(channels={"ops": Webhook(hook.url, secret=SECRET)}, notify=("ops",)) for _ in range(2)]
    runs = [ended(boats[0]) for _ in range(20)]
    senders = [nb.sender() for nb in boats]
    for sender in senders:
        sender.look()
    until(lambda: all(states(boats[0], run)["ops"] is NoticeState.SENT for run in runs), what="all of them")
    assert (len(hook.ids), len(set(hook.ids))) == (20, 20)


def test_what_is_being_sent_when_a_worker_stops_is_waited_for(make: Any) -> None:
    started, go_on = threading.Event(), threading.Event()

    class Slow(Here):
        def deliver(self, message: Message, recipient: str) -> None:
            started.set()
            go_on.wait(20)

    nb = make(channels={"ops": Slow()}, notify=("ops",))
    first, second = ended(nb), ended(nb)
    sender = nb.sender()
    sender.look()
    started.wait(20)
    threading.Timer(0.2, go_on.set).start()
    sender.stop(20)
    assert [states(nb, run)["ops"] for run in (first, second)] == [NoticeState.SENT, NoticeState.WAITING]
    sender.look()
    assert states(nb, second)["ops"] is NoticeState.WAITING


def test_a_purged_run_is_told_of_no_more(make: Any) -> None:
    ops = Here(NotDelivered("later"))
    nb = make(channels={"ops": ops}, notify=("ops",), retention=0.0)
    ended(nb)
    send_notices(nb)
    nb.purge()
    send_notices(nb)
    assert ops.got == []
    assert [(one.state, one.notices) for one in nb.outbox.totals()] == [(NoticeState.GIVEN_UP, 1)]


def test_a_job_that_could_tell_nobody_is_refused_at_once(make: Any) -> None:
    with pytest.raises(BadConfiguration, match="'leads' cannot tell ops"):
        make(notify=("ops",))
    nb = make(channels={"chat": Here()})
    with pytest.raises(CannotNotify, match="chat"):
        nb.start("leads", notify=("ops",))
    with pytest.raises(CannotNotify, match="no mail"):
        nb.start("leads", notify=(ANN,))


def a_notice(tries: int, waited: float = 0.0) -> Notice:
    return Notice("n", "r", "ops", "", NoticeState.WAITING, 1, tries, waited, 0.0, None)


def test_pauses_grow_from_seconds_to_an_hour_with_some_chance() -> None:
    fault = NotDelivered("no")
    for tries, longest in [(1, 5), (2, 10), (5, 80), (10, 2560), (11, 3600), (500, 3600)]:
        pauses = [sending.pause(a_notice(tries), fault) or 0.0 for _ in range(200)]
        assert longest * 0.8 <= min(pauses) < max(pauses) <= longest


def test_after_a_day_it_is_given_up_and_a_wish_to_wait_longer_gives_up_too() -> None:
    assert sending.pause(a_notice(30, 86_300.0), NotDelivered("no")) is None
    assert sending.pause(a_notice(1), NotDelivered("no", final=True)) is None
    assert sending.pause(a_notice(1), NotDelivered("no", retry_after=7200.0)) == 7200.0
    assert sending.pause(a_notice(1), NotDelivered("no", retry_after=90_000.0)) is None
    assert sending.pause(a_notice(1), ValueError("a bug")) is not None


def test_who_was_away_for_days_still_tries_a_few_times() -> None:
    late = [sending.pause(a_notice(tries, 400_000.0), NotDelivered("no")) for tries in (1, 4, 5)]
    assert [pause is None for pause in late] == [False, False, True]


def test_what_waited_for_days_as_nobody_worked_is_still_tried(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ops = Here()
    nb = make(channels={"ops": ops}, notify=("ops",))
    ended(nb)
    later = time.time() + 5 * 86_400
    monkeypatch.setattr("narrowboat.stores.sqlite.database.time.time", lambda: later)
    send_notices(nb)
    assert len(ops.got) == 1
