"""A fanned-out run: planned once, then many workers hold parts of it at once; its counters are sums."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat.kernel.model import Artifact, Chunk, Counters, Extent, Lease, NewRun, Request, Run, State
from narrowboat.kernel.runner import Moment, Runner, Settings
from narrowboat.kernel.store import Store
from narrowboat.kernel.work import Planned
from narrowboat.stores import open_store
from tests.unit.kernel.tally import Shelf

PARTS = 60


class Crowd:
    """Each part is one number to look at. Implements `kernel.work.Job` and `Planner`."""

    name, kind = "crowd", "tally"

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.published: list[int] = []
        self.plans = 0
        self.before_parts: Callable[[], object] = lambda: None

    def plan(self, lease: Lease) -> Iterator[Planned]:
        self.plans += 1
        first = (lease.run.cursor or {}).get("next", 0)
        for start in range(first, PARTS, 20):
            self.before_parts()
            parts: list[dict[str, Any]] = [{"number": n} for n in range(start, start + 20)]
            yield Planned(parts, {"next": start + 20}, last=start + 20 >= PARTS)

    def open(self, lease: Lease, folder: Path) -> Look:
        return Look(self, lease)


class Look:
    """Implements `kernel.work.Work`."""

    resumable = True

    def __init__(self, job: Crowd, lease: Lease) -> None:
        self._job, self._lease = job, lease

    def advance(self, blocks: int) -> Chunk:
        assert self._lease.part is not None
        self._job.seen.append(self._lease.part.payload["number"])
        return Chunk(cursor={}, counters=Counters(rows=1, created=1), last=True)

    def publish(self, extents: Iterable[Extent]) -> Artifact | None:
        self._job.published.append(len(self._job.seen))
        return None

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path}/runs.db")) as store:
        store.migrate()
        yield store


def runner(store: Store, job: Crowd, worker: str, watch: object = None) -> Runner:
    return Runner(
        store, {"crowd": job}, Path, outlet=Shelf(), worker=worker, settings=Settings(),
        watch=watch or (lambda moment: None),
    )  # type: ignore[arg-type]  # fmt: skip


def submit(store: Store) -> Run:
    return store.submit(NewRun(job="crowd", kind="tally", params={}, owner="ann", fan_out=True)).run


def finish(mine: Runner, store: Store, run: Run) -> None:
    """Work until the run has ended, whoever ends it."""
    while not store.get(run.id).ended:
        mine.run_due()


def test_many_workers_do_each_part_once_and_one_publishes(store: Store) -> None:
    job, run = Crowd(), submit(store)

    def work(name: str) -> None:
        finish(runner(store, job, name), store, run)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    ended = store.get(run.id)
    assert (ended.state, ended.counters.rows, ended.counters.created) == (State.SUCCEEDED, PARTS, PARTS)
    assert sorted(job.seen) == list(range(PARTS))
    assert (job.plans, job.published) == (1, [PARTS])


def test_a_part_whose_worker_died_is_done_by_another(store: Store) -> None:
    job, run = Crowd(), submit(store)

    def die(moment: Moment) -> None:
        if moment.lease.part and moment.lease.part.seq == 3 and moment.point == "written":
            raise KeyboardInterrupt

    first = runner(store, job, "w1", die)
    with pytest.raises(KeyboardInterrupt):
        finish(first, store, run)
    store.reconcile(["w1"], barren_limit=4)
    finish(runner(store, job, "w2"), store, run)
    ended = store.get(run.id)
    assert (ended.state, ended.counters.rows) == (State.SUCCEEDED, PARTS)
    assert sorted(job.seen) == sorted([*range(PARTS), 3]), "part 3 was looked at twice and counted once"


def test_planning_can_be_paused_and_goes_on_where_it_was(store: Store) -> None:
    job, run = Crowd(), submit(store)
    job.before_parts = lambda: store.request(run.id, Request.PAUSE)
    mine = runner(store, job, "w1")
    paused = mine.run_slice(run.id)
    assert paused is not None
    assert (paused.state, paused.cursor) == (State.PAUSED, {"next": 20})
    job.before_parts = lambda: None
    store.request(run.id, Request.RESUME)
    finish(mine, store, run)
    assert store.get(run.id).counters.rows == PARTS
    assert job.plans == 2
