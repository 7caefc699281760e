"""Three clients that read the rows of a report and go on behind what they have, each as the documentation says.

`connect` brings what one connection gives, and raises nothing when it is cut. `end` is None until the stream has said
that it is whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import httpx

from tests.acceptance.server import ROOT

PAGE = ROOT / "docs/howto/read-rows.md"


class Reader(Protocol):
    """A client of one run."""

    rows: list[Any]
    end: dict[str, Any] | None

    def connect(self, client: httpx.Client) -> None: ...


Making: TypeAlias = Callable[[str], Reader]
"""From the address of rows."""


def documented() -> dict[str, Any]:
    """The names that the page's own example makes."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    made: dict[str, Any] = {"__name__": "example"}
    exec(code, made)  # noqa: S102  # the example is what is tested
    return made


def lines(address: str) -> Reader:
    """The example of the documentation, one connection at a time."""
    report = documented()["Report"](address, pause=0.0)
    connect = report.connect

    def until_cut(client: httpx.Client) -> None:
        try:
            connect(client)
        except httpx.TransportError:
            pass

    report.connect = until_cut
    found: Reader = report
    return found


class Events:
    """Rows by events, with the last id as the checkpoint."""

    def __init__(self, address: str) -> None:
        self.address, self.last = address, ""
        self.rows: list[Any] = []
        self.columns: list[Any] = []
        self.end: dict[str, Any] | None = None

    def connect(self, client: httpx.Client, *, most: int = 10**9) -> None:
        """most: events with rows, after which it leaves."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": self.last} if self.last else {})}
        try:
            with client.stream("GET", self.address, headers=headers) as answer:
                if answer.status_code == 200:
                    self.take_all(answer.iter_bytes(), most=most)
        except httpx.TransportError:
            pass

    def take_all(self, pieces: Iterator[bytes], *, most: int = 10**9) -> None:
        """What a stream brings, up to so many events with rows."""
        for name, told in events_of(pieces):
            self._take(name, told)
            most -= name == "rows"
            if not most:
                return

    def _take(self, name: str, told: dict[str, str]) -> None:
        self.last = told.get("id", self.last)
        match name:
            case "columns":
                self.columns = json.loads(told["data"])
            case "rows":
                self.rows += json.loads(told["data"])
            case "restart":
                self.rows = []
            case "done" | "failed":
                self.end = json.loads(told["data"])


def events_of(pieces: Iterator[bytes]) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and fields of each event that came whole; a comment's name is empty."""
    waiting = b""
    for piece in pieces:
        *whole, waiting = (waiting + piece).split(b"\n\n")
        for block in whole:
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line)
            yield fields.get("event", ""), fields


class Pages:
    """Rows by pages."""

    def __init__(self, address: str) -> None:
        self.address, self.generation = address, 0
        self.rows: list[Any] = []
        self.end: dict[str, Any] | None = None

    def connect(self, client: httpx.Client) -> None:
        try:
            answer = client.get(self.address, params={"from": len(self.rows), "count": 1000})
            page = answer.json() if answer.status_code == 200 else None
        except (httpx.TransportError, ValueError):
            return
        if page and page["generation"] != self.generation:
            self.generation, self.rows = page["generation"], []
        elif page:
            self.rows += page["rows"]
            if page["done"] and not page["rows"]:
                self.end = {"done": page["state"] in ("succeeded", "partial"), "rows": page["watermark"]}


WAYS: dict[str, Making] = {"lines": lines, "events": Events, "pages": Pages}
