"""Notices in narrowboat.toml and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from narrowboat.cli import main
from narrowboat.cli.config import read
from narrowboat.errors import BadConfiguration
from narrowboat.kernel.model import Request, State
from narrowboat.notify import Apprise, Mail, Webhook
from narrowboat.testing import run_inline, send_notices
from tests.notices.servers import Inbox

FILE = """
database = "sqlite:///runs.db"
[sources]
crm = "sqlite:///runs.db"
[exports.leads]
source = "crm"
table = "narrowboat_totals"
key = ["job", "state"]
"""
SECRET = "whsec_" + "A" * 43 + "="


def write(folder: Path, more: str) -> Path:
    path = folder / "narrowboat.toml"
    path.write_text(FILE + more)
    return path


def test_all_kinds_of_channel_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW", SECRET)
    monkeypatch.setenv("OLD", SECRET)
    nb = read(
        write(
            tmp_path,
            """notify = ["crm", "boss@example.org"]
[notices.mail]
smtp = "smtp://ann:secret99@127.0.0.1:25"
sender = "a@b"
link = false
[notices.crm]
webhook = "https://crm.example/hook"
secret_env = ["NEW", "OLD"]
on = ["cancelled"]
[notices.chat]
apprise = "json://127.0.0.1"
""",
        )
    )
    assert [type(one) for one in nb.channels.values()] == [Mail, Webhook, Apprise]
    assert (nb.channels["mail"].link, set(nb.channels["crm"].on)) == (False, {State.CANCELLED})
    run = nb.start("leads").run
    assert [(one.channel, one.recipient) for one in nb.outbox.of(run.id)] == [("crm", ""), ("mail", "boss@example.org")]
    nb.store.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[notices.x]", "needs one of"),
        ('[notices.x]\nsmtp = "smtp://u:secret99@h"', "needs sender"),
        ('[notices.x]\nsmtp = "smtp://u:secret99@h"\nwebhook = "https://h"', "needs one of"),
        ('[notices.x]\nsmtp = "smtp://u:secret99@h"\nsmtp_env = "A"', "both"),
        ('[notices.x]\nsmtp = "smtp://u:sec/ret99@h"\nsender = "a@b"', "percent-encoded"),
        ('[notices.x]\nwebhook = "https://h"', "secret_env"),
        ('[notices.x]\nwebhook = "https://h"\nsecret_env = "NOT_SET"', "NOT_SET"),
        ('[notices.x]\nwebhook_env = "NOT_SET"\nsecret_env = "NOT_SET"', "NOT_SET"),
        ('[notices.x]\napprise = "json://h"\non = ["done"]', "done"),
        ('[notices.x]\napprise = "json://h"\ncolour = "red"', "notices.x.colour"),
        ('[notices.x]\napprise = "json://h"\ntexts = {failed = {title = "x"}}', "notices.x.texts.failed.title"),
        ('[notices.x]\napprise = "json://h"\ntexts = {failed = {subject = "$x"}}', "$x"),
        ('[notices.x]\nsmtp = "smtp://u:secret99@h"\nsender = "a@b"', "mail="),
        ('notify = ["ops"]', "ops"),
    ],
)
def test_what_is_wrong_is_named_and_no_password_quoted(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadConfiguration) as refusal:
        read(write(tmp_path, text))
    assert said in str(refusal.value)
    assert "ret99" not in str(refusal.value)


def test_a_run_is_shown_with_who_was_told(
    tmp_path: Path, inbox: Inbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(
        tmp_path, f'[notices.mail]\nsmtp = "smtp://127.0.0.1:{inbox.port}?tls=no"\nsender = "a@b"\non = ["cancelled"]'
    )
    nb = read(path)
    run = nb.start("leads", notify=("ann@example.org",)).run
    nb.ask(run.id, Request.CANCEL)
    send_notices(nb)
    nb.store.close()
    assert main(["runs", "show", run.id]) == 0
    assert "told by mail ann@example.org: sent" in capsys.readouterr().out
    assert main(["runs", "show", run.id, "--json"]) == 0
    (notice,) = json.loads(capsys.readouterr().out.splitlines()[-1])["notices"]
    assert (notice["recipient"], notice["state"]) == ("ann@example.org", "sent")


def test_texts_of_ones_own_are_said(tmp_path: Path, inbox: Inbox) -> None:
    nb = read(
        write(
            tmp_path,
            f"""[notices.mail]
smtp = "smtp://127.0.0.1:{inbox.port}?tls=no"
sender = "a@b"
[notices.mail.texts.succeeded]
subject = "Fertig: $title"
body = "$rows Zeilen"
""",
        )
    )
    run_inline(nb, nb.start("leads", notify=("ann@example.org",)).run.id)
    send_notices(nb)
    nb.store.close()
    assert (inbox.mails[0]["Subject"], inbox.mails[0].get_body(("plain",)).get_content().strip()) == (
        "Fertig: leads",
        "0 Zeilen",
    )
