"""A real HTTP server process on `served`, on a free port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import free_port, until

ROOT = Path(__file__).parents[2]


class Server:
    """The server's process, and a client to it."""

    def __init__(self, folder: Path, how: str = "alone", *options: str, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, "SERVED_FOLDER": str(folder), "SERVED_HOW": how, **environment}
        self._options = options
        self._log = open(folder / "server.log", "ab")
        self.client = httpx.Client(base_url=self.url, timeout=30)
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start and wait until it answers."""
        if not (self.folder / "crm.db").exists():
            self._make_crm()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--factory", "tests.acceptance.served:app", "--port", str(self.port),
             "--http", "h11", *self._options],
            env=self._environment, cwd=ROOT, stdout=self._log, stderr=self._log,
        )  # fmt: skip
        until(self._answers, "the server to answer")

    def _make_crm(self) -> None:
        make = "from tests.acceptance.served import make_crm; make_crm()"
        subprocess.run([sys.executable, "-c", make], env=self._environment, cwd=ROOT, check=True)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            return httpx.get(f"{self.url}/errors").status_code in (200, 404)
        except httpx.TransportError:
            return False

    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "server.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to stop, and its exit status when it has."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def close(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.stop()
        self._log.close()

    # the words of the tests

    def tap(self, name: str, text: str) -> None:
        """Let rows through (see `served.tap`)."""
        made = self.folder / f"{name}.new"
        made.write_text(text)
        made.rename(self.folder / name)

    def start_tap(self, name: str, text: str = "0", job: str = "tap", **body: Any) -> dict[str, Any]:
        """A run that is let through as far as `text` says."""
        self.tap(name, text)
        found = self.client.post(
            f"/jobs/{job}/runs", json={"params": {"name": name}, "output": {"format": "csv"}, **body}
        )
        assert found.status_code == 202, found.text
        run: dict[str, Any] = found.json()
        return run

    def run(self, run_id: str) -> dict[str, Any]:
        """The run as it is."""
        found: dict[str, Any] = self.client.get(f"/runs/{run_id}").json()
        return found

    def until_state(self, run_id: str, *states: str) -> dict[str, Any]:
        """The run once it is in one of these states."""

        def found() -> dict[str, Any] | None:
            run = self.run(run_id)
            return run if run["state"] in states else None

        run: dict[str, Any] = until(found, f"run {run_id} to be {' or '.join(states)}")
        return run

    def until_rows(self, run_id: str, rows: int) -> dict[str, Any]:
        """The run once so many rows are committed."""

        def found() -> dict[str, Any] | None:
            run = self.run(run_id)
            return run if run["done"] >= rows else None

        run: dict[str, Any] = until(found, f"run {run_id} to have {rows} rows")
        return run


@contextmanager
def serving(folder: Path, how: str = "alone", *options: str, **environment: str) -> Iterator[Server]:
    """A server while inside."""
    server = Server(folder, how, *options, **environment)
    try:
        yield server
    finally:
        server.close()


def csv_of(rows: int) -> bytes:
    """The csv file of a tap that let so many rows through."""
    lines = ["n,text", *(f"{n},row {n} ä <i>" for n in range(rows))]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")
