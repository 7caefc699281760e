"""Requests that a framework hands on: it says who asks, and whether an answer may last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.jobs.output import Output
from narrowboat.testing import run_inline
from narrowboat.web import hosted
from narrowboat.web.access import User
from narrowboat.web.hosted import EXTENSION, Hosted


def served(nb: Narrowboat, path: str, said: Hosted | None, query: bytes = b"") -> tuple[int, dict[str, str], str]:
    """Status, headers and body of the answer to GET."""

    async def call() -> list[Any]:
        sent: list[Any] = []
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            return asked.pop() if asked else await asyncio.Event().wait()  # nobody disconnects

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query,
            "headers": [],
            "http_version": "1.1",
            "extensions": {EXTENSION: said} if said else {},
        }
        await nb.asgi(user=hosted.who)(scope, receive, send)
        return sent

    start, *pieces = asyncio.run(call())
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(piece.get("body", b"") for piece in pieces).decode()


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path}/nb.db")
    nb.export("few", formats=("csv",))(lambda: rows([(1,), (2,)], columns=["n"]))
    with closing(nb.store):
        yield nb


def test_the_host_says_who_asks(nb: Narrowboat) -> None:
    assert served(nb, "/jobs", None)[0] == 401
    assert served(nb, "/jobs", Hosted(None))[0] == 401
    assert served(nb, "/jobs", Hosted(User("ann")))[0] == 200


def test_events_are_one_look_where_an_answer_must_not_last(nb: Narrowboat) -> None:
    ann = Hosted(User("ann"), brief=True)
    run = nb.start("few", output=Output("csv"), owner="ann").run
    events = f"/runs/{run.id}/events"
    _, _, looked = served(nb, events, ann)
    assert looked.startswith("retry: 1000\n\nevent: run\n")
    assert '"state": "queued"' in looked
    assert served(nb, events, ann, f"last_event_id={run.version}".encode())[2] == "retry: 1000\n\n"
    assert served(nb, "/events", ann, f"run={run.id}:{run.version}&run=none".encode())[2] == (
        'retry: 1000\n\nevent: gone\ndata: {"id": "none"}\n\nevent: brief\ndata: {}\n\n'
    )
    ended = run_inline(nb, run.id)
    _, _, last = served(nb, events, ann, f"last_event_id={ended.version}".encode())
    assert "event: run" not in last
    assert f"event: done\nid: {ended.version}.done\n" in last
    assert served(nb, events, ann, f"last_event_id={ended.version}.done".encode())[0] == 204


def test_a_growing_file_is_waited_for_in_turns_where_an_answer_must_not_last(nb: Narrowboat) -> None:
    ann = Hosted(User("ann"), brief=True)
    run = nb.start("few", output=Output("csv"), owner="ann").run
    status, headers, _ = served(nb, f"/runs/{run.id}/artifact", ann)
    assert (status, headers["location"]) == (302, f"/runs/{run.id}/artifact?turn=1")
    run_inline(nb, run.id)
    status, headers, body = served(nb, f"/runs/{run.id}/artifact", ann, b"turn=1")
    assert (status, headers["content-length"]) == (200, str(len(body.encode())))
