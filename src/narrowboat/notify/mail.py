"""Mail: by SMTP, to one person at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from narrowboat.errors import BadConfiguration, NotDelivered
from narrowboat.notify.channel import ENDINGS, Channel, Message
from narrowboat.notify.connection import ANSWER, WHOLE, cut_after, split
from narrowboat.notify.texts import Text

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP
    from ssl import SSLContext

ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f-\x9f]+@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f-\x9f]+")
"""One plain address, nothing around it: what mail systems give out, and nothing that could end a header."""
SENDER = re.compile(rf"(?P<name>[^<>\x00-\x1f\x7f-\x9f]*)<(?P<in>{ADDRESS.pattern})>|(?P<bare>{ADDRESS.pattern})")
SHOWN = 200
"""Characters of a server's answer that are kept."""


class Mail(Channel):
    """Sends mail over `smtp://user:password@host:587`, or `smtps://…:465` where TLS comes first.

    sender: `exports@shop.example`, or `Exports <exports@shop.example>`. `smtp://` insists on STARTTLS; a relay in your
    own network that has none is `smtp://host:25?tls=no`. Certificates are checked against the system's authorities.
    Reserved characters in user and password are percent-encoded. timeout: seconds for each answer.
    """

    personal = True

    def __init__(
        self,
        url: str,
        *,
        sender: str,
        timeout: float = ANSWER,
        on: Iterable[str] = ENDINGS,
        texts: Mapping[str, Text | tuple[str, str]] | None = None,
        link: bool = True,
    ) -> None:
        super().__init__(on=on, texts=texts, link=link)
        parts, port, given = *split(url), SENDER.fullmatch(sender.strip())
        options = parse_qs(parts.query, keep_blank_values=True)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or options not in ({}, {"tls": ["no"]}):
            raise BadConfiguration(
                "A mail server's URL is smtp://user:password@host:587, smtps://… or smtp://…?tls=no."
            )
        if given is None:
            raise BadConfiguration(f"The sender of mails is one address or `Name <address>`, not {sender!r}.")
        self._scheme, self._host = parts.scheme, parts.hostname
        self._port = port or (465 if parts.scheme == "smtps" else 587)
        self._starttls = parts.scheme == "smtp" and not options
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._name, self._sender = (given["name"] or "").strip(' "'), given["in"] or given["bare"]
        self._timeout = timeout

    @property
    def place(self) -> str:
        return f"{self._scheme}://{self._host}:{self._port}"

    def deliver(self, message: Message, recipient: str) -> None:
        """See `Channel`."""
        import smtplib

        try:
            with self._session() as smtp:
                smtp.send_message(self.written(message, recipient), self._sender, [recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients[recipient]
            raise self._failure(f"refused the address: {code} {_shown(text)}", final=_is_final(code)) from error
        except smtplib.SMTPResponseException as error:
            final = isinstance(error, smtplib.SMTPDataError) and _is_final(error.smtp_code)
            raise self._failure(f"answered {error.smtp_code} {_shown(error.smtp_error)}", final=final) from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise self._failure(f"could not be spoken to: {type(error).__name__}: {_shown(str(error))}") from error

    def _failure(self, text: str, *, final: bool = False) -> NotDelivered:
        hidden = text.replace(self._password, "…") if self._password else text
        return NotDelivered(f"The mail server {self.place} {hidden}.", final=final)

    @contextmanager
    def _session(self) -> Iterator[SMTP]:
        """A connection that is signed in. What happens when it is ended does not matter any more."""
        began = time.monotonic()
        smtp = self._connected()
        try:
            assert smtp.sock is not None  # noqa: S101  # it is connected
            with cut_after(WHOLE - (time.monotonic() - began), smtp.sock):
                if self._starttls:
                    smtp.starttls(context=self._trust)
                if self._user:
                    smtp.login(self._user, self._password)
                yield smtp
                with suppress(Exception):
                    smtp.quit()
        finally:
            smtp.close()

    def _connected(self) -> SMTP:
        import smtplib

        us = self._sender.rpartition("@")[2]  # else smtplib asks the name service, which may take long
        if self._scheme == "smtps":
            return smtplib.SMTP_SSL(self._host, self._port, us, timeout=self._timeout, context=self._trust)
        return smtplib.SMTP(self._host, self._port, us, timeout=self._timeout)

    @cached_property
    def _trust(self) -> SSLContext:
        import ssl

        return ssl.create_default_context()

    def written(self, message: Message, recipient: str) -> EmailMessage:
        """The mail itself: plain text, and the same as simple HTML."""
        from email.headerregistry import Address
        from email.message import EmailMessage
        from email.utils import formatdate

        mail = EmailMessage()
        mail["From"] = Address(self._name, addr_spec=self._sender)
        mail["To"] = recipient
        mail["Subject"] = " ".join(message.subject.split())
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message.id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
        mail.set_content(message.text + "\n")
        mail.add_alternative(_html(message), subtype="html")
        return mail


def _html(message: Message) -> str:
    from html import escape

    text = escape(message.text)
    if links := [re.escape(escape(link)) for link in sorted(message.links, key=len, reverse=True)]:
        text = re.sub("|".join(links), lambda found: f'<a href="{found[0]}">{found[0]}</a>', text)
    return "".join(f"<p>{paragraph}</p>\n" for paragraph in text.replace("\n", "<br>\n").split("<br>\n<br>\n"))


def _is_final(code: int) -> bool:
    """5xx: for good (RFC 5321)."""
    return 500 <= code < 600


def _shown(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:SHOWN]
