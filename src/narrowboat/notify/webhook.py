"""Webhook: a POST to an address of yours, signed as Standard Webhooks has it (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from narrowboat.errors import BadConfiguration, NotDelivered
from narrowboat.notify.channel import ENDINGS, Channel, Message
from narrowboat.notify.connection import ANSWER, WHOLE, cut_after, split
from narrowboat.notify.texts import Text

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse
    from ssl import SSLContext

GONE = 410
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
"""Bytes, as the specification asks."""


class Webhook(Channel):
    """Posts the facts of an ended run as JSON to `url`.

    secret: `whsec_` and 24 to 64 random bytes in base64, or several of them while you change from one to the next: each
    signs. timeout: seconds for each answer. Redirects are not followed. 2xx is delivered, 410 is given up at once,
    everything else is tried again, no sooner than `Retry-After` says.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str | Iterable[str],
        timeout: float = ANSWER,
        on: Iterable[str] = ENDINGS,
        texts: Mapping[str, Text | tuple[str, str]] | None = None,
        link: bool = True,
    ) -> None:
        super().__init__(on=on, texts=texts, link=link)
        parts, _ = split(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
            raise BadConfiguration("A webhook's URL is https://host/path (or http://).")
        if "@" in parts.netloc:
            raise BadConfiguration("A webhook's URL holds no user and password: the signature says who sends.")
        self._host, self._tls = parts.netloc, parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        secrets = [secret] if isinstance(secret, str) else list(secret)
        self._keys = [_key(one) for one in secrets]
        if not self._keys:
            raise BadConfiguration("A webhook needs a secret: without one its receiver cannot know who sends.")
        self._timeout = timeout

    @property
    def place(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self._host}"

    def deliver(self, message: Message, recipient: str) -> None:
        """See `Channel`."""
        from http.client import HTTPException

        body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
        connection = self._connection()
        try:
            began = time.monotonic()
            connection.connect()
            with cut_after(WHOLE - (time.monotonic() - began), connection.sock):
                connection.request("POST", self._path, body, self._headers(message.id, body))
                _judge(connection.getresponse(), self.place)
        except (OSError, HTTPException) as error:
            if isinstance(error, NotDelivered):
                raise
            raise NotDelivered(f"{self.place} could not be asked: {type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        at = str(int(time.time()))
        return {
            "Content-Type": "application/json",
            "User-Agent": "Narrowboat",
            "Webhook-Id": key,
            "Webhook-Timestamp": at,
            "Webhook-Signature": " ".join(signature(secret, key, at, body) for secret in self._keys),
        }

    def _connection(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection

        if self._tls:
            return HTTPSConnection(self._host, timeout=self._timeout, context=self._trust)
        return HTTPConnection(self._host, timeout=self._timeout)

    @cached_property
    def _trust(self) -> SSLContext:
        import ssl

        return ssl.create_default_context()


def signature(secret: bytes, key: str, at: str, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC-SHA256 of id, timestamp and body, with dots between."""
    import hashlib
    import hmac

    digest = hmac.new(secret, f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise BadConfiguration(
            "A webhook's secret is `whsec_` and 24 to 64 random bytes in base64; "
            "`openssl rand -base64 32` makes what comes behind `whsec_`."
        )
    return key


def _judge(answer: HTTPResponse, place: str) -> None:
    if 200 <= answer.status < 300:
        return
    text = f"{place} answered {answer.status}"
    if 300 <= answer.status < 400:
        text += "; redirects are not followed, so configure the address that it leads to"
    raise NotDelivered(f"{text}.", final=answer.status == GONE, retry_after=_seconds(answer.getheader("Retry-After")))


def _seconds(header: Any) -> float:
    """`Retry-After` as seconds or as a date; 0 where it is neither."""
    text = str(header or "").strip()
    if text.isdecimal() and len(text) < 10:
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0
