"""What a notice says: facts for programs, plain words for people, and nothing that breaks a line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from narrowboat.errors import BadConfiguration, CannotNotify
from narrowboat.kernel.model import ENDED, Artifact, Counters, Run, State, Wanted
from narrowboat.kernel.outbox import Notice, NoticeState
from narrowboat.notify import Channel, Mail, Message, Text
from narrowboat.notify.channel import ENDINGS
from narrowboat.notify.message import Download, compose
from narrowboat.notify.texts import NAMES, TEXTS
from narrowboat.notify.whom import checked, wanted

NOTICE = Notice("n1", "r1", "mail", "ann@example.org", NoticeState.WAITING, 2, 1, 0.0, 0.0, None)
FILE = Artifact("leads.xlsx", "application/x", 4_900_000, "ab" * 32, {})
DOWNLOAD = Download("https://shop.example/links/t", 1_800_086_400.0)


class Pipe(Channel):
    """A channel of one's own."""

    place = "pipe"

    def deliver(self, message: Message, recipient: str) -> None:
        raise AssertionError("nothing is sent here")


def a_run(state: State = State.SUCCEEDED, **changes: Any) -> Run:
    blank: dict[str, Any] = dict.fromkeys(Run._fields) | Run._field_defaults
    made = {
        "id": "r1", "job": "leads", "owner": "ann", "state": state, "counters": Counters(rows=33407, rejected=7),
        "created": 1_799_999_990.0, "started": 1_800_000_000.0, "finished": 1_800_000_042.0, "artifact": FILE,
    }  # fmt: skip
    return Run(**{**blank, **made, **changes})


def said(run: Run, channel: Channel | None = None, **changes: Any) -> Message:
    told = {"title": "Leads", "download": DOWNLOAD, "page": "https://shop.example/", **changes}
    return compose(NOTICE, run, channel or Pipe(), **told)


def test_who_asked_reads_how_much_when_and_where() -> None:
    message = said(a_run())
    assert message.subject == "Ready: Leads (33,407 rows)"
    assert message.text == (
        "Leads is ready: 33,407 rows, 4.9 MB. It was finished on 15 January 2027, 08:00 UTC and took 42 s.\n\n"
        "Download it here until 16 January 2027, 08:00 UTC:\nhttps://shop.example/links/t\n\n"
        "Run: r1"
    )
    assert message.links[0] == DOWNLOAD.url


def test_the_id_is_that_of_the_ending() -> None:
    assert said(a_run()).id == "n1.2"


def test_without_a_file_or_an_address_nothing_is_promised() -> None:
    message = said(a_run(State.PARTIAL), download=None, page="")
    assert "http" not in message.text
    assert "Download" not in message.text
    assert message.links == ()
    assert "\n\n\n" not in message.text


@pytest.mark.parametrize("state", sorted(ENDED))
def test_every_ending_has_words_of_its_own(state: State) -> None:
    message = said(a_run(state, error_code="deadline-passed", error="It reached its limit."))
    assert "Leads" in message.subject
    assert "$" not in message.subject + message.text
    assert len({text.subject for text in TEXTS.values()}) == len(ENDED)


def test_of_a_partial_run_the_rejects_are_counted() -> None:
    assert "7 of its 33,407 rows were refused" in said(a_run(State.PARTIAL)).text


def test_of_a_failed_run_people_read_what_they_may_know_and_what_to_do() -> None:
    private = said(a_run(State.FAILED, error_code="job-failed", error="the password is hunter2", artifact=None))
    assert "hunter2" not in f"{private.text}{private.payload}"
    assert "resume" in private.text
    public = said(a_run(State.TIMED_OUT, error_code="deadline-passed", error="Ask for fewer rows."))
    assert "Ask for fewer rows." in public.text
    assert public.payload["data"]["error"] == {"code": "deadline-passed", "detail": "Ask for fewer rows."}


def test_an_error_of_an_unknown_code_is_kept_private() -> None:
    assert "hunter2" not in said(a_run(State.FAILED, error_code="from-the-future", error="hunter2")).text


def test_a_run_that_got_over_its_faults_tells_of_none() -> None:
    message = said(a_run(error_code="source-unavailable", error="It went away."))
    assert message.payload["data"]["error"] is None


FROM_THE_FILE = "Line 7 is no JSON: {'iban': 'GH12 3456'}"


@pytest.mark.parametrize("code", ["file-broken", "unusable-file"])
def test_nothing_of_a_file_is_quoted_and_where_it_is_told_is_said(code: str) -> None:
    message = said(a_run(State.FAILED, error_code=code, error=FROM_THE_FILE, artifact=None))
    assert "GH12" not in f"{message.subject}{message.text}{message.payload}"
    assert "The run says what is wrong in the file" in message.text
    assert message.payload["data"]["error"]["code"] == code


def test_what_is_told_is_bounded_and_turns_no_line_around() -> None:
    names = "The workbook has the sheets " + "\u202egnp.exe\u2066\r\n" * 1000
    message = said(a_run(State.FAILED, error_code="unknown-sheet", error=names, artifact=None))
    detail = message.payload["data"]["error"]["detail"]
    assert len(detail) <= 1000
    assert not {"\u202e", "\u2066", "\n"} & set(detail)
    assert "\u202e" not in message.text


HOSTILE = "Leads\r\nBcc: all@example.org\r\n\r\n<b>\x00\x1b[2J\u2028\ud800$run"


def test_a_hostile_title_stays_on_its_line() -> None:
    message = said(a_run(owner=HOSTILE, job=HOSTILE), title=HOSTILE)
    assert message.subject.isprintable()
    assert message.text.splitlines()[0].startswith("Leads Bcc: all@example.org <b> [2J ?$run is ready")
    assert "\x1b" not in message.text
    json.dumps(message.payload)


def test_a_long_title_is_cut() -> None:
    assert len(said(a_run(), title="x" * 10_000).subject) <= 200


def test_a_channel_may_have_its_own_words() -> None:
    channel = Pipe(texts={"succeeded": Text("$owner: $file", "$$5 for $rows\n\n$reason\n\nhere: $link")})
    message = said(a_run(), channel)
    assert message.subject == "ann: leads.xlsx"
    assert message.text == f"$5 for 33,407\n\nhere: {DOWNLOAD.url}"
    assert said(a_run(State.PARTIAL), channel).subject.startswith("Ready, with rows refused")


def test_every_name_can_be_used() -> None:
    Pipe(texts={"succeeded": ("", " ".join(f"${name}" for name in NAMES))})


@pytest.mark.parametrize("text", ["$nmae", "50 $", "${rows", "$rows.real.nothing $x"])
def test_a_text_that_cannot_be_filled_is_refused_at_once(text: str) -> None:
    with pytest.raises(BadConfiguration):
        Pipe(texts={"failed": (text, "")})


@pytest.mark.parametrize("options", [{"on": ["done"]}, {"on": ["running"]}, {"texts": {"done": ("", "")}}])
def test_an_ending_that_does_not_exist_is_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(BadConfiguration, match="succeeded"):
        Pipe(**options)


MAIL = Mail("smtp://host", sender="a@b")


def test_an_address_is_told_by_mail_and_a_name_by_its_channel_each_once() -> None:
    channels = checked(MAIL, {"ops": Pipe(on=["failed"])})
    assert wanted(channels, ("ann@example.org", "ops", "ann@example.org")) == (
        Wanted("mail", "ann@example.org", frozenset(ENDINGS)),
        Wanted("ops", "", frozenset({State.FAILED})),
    )


@pytest.mark.parametrize(
    "who", ["mail", "sms", "", "a@b\r\nBcc: c@d", "a@b, c@d", "a@b c", f"{'x' * 300}@b", "@", "A <a@b>"]
)
def test_who_cannot_be_told_is_refused(who: str) -> None:
    with pytest.raises(CannotNotify):
        wanted(checked(MAIL, {}), (who,))


def test_without_mail_no_address_is_told() -> None:
    with pytest.raises(CannotNotify, match="sends no mail"):
        wanted(checked(None, {"ops": Pipe()}), ("ann@example.org",))


@pytest.mark.parametrize("name", ["", "mail", "ops@example.org"])
def test_a_name_that_means_something_else_is_refused(name: str) -> None:
    with pytest.raises(BadConfiguration):
        checked(None, {name: Pipe()})
    with pytest.raises(BadConfiguration, match="mail="):
        checked(None, {"boss": MAIL})
