"""Apprise, speaking to a real endpoint by its own `json://`."""

from __future__ import annotations

import pytest

from narrowboat.errors import BadConfiguration, NotDelivered
from narrowboat.kernel.model import State
from narrowboat.notify import Apprise, Message
from tests.notices.servers import Hook
from tests.waiting import free_port


def test_subject_text_and_kind_arrive(hook: Hook, message: Message) -> None:
    Apprise(f"json://127.0.0.1:{hook.port}/hook").deliver(message, "")
    (payload,) = hook.payloads
    assert (payload["title"], payload["message"], payload["type"]) == (message.subject, message.text, "success")


@pytest.mark.parametrize(("state", "kind"), [(State.FAILED, "failure"), (State.PARTIAL, "warning")])
def test_endings_have_their_kinds(hook: Hook, message: Message, state: State, kind: str) -> None:
    Apprise(f"json://127.0.0.1:{hook.port}/hook").deliver(message._replace(state=state), "")
    assert hook.payloads[0]["type"] == kind


def test_what_is_refused_is_tried_again(hook: Hook, message: Message) -> None:
    hook.answers.append((500, {}))
    with pytest.raises(NotDelivered) as refusal:
        Apprise(f"json://127.0.0.1:{hook.port}/hook").deliver(message, "")
    assert not refusal.value.final


def test_a_url_that_apprise_does_not_know_is_given_up_without_quoting_it(message: Message) -> None:
    with pytest.raises(NotDelivered) as refusal:
        Apprise("nothing-such://T0KEN").deliver(message, "")
    assert refusal.value.final
    assert "T0KEN" not in str(refusal.value)


def test_no_token_is_in_errors_or_logs(message: Message, caplog: pytest.LogCaptureFixture) -> None:
    channel = Apprise(f"json://ann:T0KEN@127.0.0.1:{free_port()}/")
    with pytest.raises(NotDelivered) as refusal:
        channel.deliver(message, "")
    assert "T0KEN" not in f"{refusal.value}{channel!r}{caplog.text}"


def test_what_is_no_url_is_refused_at_once() -> None:
    with pytest.raises(BadConfiguration):
        Apprise("slack")
