"""The page about notices: its examples run, its receiver checks real signatures, its tables are complete."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat
from narrowboat.cli.config import read
from narrowboat.data.sources import rows
from narrowboat.notify import Apprise, Mail, Webhook
from narrowboat.notify.message import Download
from narrowboat.notify.texts import NAMES
from narrowboat.notify.webhook import signature
from narrowboat.testing import run_inline
from tests.unit.notify.test_message import a_run, said

PAGE = (Path(__file__).parents[3] / "docs/howto/notices.md").read_text()
KEY = bytes(32)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOK_SECRET", f"whsec_{base64.b64encode(KEY).decode()}")
    monkeypatch.setenv("SMTP_URL", "smtp://ann:secret99@smtp.example")
    return tmp_path


def example(defines: str) -> dict[str, Any]:
    """The names that the example with these words makes."""
    (code,) = [block for block in blocks("python") if defines in block]
    made: dict[str, Any] = {"__name__": "example"}
    exec(code, made)  # noqa: S102
    return made


def test_the_objects_are_made_as_the_page_says() -> None:
    assert isinstance(example("mail=Mail(")["nb"].channels["mail"], Mail)
    channels = example('"chat": Apprise')["nb"].channels
    assert [type(one) for one in channels.values()] == [Webhook, Apprise]


def test_the_receiver_takes_what_is_signed_once_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    import time

    receive, at, body = example("def receive")["receive"], str(int(time.time())), b'{"type":"run.failed"}'
    headers = {"webhook-id": "k", "webhook-timestamp": at, "webhook-signature": signature(KEY, "k", at, body)}
    assert [receive(headers, body), receive(headers, body), receive(headers, body + b" ")] == [204, 204, 401]
    old = {**headers, "webhook-timestamp": "1000", "webhook-signature": signature(KEY, "k", "1000", body)}
    assert receive(old, body) == 400
    assert capsys.readouterr().out == "run.failed\n"


def test_a_channel_of_ones_own_is_told(place: Path) -> None:
    nb: Narrowboat = example("class Pager")["nb"]
    nb.export("none", notify=("pager",))(lambda: rows(list, columns=["a"]))
    run_inline(nb, nb.start("none").run.id)
    nb.store.close()


def test_the_file_is_read(place: Path) -> None:
    (text,) = blocks("toml")
    (place / "narrowboat.toml").write_text(text)
    nb = read(place / "narrowboat.toml")
    assert [(name, type(one)) for name, one in nb.channels.items()] == [("mail", Mail), ("crm", Webhook)]
    assert nb.start("leads").run.job == "leads"
    assert [(one.channel, one.recipient) for one in nb.outbox.of(nb.start("leads").run.id)] == [
        ("crm", ""),
        ("mail", "boss@shop.example"),
    ]
    nb.store.close()


def test_the_body_has_the_members_that_are_shown() -> None:
    (shown,) = blocks("json")

    def shape(value: Any) -> Any:
        return {key: shape(one) for key, one in value.items()} if isinstance(value, dict) else None

    made = said(a_run(), download=Download("https://x", None)).payload
    assert shape(json.loads(shown)) == shape(made)


def test_every_name_of_a_text_is_explained() -> None:
    table = "".join(re.findall(r"^\| (`\$.*?) \|", PAGE, re.M))
    assert set(re.findall(r"`\$(\w+)`", table)) == NAMES
