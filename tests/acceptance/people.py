"""A server that knows its users itself, and the people of the tests: each with a browser of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from tests.acceptance.server import ROOT, Server
from tests.waiting import until

PASSWORD = "correct horse battery"  # noqa: S105  # of nobody
BROWSER = {"Sec-Fetch-Site": "same-origin"}


class Town:
    """The server and browsers to it: `town.ann.get(…)` asks as Ann, `town.nobody` as a stranger."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._browsers = ExitStack()
        self.nobody = self.browser()
        command = [sys.executable, "-m", "narrowboat", "users", "add", "root", "--role", "admin"]
        store = f"sqlite:///{server.folder}/runs.db"
        subprocess.run([*command, "--store", store], input=PASSWORD + "\n", text=True, check=True, cwd=ROOT)
        self.root = self.signed_in("root")
        for name, more in {
            "ann": {"attributes": {"city": "Lagos"}, "email": "ann@shop.example"},
            "ben": {"attributes": {"city": "Accra"}},
            "boss": {"role": "operator"},
            "reader": {"grants": {"leads": ["see"]}},
        }.items():
            made = self.root.post("/users", json={"id": name, "password": PASSWORD, **more})
            assert made.status_code == 201, made.text
        self.ann, self.ben, self.boss, self.reader = map(self.signed_in, ("ann", "ben", "boss", "reader"))

    def browser(self, **headers: str) -> httpx.Client:
        """A browser that nobody signed in with."""
        made = httpx.Client(base_url=self.server.url, timeout=30, headers={**BROWSER, **headers})
        return self._browsers.enter_context(made)

    def signed_in(self, user: str) -> httpx.Client:
        """A new browser of theirs."""
        made = self.browser()
        got = made.post("/session", json={"user": user, "password": PASSWORD})
        assert got.status_code == 200, got.text
        return made

    def program(self, owner: httpx.Client, *scopes: str, **more: Any) -> httpx.Client:
        """A program with a new token of theirs."""
        made = owner.post("/tokens", json={"label": "test", "scopes": scopes, **more})
        assert made.status_code == 201, made.text
        return self.browser(Authorization=f"Bearer {made.json()['secret']}")

    def run(self, who: httpx.Client, job: str = "leads", **params: Any) -> str:
        """A finished run of theirs."""
        started = who.post(f"/jobs/{job}/runs", json={"params": params, "output": {"format": "csv"}})
        assert started.status_code == 202, started.text
        run = str(started.json()["id"])
        until(lambda: who.get(f"/runs/{run}").json()["ended"], "the run to end")
        return run

    def close(self) -> None:
        self._browsers.close()


@contextmanager
def town(server: Server) -> Iterator[Town]:
    """The people of a server while inside."""
    made = Town(server)
    try:
        yield made
    finally:
        made.close()
