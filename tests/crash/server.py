"""A real server process on the crash jobs, to be killed with and without its workers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import psutil

from tests.crash.conftest import ROOT, Place


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(condition: Callable[[], Any], *, seconds: float = 30.0, what: str) -> Any:
    """The condition's first true value; fails after so many seconds, saying what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


class Server:
    """`narrowboat serve` on a place. The same port again after `start`."""

    def __init__(self, place: Place) -> None:
        self._place, self._port = place, free_port()
        self.log = open(place.folder / "server.log", "ab")
        self.start()

    def start(self) -> None:
        """Start and wait until it answers."""
        target = str(ROOT / "tests/crash/jobs.py") + ":nb"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "narrowboat", "serve", target, "--port", str(self._port)],
            env=self._place.environment, cwd=ROOT, stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip
        until(lambda: self.ask("/health"), what="the server to answer")

    def ask(self, path: str, body: object = None) -> Any:
        """The JSON answer, or None while the server does not answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}", data, {"Content-Type": "application/json"}
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

    def kill(self) -> None:
        """kill -9 of the server alone."""
        self.process.kill()
        self.process.wait()

    def kill_all(self) -> None:
        """kill -9 of the server and all its workers at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """As at a deploy: ask, wait, insist."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill_all()

    def close(self) -> None:
        self.stop()
        self.log.close()
