"""Streams of events end after a while, so that who comes back is asked again what they may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import rows as some_rows
from narrowboat.testing import run_inline
from narrowboat.web import rows, several, sse
from narrowboat.web.context import Context
from narrowboat.web.downloads import Downloads
from narrowboat.web.lines import Lines
from narrowboat.web.threads import Threads


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Narrowboat]:
    monkeypatch.setattr(sse, "LONGEST", 0.3)
    monkeypatch.setattr(sse, "QUIET", 0.1)
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}")
    nb.export("towns")(lambda: some_rows([("Accra",)], columns=["name"]))
    nb.report("list")(lambda: some_rows([("Accra",)], columns=["name"]))
    with closing(nb.store):
        yield nb


def all_of(stream: Callable[[], AsyncIterator[bytes]]) -> list[bytes]:
    async def gathered() -> list[bytes]:
        return [piece async for piece in stream()]

    return asyncio.run(asyncio.wait_for(gathered(), 20))


def test_a_stream_of_one_run_ends_without_an_end_of_the_run(nb: Narrowboat) -> None:
    run = nb.start("towns").run
    pieces = all_of(lambda: sse.events(nb.follow, run.id, None, lambda watched: "{}"))
    assert pieces[1] == sse.event("run", str(run.version), "{}")
    assert pieces[-1] == b"retry: 200\n\n"
    assert not any(b"event: done" in piece for piece in pieces)


def test_a_stream_of_several_runs_says_that_it_comes_to_no_harm(nb: Narrowboat) -> None:
    run = nb.start("towns").run
    pieces = all_of(lambda: several.events(nb.follow, {run.id: None}, (), lambda watched: "{}"))
    assert pieces[-1] == b"retry: 200\n\nevent: brief\ndata: {}\n\n"


def test_a_stream_of_a_run_that_ends_before_ends_with_it(nb: Narrowboat) -> None:
    run = run_inline(nb, nb.start("towns").run.id)
    assert b"event: done" in all_of(lambda: sse.events(nb.follow, run.id, None, lambda watched: "{}"))[-1]
    assert b"event: done" in all_of(lambda: several.events(nb.follow, {run.id: None}, (), lambda watched: "{}"))[-1]


def test_a_stream_of_rows_ends_and_a_download_of_rows_does_not(nb: Narrowboat) -> None:
    run = nb.start("list").run
    threads = Threads(1)
    context = Context(nb, threads, threads, threads, threads, Downloads(lambda: nb.audit, threads), threads)

    def stream() -> rows.Stream:
        return rows.Stream(context, Lines(nb.store, nb.run_folder(run.id), nb.jobs["list"], run), run, 0)

    assert all_of(lambda: rows.events(stream(), run.id, None, brief=False))[-1] == b"retry: 200\n\n"

    async def long() -> None:
        async with asyncio.timeout(1.0):
            async for piece in rows.ndjson(stream(), run.id):
                assert piece == b"\n", "nothing but signs of life"

    with pytest.raises(TimeoutError):
        asyncio.run(long())
