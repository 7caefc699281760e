"""Servers as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from tests.waiting import until

ROOT = Path(__file__).parents[1]


class Program:
    """A process that listens, which can be killed and started again."""

    def __init__(self, command: list[str], port: int, log: Path, *, cwd: Path = ROOT, **environment: str) -> None:
        self._command, self.port, self._log, self._cwd = command, port, log, cwd
        self._environment = {**os.environ, **environment}
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, cwd=self._cwd, stdout=log, stderr=log, start_new_session=True
            )
        until(self._listens, f"{self._command[0]} to listen; see {self._log}")

    def _listens(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """kill -9 of it and all its children at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
