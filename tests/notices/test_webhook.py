"""Webhooks, against a real server, their signatures checked by the library of the standard."""

from __future__ import annotations

import base64
import json
import time
from email.utils import formatdate
from typing import Any

import pytest
import standardwebhooks

from narrowboat.errors import BadConfiguration, NotDelivered
from narrowboat.notify import Message, Webhook
from tests.notices.servers import Hook, silent_server
from tests.waiting import free_port

SECRET, OTHER = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))


def refused(webhook: Webhook, message: Message) -> NotDelivered:
    with pytest.raises(NotDelivered) as found:
        webhook.deliver(message, "")
    return found.value


def verified(hook: Hook, secret: str) -> Any:
    _, headers, body = hook.requests[-1]
    return standardwebhooks.Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})


def test_the_standards_own_library_accepts_the_signature(hook: Hook, message: Message) -> None:
    Webhook(hook.url, secret=SECRET).deliver(message, "")
    assert verified(hook, SECRET) == message.payload
    path, headers, _ = hook.requests[0]
    assert (path, headers["Webhook-Id"], headers["Content-Type"]) == ("/hook", "abc123.1", "application/json")


def test_it_does_not_accept_another_secret_or_another_body(hook: Hook, message: Message) -> None:
    Webhook(hook.url, secret=SECRET).deliver(message, "")
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(hook, OTHER)
    path, headers, body = hook.requests[0]
    hook.requests[0] = (path, headers, body.replace(b"33407", b"33408"))
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(hook, SECRET)


def test_while_secrets_change_both_the_old_and_the_new_one_hold(hook: Hook, message: Message) -> None:
    Webhook(hook.url, secret=[OTHER, SECRET]).deliver(message, "")
    assert verified(hook, SECRET) == verified(hook, OTHER) == message.payload


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_delivered(hook: Hook, message: Message, status: int) -> None:
    hook.answers.append((status, {}))
    Webhook(hook.url, secret=SECRET).deliver(message, "")


@pytest.mark.parametrize(("status", "final"), [(400, False), (404, False), (410, True), (429, False), (500, False)])
def test_what_is_refused_is_tried_again_unless_it_is_gone(
    hook: Hook, message: Message, status: int, final: bool
) -> None:
    hook.answers.append((status, {}))
    error = refused(Webhook(hook.url, secret=SECRET), message)
    assert (error.final, str(status) in str(error)) == (final, True)


def test_a_redirect_is_not_followed(hook: Hook, message: Message) -> None:
    hook.answers.append((307, {"Location": f"{hook.url}/elsewhere"}))
    assert "redirects are not followed" in str(refused(Webhook(hook.url, secret=SECRET), message))
    assert [path for path, _, _ in hook.requests] == ["/hook"]


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("soon", 0), ("-5", 0)])
def test_the_receivers_wish_to_be_left_alone_is_heard(
    hook: Hook, message: Message, header: str, seconds: float
) -> None:
    hook.answers.append((503, {"Retry-After": header}))
    assert refused(Webhook(hook.url, secret=SECRET), message).retry_after == seconds


def test_the_wish_may_be_a_date(hook: Hook, message: Message) -> None:
    hook.answers.append((503, {"Retry-After": formatdate(time.time() + 500, usegmt=True)}))
    assert 300 <= refused(Webhook(hook.url, secret=SECRET), message).retry_after <= 500


def test_a_receiver_that_hangs_is_left(message: Message) -> None:
    with silent_server() as port:
        refused(Webhook(f"http://127.0.0.1:{port}/", secret=SECRET, timeout=0.2), message)


def test_a_receiver_that_never_ends_its_answer_is_cut(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrowboat.notify.webhook.WHOLE", 0.5)
    with silent_server(drip=b"x") as port:
        refused(Webhook(f"http://127.0.0.1:{port}/", secret=SECRET), message)


def test_a_receiver_that_is_away_is_told_without_its_path(message: Message) -> None:
    error = refused(Webhook(f"http://127.0.0.1:{free_port()}/services/T0KEN?key=T0KEN", secret=SECRET), message)
    assert "T0KEN" not in str(error)
    assert not error.final


def test_neither_secret_nor_path_is_shown(hook: Hook) -> None:
    shown = repr(Webhook(f"{hook.url}/T0KEN", secret=SECRET))
    assert "T0KEN" not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "url", ["ftp://host/", "https://", "host/hook", "https://host/a b", "https://host:x/", "https://host/\r\nX: y"]
)
def test_a_url_that_cannot_work_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadConfiguration):
        Webhook(url, secret=SECRET)


def test_a_url_with_a_password_is_refused_without_quoting_it() -> None:
    with pytest.raises(BadConfiguration) as refusal:
        Webhook("https://ann:secret99@host/", secret=SECRET)
    assert "secret99" not in str(refusal.value)


@pytest.mark.parametrize("secret", ["", "hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_no base64!", [], SECRET[6:]])
def test_a_secret_that_is_none_is_refused_at_once_without_quoting_it(secret: str | list[str]) -> None:
    with pytest.raises(BadConfiguration) as refusal:
        Webhook("https://host/", secret=secret)
    assert "openssl" in str(refusal.value) or "needs a secret" in str(refusal.value)
    assert not any(word in str(refusal.value) for word in ("hunter2", "c2hvcnQ", "no base64", SECRET[6:]))


def test_the_body_is_json_in_utf8(hook: Hook, message: Message) -> None:
    Webhook(hook.url, secret=SECRET).deliver(message, "")
    body = hook.requests[0][2]
    assert "Führerschein 🚗".encode() in body
    assert json.loads(body) == message.payload
