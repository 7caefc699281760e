"""One tailer for all followers, while there are any."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.errors import UnknownRun
from narrowboat.kernel.model import Request, State
from narrowboat.testing import run_inline
from narrowboat.web.follow import Follow

LONG = 20.0


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}")

    @nb.export("numbers")
    def numbers(most: int = 10) -> object:
        return rows(lambda: ((n,) for n in range(most)), columns=("n",))

    with closing(nb.store):
        yield nb


class Counting:
    """The store, and how often it was asked for versions."""

    def __init__(self, nb: Narrowboat) -> None:
        self._store, self.asked = nb.store, 0

    def versions(self, run_ids: Any) -> Any:
        self.asked += 1
        return self._store.versions(run_ids)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def following(follow: Follow, test: Callable[[Follow], Awaitable[None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(test(follow), 60)

    asyncio.run(run())


def test_a_follower_sees_each_change_and_then_nothing(nb: Narrowboat) -> None:
    run = nb.start("numbers").run

    async def test(follow: Follow) -> None:
        async with follow.run(run.id) as watched:
            assert watched.run == run
            await asyncio.to_thread(nb.ask, run.id, Request.PAUSE)
            seen = await watched.after(run.version, LONG)
            assert seen is not None
            assert seen.state is State.PAUSED
            assert await watched.after(seen.version, 0.3) is None

    following(nb.follow, test)


def test_who_knows_more_than_the_tailer_is_not_told_what_they_know(nb: Narrowboat) -> None:
    run = nb.start("numbers").run

    async def test(follow: Follow) -> None:
        async with follow.run(run.id) as watched:
            await asyncio.sleep(0.1)  # the tailer has looked, and waits for an hour
            known = nb.ask(run.id, Request.PAUSE)
            waiting = asyncio.ensure_future(watched.after(known.version, 1.0))
            follow.moved(run.id)
            assert await waiting is None
            assert watched.run.version == known.version

    following(Follow(lambda: nb.store, every=3600), test)


def test_what_moved_is_seen_without_waiting_for_the_next_look(nb: Narrowboat) -> None:
    run = nb.start("numbers").run

    async def test(follow: Follow) -> None:
        async with follow.run(run.id) as watched:
            await asyncio.sleep(0.1)  # the tailer has looked, and waits for an hour
            nb.ask(run.id, Request.PAUSE)
            threading.Thread(target=follow.moved, args=[run.id]).start()
            assert await watched.after(run.version, LONG) is not None

    following(Follow(lambda: nb.store, every=3600), test)


def test_many_followers_of_many_runs_cost_one_question(nb: Narrowboat) -> None:
    runs = [nb.start("numbers", {"most": n}).run for n in range(20)]
    store = Counting(nb)

    async def one(follow: Follow, run_id: str) -> State:
        async with follow.run(run_id) as watched:
            while not watched.run.ended:
                await watched.after(watched.run.version, LONG)
            return watched.run.state

    async def test(follow: Follow) -> None:
        followers = [asyncio.ensure_future(one(follow, run.id)) for run in runs for _ in range(5)]
        await asyncio.sleep(0.5)
        assert follow.followers == 100
        asked = store.asked
        await asyncio.sleep(0.5)
        assert store.asked - asked < 10
        for run in runs:
            await asyncio.to_thread(nb.ask, run.id, Request.CANCEL)
        assert set(await asyncio.gather(*followers)) == {State.CANCELLED}
        assert follow.followers == 0

    following(Follow(lambda: store, every=0.1), test)  # type: ignore[arg-type, return-value]


def test_nobody_asks_while_nobody_follows(nb: Narrowboat) -> None:
    run, store = nb.start("numbers").run, Counting(nb)

    async def test(follow: Follow) -> None:
        async with follow.run(run.id):
            pass
        await asyncio.sleep(0.2)
        asked = store.asked
        await asyncio.sleep(0.3)
        assert store.asked == asked

    following(Follow(lambda: store, every=0.05), test)  # type: ignore[arg-type, return-value]


def test_a_run_that_is_not_there_cannot_be_followed(nb: Narrowboat) -> None:
    async def test(follow: Follow) -> None:
        with pytest.raises(UnknownRun):
            async with follow.run("none"):
                pass

    following(nb.follow, test)


def test_followers_of_a_run_that_is_deleted_are_told(nb: Narrowboat) -> None:
    run = run_inline(nb, nb.start("numbers").run.id)

    async def test(follow: Follow) -> None:
        async with follow.run(run.id) as watched:
            await asyncio.to_thread(nb.store.forget, run.id)
            with pytest.raises(UnknownRun):
                await watched.after(run.version, LONG)

    following(nb.follow, test)


def test_a_store_that_fails_for_a_while_makes_followers_wait(nb: Narrowboat) -> None:
    run = nb.start("numbers").run

    class Failing(Counting):
        def versions(self, run_ids: Any) -> Any:
            self.asked += 1
            if self.asked == 1:
                raise RuntimeError("for once")
            return self._store.versions(run_ids)

    async def test(follow: Follow) -> None:
        async with follow.run(run.id) as watched:
            await asyncio.to_thread(nb.ask, run.id, Request.PAUSE)
            assert await watched.after(run.version, LONG) is not None

    store = Failing(nb)
    following(Follow(lambda: store, every=0.05), test)  # type: ignore[arg-type, return-value]


def test_all_followers_go_when_the_server_stops(nb: Narrowboat) -> None:
    run = nb.start("numbers").run

    async def test(follow: Follow) -> None:
        async with follow.run(run.id) as watched:
            waiting = asyncio.ensure_future(watched.after(run.version, 3600))
            await asyncio.sleep(0.05)
            threading.Thread(target=follow.drain_soon).start()
            assert await waiting is None
            assert follow.draining
            assert await watched.after(run.version, 3600) is None
            async with follow.run(nb.start("numbers").run.id) as late:
                assert await late.after(late.run.version, 3600) is None

    following(nb.follow, test)


def test_the_same_object_follows_on_one_event_loop_after_another(nb: Narrowboat) -> None:
    for _ in range(2):
        test_a_follower_sees_each_change_and_then_nothing(nb)


def test_a_run_settles_when_it_ends_or_after_a_while(nb: Narrowboat) -> None:
    run = nb.start("numbers").run

    async def test(follow: Follow) -> None:
        assert (await follow.settled(run.id, 0.05)).state is State.QUEUED
        working = asyncio.to_thread(run_inline, nb, run.id)
        ended, _ = await asyncio.gather(follow.settled(run.id, LONG), working)
        assert ended.state is State.SUCCEEDED

    following(nb.follow, test)


def test_texts_are_made_once_for_all_followers_of_a_kind(nb: Narrowboat) -> None:
    run = nb.start("numbers").run
    made: list[int] = []

    async def test(follow: Follow) -> None:
        async with follow.run(run.id) as watched:
            for _ in range(3):
                assert watched.text(True, lambda: str(made.append(1) or len(made))) == "1"
            await asyncio.to_thread(nb.ask, run.id, Request.PAUSE)
            await watched.after(run.version, LONG)
            assert watched.text(True, lambda: "anew") == "anew"

    following(nb.follow, test)
