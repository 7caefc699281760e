"""A whole Narrowboat server with its worker, in a control group or free."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import MappingProxyType

from benchmarks.data import database
from benchmarks.group import Group
from benchmarks.places import CACHE, OURS, ROOT, environment

PATIENCE = 60.0
"""Seconds within which it must answer: half a CPU imports slowly."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that answers. `group`: what it is in, None for a free one."""

    port: int
    pid: int
    group: Group | None
    log: Path

    def workers(self) -> list[int]:
        """Its children, whichever thread started them."""
        lists = Path(f"/proc/{self.pid}/task").glob("*/children")
        return sorted(int(pid) for children in lists for pid in children.read_text().split())


@contextmanager
def serving(
    rows: int,
    group: Group | None,
    source: str | None = None,
    *,
    options: tuple[str, ...] = (),
    python: Path = OURS,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    """Start a server over that many leads, and stop it at the end. source: the URL of another database with them.
    options: of `narrowboat serve`. python: whose Narrowboat. more: of its environment.

    Raises RuntimeError with its log if it does not answer.
    """
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="server-") as place:
        folder, port = Path(place), free_port()
        shutil.copyfile(database(rows), folder / "leads.db")
        env = environment(NARROWBOAT_BENCHMARK=str(folder), **({"NARROWBOAT_SOURCE": source} if source else {}), **more)
        command: list[str | Path] = [python, "-m", "narrowboat", "serve", "benchmarks.jobs:nb", "--port", str(port)]
        command += options
        with open(folder / "log", "wb") as log:
            if group:
                process = group.start(command, output=log, cwd=ROOT, env=env)
            else:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, env=env)
        try:
            server = Server(port, process.pid, group, folder / "log")
            _wait(process, server)
            yield server
        finally:
            _stop(process)
            if group:
                group.empty()  # a server that was killed leaves its worker


def _wait(process: subprocess.Popen[bytes], server: Server) -> None:
    """Until it answers and its worker has started."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if answers(server.port) and server.workers():
            return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not come up (status {process.poll()}):\n{server.log.read_text()[-3000:]}")


def answers(port: int) -> bool:
    """Whether something speaks HTTP there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
