"""Mail, against a real server: what arrives, what is refused, and what nobody may see."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import trustme

from narrowboat.errors import BadConfiguration, NotDelivered
from narrowboat.notify import Mail, Message, connection
from tests.notices.servers import Inbox, mail_server, silent_server
from tests.waiting import free_port

SENDER = "Exports für alle <exports@shop.example>"
LOGIN = ("ann@shop.example", "pa:ss/w@rd%")
ENCODED = "pa%3Ass%2Fw%40rd%25"


def plain(inbox: Inbox, **options: object) -> Mail:
    return Mail(f"smtp://127.0.0.1:{inbox.port}?tls=no", sender=SENDER, **options)  # type: ignore[arg-type]


def refused(mail: Mail, message: Message, recipient: str = "ann@example.org") -> NotDelivered:
    with pytest.raises(NotDelivered) as found:
        mail.deliver(message, recipient)
    return found.value


def test_a_mail_has_all_that_a_mail_should_have(inbox: Inbox, message: Message) -> None:
    plain(inbox).deliver(message, "ann@example.org")
    (mail,) = inbox.mails
    assert (inbox.senders, inbox.recipients) == (["exports@shop.example"], [["ann@example.org"]])
    assert mail["From"] == SENDER
    assert (mail["To"], mail["Subject"]) == ("ann@example.org", message.subject)
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<abc123.1@shop.example>", "auto-generated")
    assert mail["Date"].datetime is not None
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().split() == message.text.split()


def test_the_html_is_escaped_and_its_link_can_be_clicked(inbox: Inbox, message: Message) -> None:
    plain(inbox).deliver(message, "ann@example.org")
    html = list(inbox.mails[0].iter_parts())[1].get_content()
    assert "<leads>" not in html
    assert html.count("<p>") == 2
    href = "https://shop.example/bulk/runs/r1/artifact?a=1&amp;b=2"
    assert re.findall(r'<a href="([^"]*)">([^<]*)</a>', html) == [(href, href)]


def test_every_try_has_the_same_message_id(inbox: Inbox, message: Message) -> None:
    for _ in range(2):
        plain(inbox).deliver(message, "ann@example.org")
    assert [mail["Message-ID"] for mail in inbox.mails] == ["<abc123.1@shop.example>"] * 2


@pytest.mark.parametrize("breaking", ["\r\n", "\n", "\r"])
def test_no_subject_can_add_a_header(inbox: Inbox, message: Message, breaking: str) -> None:
    hostile = message._replace(subject=f"Ready{breaking}Bcc: all@example.org{breaking}{breaking}<script>")
    plain(inbox).deliver(hostile, "ann@example.org")
    (mail,) = inbox.mails
    assert (mail["Bcc"], mail["Subject"]) == (None, "Ready Bcc: all@example.org <script>")
    assert inbox.recipients == [["ann@example.org"]]


@pytest.fixture
def certified(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    """A server with STARTTLS and a login, whose authority this machine trusts."""
    import ssl

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with mail_server(Inbox(), tls=context, login=(LOGIN[0].encode(), LOGIN[1].encode())) as inbox:
        yield inbox


def test_it_signs_in_over_starttls(certified: Inbox, message: Message) -> None:
    url = f"smtp://ann%40shop.example:{ENCODED}@127.0.0.1:{certified.port}"
    Mail(url, sender=SENDER).deliver(message, "ann@example.org")
    assert len(certified.mails) == 1


def test_a_wrong_password_is_told_without_the_password_and_tried_again(certified: Inbox, message: Message) -> None:
    mail = Mail(f"smtp://ann:hunter2hunter2@127.0.0.1:{certified.port}", sender=SENDER)
    error = refused(mail, message)
    assert not error.final
    assert "535" in str(error)
    assert "hunter2" not in f"{error}{error!r}{mail!r}"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certified: Inbox, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    error = refused(Mail(f"smtp://ann:secret99@127.0.0.1:{certified.port}", sender=SENDER), message)
    assert "certificate verify failed" in str(error)
    assert certified.mails == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(inbox: Inbox, message: Message) -> None:
    error = refused(Mail(f"smtp://ann:secret99@127.0.0.1:{inbox.port}", sender=SENDER), message)
    assert "STARTTLS" in str(error)
    assert inbox.mails == []


def test_an_address_that_does_not_exist_is_not_tried_again(inbox: Inbox, message: Message) -> None:
    error = refused(plain(inbox), message, "nobody@example.org")
    assert (error.final, "550" in str(error)) == (True, True)


@pytest.mark.parametrize(("answer", "final"), [("451 4.7.1 greylisted", False), ("554 5.7.1 spam", True)])
def test_what_passes_is_tried_again_and_what_stays_is_not(
    inbox: Inbox, message: Message, answer: str, final: bool
) -> None:
    inbox.answers.append(answer)
    error = refused(plain(inbox), message)
    assert error.final is final
    assert answer[4:] in str(error)


def test_a_server_that_is_away_is_tried_again(message: Message) -> None:
    error = refused(Mail(f"smtp://127.0.0.1:{free_port()}?tls=no", sender=SENDER), message)
    assert not error.final


def test_a_server_that_never_answers_is_left(message: Message) -> None:
    with silent_server() as port:
        assert not refused(Mail(f"smtp://127.0.0.1:{port}?tls=no", sender=SENDER, timeout=0.2), message).final


def test_a_server_that_never_ends_an_answer_is_cut(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narrowboat.notify.mail.WHOLE", 0.5)
    assert connection.WHOLE > 0.5
    with silent_server(drip=b"220-wait\r\n220 now\r\n250-and wait\r\n") as port:
        refused(Mail(f"smtp://127.0.0.1:{port}?tls=no", sender=SENDER), message)


@pytest.mark.parametrize(
    "url",
    ["http://host", "smtp://", "host:25", "smtp://host?tls=maybe", "smtp://host?ssl=no", "smtp://host:port"],
)
def test_a_url_that_cannot_work_is_refused_at_once_without_quoting_it(url: str) -> None:
    with pytest.raises(BadConfiguration) as refusal:
        Mail(url.replace("//host", "//ann:secret99@host"), sender=SENDER)
    assert "secret99" not in str(refusal.value)


@pytest.mark.parametrize("sender", ["", "shop", "a@b, c@d", "A <a@b>\r\nBcc: c@d", "<a@b", "a b@c"])
def test_a_sender_that_is_no_address_is_refused_at_once(sender: str) -> None:
    with pytest.raises(BadConfiguration, match="sender"):
        Mail("smtp://host", sender=sender)
