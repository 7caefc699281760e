"""Receivers as there are in the world: a mail server and a web server, each of which can be told to misbehave."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.waiting import free_port


@dataclass
class Inbox:
    """Mails that arrived. `answers`: what the server says to the next ones instead of taking them."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(envelope.rcpt_tos)
        self.senders.append(envelope.mail_from)
        return "250 OK"


@contextmanager
def mail_server(
    inbox: Inbox, *, port: int = 0, tls: ssl.SSLContext | None = None, login: tuple[bytes, bytes] | None = None
) -> Iterator[Inbox]:
    """Serves while inside. tls: offers STARTTLS and insists on it. login: insists on this user and password."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == login, handled=False)

    inbox.port = port or free_port()
    options = {"tls_context": tls, "require_starttls": True} if tls else {}
    auth = {"authenticator": check, "auth_required": True} if login else {}
    controller = Controller(
        inbox, hostname="127.0.0.1", port=inbox.port, enable_SMTPUTF8=True, ident="test", **options, **auth
    )
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


@dataclass
class Hook:
    """Requests that a web server got. `answers`: status and headers of the next answers; then 204."""

    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """Called before each answer."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def payloads(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.requests]

    @property
    def ids(self) -> list[str]:
        return [headers["Webhook-Id"] for _, headers, _ in self.requests]


@contextmanager
def web_server(hook: Hook) -> Iterator[Hook]:
    """Serves while inside."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hook.requests.append((self.path, dict(self.headers), body))
            hook.before()
            status, headers = hook.answers.pop(0) if hook.answers else (204, {})
            with suppress(OSError):
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

        do_GET = do_POST

        def log_message(self, *args: Any) -> None:
            """Not to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", hook.port), Handler)
    server.daemon_threads = True
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent_server(drip: bytes = b"") -> Iterator[int]:
    """A port that takes connections and never answers; or says `drip` again and again, and never comes to an end."""
    ear = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    held: list[socket.socket] = []

    def hold() -> None:
        with suppress(OSError):
            while not over.is_set():
                held.append(ear.accept()[0])

    def say() -> None:
        while drip and not over.wait(0.05):
            for one in held:
                with suppress(OSError):
                    one.send(drip)

    threads = [threading.Thread(target=work, daemon=True) for work in (hold, say)]
    for thread in threads:
        thread.start()
    try:
        yield ear.getsockname()[1]
    finally:
        over.set()
        ear.shutdown(socket.SHUT_RDWR)
        ear.close()
        for thread in threads:
            thread.join()
        for one in held:
            one.close()
