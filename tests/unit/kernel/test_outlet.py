"""The outlet: room is asked for before every chunk, and sending an artifact makes room for others and for a drain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from narrowboat.errors import SinkUnavailable, StorageFull
from narrowboat.kernel.model import Artifact, Request, Run, State
from narrowboat.kernel.runner import Runner, Settings
from narrowboat.kernel.store import Store
from tests.unit.kernel.tally import Shelf, Tally

MADE = Artifact("tally.txt", "text/plain", 10, "00", {})


class Bench:
    """A run that makes an artifact, and workers for it."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self.store, self.shelf, self.job = store, shelf, Tally(artifact=MADE)
        self.run = store.submit(self.job.request()).run

    def runner(self, worker: str = "w1", **settings: object) -> Runner:
        return Runner(
            self.store, {self.job.name: self.job}, Path, outlet=self.shelf, worker=worker,
            settings=Settings(**settings), watch=lambda moment: None,  # type: ignore[arg-type]
        )  # fmt: skip

    def slice(self, **settings: object) -> Run:
        self.runner(**settings).run_slice(self.run.id)
        return self.store.get(self.run.id)


@pytest.fixture
def bench(store: Store) -> Callable[..., Bench]:
    return lambda **shelf: Bench(store, Shelf(**shelf))


def test_the_run_knows_where_its_copy_is(bench: Callable[..., Bench]) -> None:
    b = bench(pieces=3)
    ended = b.slice()
    assert (ended.state, b.shelf.kept) == (State.SUCCEEDED, 3)
    assert ended.artifact == MADE._replace(copy={"shelf": b.run.id})


def full_after(chunks: int) -> Callable[[], None]:
    left = chunks

    def check() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise StorageFull("no room")

    return check


@pytest.mark.parametrize(("chunks", "rows"), [(0, 0), (2, 5)])
def test_a_run_stops_when_there_is_no_room_and_goes_on_when_there_is(
    bench: Callable[..., Bench], chunks: int, rows: int
) -> None:
    b = bench(check=full_after(chunks))
    stopped = b.slice()
    assert (stopped.state, stopped.error_code, stopped.counters.rows) == (State.FAILED, "storage-full", rows)
    b.shelf.check = lambda: None
    b.store.request(b.run.id, Request.RESUME)
    assert b.slice().state is State.SUCCEEDED
    assert b.job.seen == list(range(1, 11))


def test_what_is_complete_is_delivered_though_there_is_no_room_for_more(bench: Callable[..., Bench]) -> None:
    def away(piece: int) -> None:
        raise SinkUnavailable("it is away")

    b = bench(before=away)
    waiting = b.slice()
    assert (waiting.state, waiting.error_code, waiting.tries) == (State.QUEUED, "sink-unavailable", 1)
    b.shelf.before, b.shelf.check = (lambda piece: None), full_after(0)
    later = b.store.now() + 10
    while not b.store.get(b.run.id).ended and b.store.now() < later:
        b.runner().run_due()
    ended = b.store.get(b.run.id)
    assert (ended.state, ended.error_code) == (State.SUCCEEDED, None)
    assert b.job.seen == list(range(1, 11))


def test_a_worker_that_drains_stops_after_a_piece_and_another_goes_on(bench: Callable[..., Bench]) -> None:
    b = bench(pieces=3)
    first = b.runner()
    b.shelf.before = lambda piece: first.drain() if piece == 2 else None
    first.run_slice(b.run.id)
    assert (b.store.get(b.run.id).state, b.shelf.kept) == (State.QUEUED, 2)
    assert b.slice().state is State.SUCCEEDED
    assert b.shelf.kept == 3


def test_sending_makes_room_for_a_run_that_waits(bench: Callable[..., Bench]) -> None:
    b = bench(pieces=3)
    other = b.store.submit(b.job.request("ben")).run
    assert b.slice(slice=0.0).state is State.QUEUED
    while b.store.due(("default",), limit=1):
        b.runner(slice=0.0).run_due()
    assert {b.store.get(run).state for run in (b.run.id, other.id)} == {State.SUCCEEDED}


def test_a_worker_that_lost_its_lease_sends_no_more(bench: Callable[..., Bench]) -> None:
    b = bench(pieces=3)

    def give_away(piece: int) -> None:
        if piece == 1:
            b.store.reconcile(["w1"], barren_limit=9)
            assert b.store.claim(b.run.id, "w2", seconds=60)
            first.look(b.run.id)
            pulse = first._pulse
            while pulse and not pulse.lost:
                pass

    first, b.shelf.before = b.runner(), give_away
    assert first.run_slice(b.run.id) is None
    assert b.shelf.kept == 1
    now = b.store.get(b.run.id)
    assert (now.worker, now.state) == ("w2", State.PUBLISHING)
