"""The rig: `narrowboat serve`, nginx and Caddy as real processes on free ports, and what a client sees through them."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.program import Program
from tests.waiting import free_port, until

HERE = Path(__file__).parent
CHAINS = (
    "caddy",
    "caddy_gzip",
    "caddy_best",
    "nginx",
    "nginx_gzip",
    "nginx_best",
    "caddy_nginx",
    "caddy_gzip_nginx_gzip",
    "caddy_best_nginx_best",
    "nginx_caddy",
    "nginx_gzip_caddy_gzip",
    "nginx_best_caddy_best",
)
"""The proxies in order from the client: with defaults, with compression, as the documentation recommends."""
CADDY_WAITS, NGINX_WAITS = 1.5, 6.0
"""Seconds, in place of 15 and 60: until the header (Caddy), between two pieces (nginx)."""
USER = {"x-user": "ann"}
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Of clients that need none: to load the usual certificates costs 50 ms of CPU for each."""


def caddy_version() -> tuple[int, ...]:
    """Of the program that is found first."""
    said = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def passes_cuts_on(chain: str) -> bool:
    """Whether a chain shows its client the end of the connection.

    Caddy before 2.8 never does; nginx does unless it speaks HTTP/1.0 to another proxy, which closes in order.
    """
    return ("caddy" not in chain or caddy_version() >= (2, 8)) and chain not in ("nginx_caddy", "nginx_gzip_caddy_gzip")


class Rig:
    """All of them. `at(chain)` is a client through a chain, `direct` one without.

    who: options of the server that say who asks; by default everybody is who they say they are, and the proxies and
    what the server lets a client wait are ten times as hasty as in life.
    """

    def __init__(self, place: Path, *who: str) -> None:
        self.place, self._who = place, who or ("--user", "tests.proxies.users:who")
        self._slower = 10 if who else 1
        self.ports = {name: free_port() for name in ("app", *CHAINS)}
        self._programs: list[Program] = []
        self._clients: dict[str, httpx.Client] = {}
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        serve = ["-m", "narrowboat", "serve", "tests.proxies.jobs:nb", *self._who]
        options = ["--port", str(self.ports["app"]), "--cors", "https://shop.example"]
        self.app = self._add([sys.executable, *serve, *options], "app", PROXIES_PLACE=str(self.place))
        self.nginx = self._add(["nginx", "-p", str(self.place), "-c", str(self._filled("nginx.conf"))], "nginx")
        caddy = ["caddy", "run", "--config", str(self._filled("Caddyfile")), "--adapter", "caddyfile"]
        self.caddy = self._add(caddy, "caddy", XDG_DATA_HOME=str(self.place), XDG_CONFIG_HOME=str(self.place))

    def _add(self, command: list[str], name: str, **environment: str) -> Program:
        program = Program(command, self.ports[name], self.place / f"{name}.log", **environment)
        self._programs.append(program)
        return program

    def _filled(self, template: str) -> Path:
        waits = {"caddy_waits": CADDY_WAITS * self._slower, "nginx_waits": round(NGINX_WAITS * self._slower)}
        known = {**self.ports, **waits, "user": "user root;" if os.geteuid() == 0 else ""}
        text = re.sub(r"@(\w+)@", lambda found: str(known[found[1]]), (HERE / template).read_text())
        path = self.place / template
        path.write_text(text)
        return path

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        for program in reversed(self._programs):
            program.close()

    @property
    def proxies(self) -> tuple[Program, Program]:
        return self.nginx, self.caddy

    @property
    def direct(self) -> httpx.Client:
        return self.at("app")

    def at(self, chain: str) -> httpx.Client:
        """A client that keeps its connections."""
        if chain not in self._clients:
            self._clients[chain] = self.fresh(chain)
        return self._clients[chain]

    def fresh(self, chain: str) -> httpx.Client:
        """A client of its own."""
        return httpx.Client(base_url=self.url(chain), headers=USER, timeout=30, follow_redirects=True, verify=NO_TLS)

    def url(self, chain: str) -> str:
        return f"http://127.0.0.1:{self.ports[chain]}"

    # the words of the tests

    def tap(self, name: str, text: str) -> None:
        """Let rows through (see `jobs.tap`)."""
        made = self.place / f"{name}.new"
        made.write_text(text)
        made.rename(self.place / name)

    def start_tap(self, name: str, text: str, file_format: str = "csv", *, at: str = "app", job: str = "tap") -> str:
        """The id of a run that is let through as far as `text` says."""
        self.tap(name, text)
        asked = {"params": {"name": name}, "output": {"format": file_format}}
        found = self.at(at).post(f"/jobs/{job}/runs", json=asked)
        assert found.status_code == 202, found.text
        return str(found.json()["id"])

    def until_state(self, run: str, state: str) -> dict[str, Any]:
        """The run once it is in this state."""
        return self._until(run, lambda found: found["state"] == state, f"run {run} to be {state}")

    def until_rows(self, run: str, rows: int) -> dict[str, Any]:
        """The run once so many rows are committed."""
        return self._until(run, lambda found: found["done"] >= rows, f"run {run} to have {rows} rows")

    def _until(self, run: str, good: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            got: dict[str, Any] = self.direct.get(f"/runs/{run}").json()
            return got if good(got) else None

        shown: dict[str, Any] = until(found, what)
        return shown

    def artifact(self, run: str) -> bytes:
        """The finished file, past the proxies."""
        self.until_state(run, "succeeded")
        return self.direct.get(f"/runs/{run}/artifact").content
