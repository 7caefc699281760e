"""What the tests of notices share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from narrowboat.kernel.model import State
from narrowboat.notify import Message
from tests.notices.servers import Hook, Inbox, mail_server, web_server


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A mail server that takes everything."""
    with mail_server(Inbox()) as inbox:
        yield inbox


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A web server that takes everything."""
    with web_server(Hook()) as hook:
        yield hook


@pytest.fixture
def message() -> Message:
    link = "https://shop.example/bulk/runs/r1/artifact?a=1&b=2"
    return Message(
        id="abc123.1",
        state=State.SUCCEEDED,
        subject="Ready: Führerschein-Anträge 🚗",
        text=f"Zoë's <leads> are ready: 33,407 rows.\n\nDownload it here:\n{link}",
        links=(link,),
        payload={"type": "run.succeeded", "data": {"title": "Führerschein 🚗", "rows": 33407}},
    )
