"""A real server process on the crash jobs, to be killed with and without its workers."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any

import psutil

from tests.crash.conftest import Place
from tests.program import ROOT, Program
from tests.waiting import free_port, until


class Server(Program):
    """`narrowboat serve` on a place. The same port again after `start`."""

    def __init__(self, place: Place) -> None:
        port = free_port()
        target = str(ROOT / "tests/crash/jobs.py") + ":nb"
        command = [sys.executable, "-m", "narrowboat", "serve", target, "--port", str(port)]
        super().__init__(command, port, place.folder / "server.log", **place.environment)

    def start(self) -> None:
        """Start and wait until it answers."""
        super().start()
        until(lambda: self.ask("/health"), "the server to answer")

    def ask(self, path: str, body: object = None) -> Any:
        """The JSON answer, or None while the server does not answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError, TimeoutError, OSError):
            return None

    def workers(self) -> list[psutil.Process]:
        """Its children that work."""
        try:
            return [child for child in psutil.Process(self.process.pid).children() if child.is_running()]
        except psutil.NoSuchProcess:
            return []

    def kill_alone(self) -> None:
        """kill -9 of the server without its workers."""
        self.process.kill()
        self.process.wait()
