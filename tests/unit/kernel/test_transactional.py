"""Work whose chunks are changes in the store's own database: both are committed together, or neither is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat.kernel.model import Chunk, Control, Lease, Run, State
from narrowboat.kernel.runner import Moment, Runner, Settings
from narrowboat.kernel.store import Store
from narrowboat.stores import open_store
from tests.unit.kernel.tally import Counting, Shelf, Tally


class Ledger(Tally):
    """A tally that writes its numbers into a table beside the runs."""

    path: Path

    def open(self, lease: Lease, folder: Path) -> Noting:
        self.opened += 1
        return Noting(self, lease)


class Noting(Counting):
    """Implements `kernel.work.Transactional`."""

    def __init__(self, job: Ledger, lease: Lease) -> None:
        super().__init__(job, lease)
        self._db = sqlite3.connect(job.path, isolation_level=None, check_same_thread=False)

    def advance(self, blocks: int) -> Chunk:
        chunk = super().advance(blocks)
        self._db.execute("begin immediate")
        numbers = range(chunk.cursor["at"] - chunk.counters.rows + 1, chunk.cursor["at"] + 1)
        self._db.executemany("insert into numbers values (?)", [(number,) for number in numbers])
        return chunk

    def commit(self, save: Callable[[Any], Control]) -> Control:
        control = save(self._db)
        self._db.execute("commit")
        return control

    def close(self) -> None:
        self._db.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "runs.db")) as db:
        db.execute("create table numbers (number integer)")
    return tmp_path / "runs.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.migrate()
        yield store


def numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        return [number for (number,) in db.execute("select number from numbers order by number")]


def worked_on(store: Store, path: Path, watch: Callable[[Run], Callable[[Moment], None]]) -> Run:
    job = Ledger(upto=10)
    job.path = path
    run = store.submit(job.request()).run
    runner = Runner(
        store,
        {job.name: job},
        lambda run_id: path.parent,
        outlet=Shelf(),
        worker="w1",
        settings=Settings(),
        watch=watch(run),
    )
    runner.run_slice(run.id)
    return store.get(run.id)


def test_what_a_chunk_wrote_and_its_cursor_are_committed_together(store: Store, path: Path) -> None:
    seen: list[int] = []

    def watch(run: Run) -> Callable[[Moment], None]:
        def look(moment: Moment) -> None:
            if moment.point == "committed":
                seen.append(len(numbers(path)) - store.get(run.id).counters.rows)

        return look

    ended = worked_on(store, path, watch)
    assert ended.state is State.SUCCEEDED
    assert numbers(path) == list(range(1, 11))
    assert set(seen) == {0}, "at no commit did the table and the counters differ"


def test_a_worker_that_lost_its_lease_leaves_nothing_in_the_table(store: Store, path: Path) -> None:
    def watch(run: Run) -> Callable[[Moment], None]:
        def give_away(moment: Moment) -> None:
            if moment.point == "claimed":
                store.reconcile(["w1"], barren_limit=9)
                assert store.claim(run.id, "w2", seconds=60) is not None

        return give_away

    assert worked_on(store, path, watch).state is State.RUNNING
    assert numbers(path) == []
