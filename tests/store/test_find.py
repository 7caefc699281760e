"""Finding: pages of runs, newest first, and versions for followers."""

from __future__ import annotations

import pytest

from narrowboat.kernel.model import Filter, Run, State
from narrowboat.kernel.store import Store
from tests.store.samples import a_chunk, claimed, in_state, planned, submitted


def ids(runs: object) -> list[str]:
    return [run.id for run in runs]  # type: ignore[attr-defined]


def test_the_newest_comes_first(store: Store) -> None:
    runs = [submitted(store) for _ in range(3)]
    assert ids(store.find(Filter())) == runs[::-1]
    assert ids(store.find(Filter(limit=2))) == runs[:0:-1]


def test_runs_are_found_by_owner_job_and_state(store: Store) -> None:
    runs = {state: in_state(store, state).id for state in State}
    bobs = submitted(store, owner="bob", job="customers")
    assert ids(store.find(Filter(owner="bob"))) == [bobs]
    assert ids(store.find(Filter(job="customers"))) == [bobs]
    assert ids(store.find(Filter(owner="ann", job="customers"))) == []
    for state, run_id in runs.items():
        assert ids(store.find(Filter(owner="ann", states=(state,)))) == [run_id]
    both = store.find(Filter(states=(State.PAUSED, State.FAILED)))
    assert set(ids(both)) == {runs[State.PAUSED], runs[State.FAILED]}


def pages(store: Store, limit: int, **which: object) -> list[Run]:
    found: list[Run] = []
    while page := store.find(
        Filter(limit=limit, before=(found[-1].created, found[-1].id) if found else None, **which)  # type: ignore[arg-type]
    ):
        found += page
    return found


@pytest.mark.parametrize("limit", [1, 3, 4, 50])
def test_pages_show_every_run_once(store: Store, limit: int) -> None:
    runs = [submitted(store, owner="ann" if n % 2 else "bob") for n in range(10)]
    assert ids(pages(store, limit)) == runs[::-1]
    assert ids(pages(store, limit, owner="ann")) == runs[::-1][::2]


def test_new_runs_do_not_move_the_pages(store: Store) -> None:
    runs = [submitted(store) for _ in range(4)]
    first = store.find(Filter(limit=2))
    submitted(store)
    rest = store.find(Filter(limit=9, before=(first[-1].created, first[-1].id)))
    assert ids(first) + ids(rest) == runs[::-1]


def test_a_found_run_is_the_run(store: Store) -> None:
    for state in State:
        in_state(store, state)
    planned(store)
    assert all(run == store.get(run.id) for run in store.find(Filter()))


def test_versions_rise_with_every_committed_change(store: Store) -> None:
    lease, other = claimed(store), submitted(store)
    before = store.versions([lease.run.id, other, "nothing"])
    assert before == {lease.run.id: lease.run.version, other: 0}
    store.commit(lease, a_chunk())
    assert store.versions([lease.run.id]) == {lease.run.id: before[lease.run.id] + 1}
    assert store.versions([]) == {}


def test_a_heartbeat_is_no_change(store: Store) -> None:
    lease = claimed(store)
    store.heartbeat(lease)
    assert store.get(lease.run.id) == lease.run
