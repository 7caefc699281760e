"""Reconciling: what dead and sleeping workers left, poison, deadlines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from narrowboat.errors import LeaseLost
from narrowboat.kernel.model import Request, State, Yielded
from narrowboat.kernel.store import Store
from tests.store.samples import LATER, a_chunk, claimed, edges, in_state, leased, planned, submitted

S = State
LEFT = [
    (S.RUNNING, S.INTERRUPTED),
    (S.PAUSING, S.PAUSED),
    (S.CANCELLING, S.CANCELLED),
    (S.PUBLISHING, S.INTERRUPTED),
]


@pytest.mark.parametrize(("state", "after"), LEFT)
def test_a_dead_workers_run_is_taken_back(store: Store, state: State, after: State) -> None:
    run = in_state(store, state)
    assert store.reconcile(["w0", "w1"], barren_limit=3) == [run.id]
    left = store.get(run.id)
    assert (left.state, left.worker, left.fence) == (after, None, run.fence)
    assert edges(store, run.id)[-1] == (state, after)


@pytest.mark.parametrize("state", [state for state, _ in LEFT])
def test_a_living_workers_run_is_left_alone(store: Store, state: State) -> None:
    run = in_state(store, state)
    assert store.reconcile(["w2"], barren_limit=1) == []
    assert store.get(run.id) == run


def test_a_lease_that_is_over_is_taken_back(store: Store) -> None:
    lease = claimed(store, seconds=0.0)
    assert store.reconcile([], barren_limit=3) == [lease.run.id]
    with pytest.raises(LeaseLost):
        store.heartbeat(lease)


@pytest.mark.parametrize("state", sorted({*State} - {state for state, _ in LEFT}))
def test_what_nobody_works_on_is_left_alone(store: Store, state: State) -> None:
    run = in_state(store, state)
    assert store.reconcile(["w1"], barren_limit=1) == []
    assert store.get(run.id) == run


@pytest.mark.parametrize("state", [S.RUNNING, S.PUBLISHING])
def test_worker_after_worker_without_progress_is_poison(store: Store, state: State) -> None:
    lease = claimed(store)
    if state is S.PUBLISHING:
        store.commit(lease, a_chunk(last=True))
        store.release(lease, Yielded())
        lease = leased(store, lease.run.id)
    for died in range(1, 4):
        assert store.get(lease.run.id).state is state
        store.reconcile(["w1"], barren_limit=3)
        if died < 3:
            assert store.get(lease.run.id).state is S.INTERRUPTED
            leased(store, lease.run.id)
    run = store.get(lease.run.id)
    assert (run.state, run.error_code) == (S.FAILED, "poisoned")
    assert "3 workers in a row" in str(run.error)
    assert edges(store, run.id)[-2:] == [(state, S.INTERRUPTED), (S.INTERRUPTED, S.FAILED)]


def test_progress_takes_the_poison_away(store: Store) -> None:
    run_id = submitted(store)
    for n in range(6):
        store.commit(leased(store, run_id), a_chunk(n))
        store.reconcile(["w1"], barren_limit=2)
    assert store.get(run_id).state is S.INTERRUPTED


def test_a_clean_release_takes_the_poison_away(store: Store) -> None:
    run_id = submitted(store)
    for outcome in (Yielded(), LATER, Yielded(), LATER):
        store.release(leased(store, run_id), outcome)
    leased(store, run_id)
    store.reconcile(["w1"], barren_limit=2)
    assert store.get(run_id).state is S.INTERRUPTED


def test_a_poisoned_run_can_be_resumed(store: Store) -> None:
    lease = claimed(store)
    store.reconcile(["w1"], barren_limit=1)
    assert store.request(lease.run.id, Request.RESUME).state is S.QUEUED
    leased(store, lease.run.id)
    store.reconcile(["w1"], barren_limit=2)
    assert store.get(lease.run.id).state is S.INTERRUPTED


def test_a_pause_saves_a_run_from_being_called_poison(store: Store) -> None:
    lease = claimed(store)
    store.request(lease.run.id, Request.PAUSE)
    store.reconcile(["w1"], barren_limit=1)
    assert store.get(lease.run.id).state is S.PAUSED


def test_a_waiting_run_past_its_deadline_is_timed_out(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    store.release(lease, Yielded())
    assert store.reconcile([], barren_limit=3) == [lease.run.id]
    run = store.get(lease.run.id)
    assert (run.state, run.error_code) == (S.TIMED_OUT, "deadline-passed")
    assert edges(store, run.id)[-1] == (S.QUEUED, S.TIMED_OUT)


def test_an_interrupted_run_past_its_deadline_is_timed_out(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    store.reconcile(["w1"], barren_limit=3)
    assert edges(store, lease.run.id)[-2:] == [(S.RUNNING, S.INTERRUPTED), (S.INTERRUPTED, S.TIMED_OUT)]


def test_a_working_run_past_its_deadline_is_left_to_its_worker(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    assert store.reconcile([], barren_limit=3) == []
    assert store.get(lease.run.id).state is S.RUNNING


def test_a_paused_run_past_its_deadline_stays_paused(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    store.request(lease.run.id, Request.PAUSE)
    store.release(lease, Yielded())
    assert store.reconcile([], barren_limit=3) == []
    assert store.get(lease.run.id).state is S.PAUSED


def test_a_complete_run_is_published_though_its_deadline_passed(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    store.commit(lease, a_chunk(last=True))
    store.release(lease, LATER)
    assert store.reconcile([], barren_limit=3) == []
    assert store.due(["default"], limit=1) == [lease.run.id]


class TestParts:
    def test_a_dead_workers_part_is_open_again(self, store: Store) -> None:
        run_id = planned(store, parts=1)
        stale = leased(store, run_id, "w1")
        assert store.due(["default"], limit=9) == []
        assert store.reconcile(["w1"], barren_limit=3) == [run_id]
        assert store.due(["default"], limit=9) == [run_id]
        with pytest.raises(LeaseLost):
            store.commit(stale, a_chunk())
        fresh = leased(store, run_id, "w2")
        assert (fresh.part, fresh.fence > stale.fence) == (stale.part, True)
        assert store.get(run_id).state is S.RUNNING

    def test_a_part_that_kills_its_workers_poisons_the_run(self, store: Store) -> None:
        run_id = planned(store, parts=2)
        other = leased(store, run_id, "w2")
        for _ in range(2):
            leased(store, run_id, "w1")
            store.reconcile(["w1"], barren_limit=2)
        run = store.get(run_id)
        assert (run.state, run.error_code) == (S.FAILED, "poisoned")
        with pytest.raises(LeaseLost):
            store.commit(other, a_chunk())

    def test_a_part_given_back_cleanly_is_no_poison(self, store: Store) -> None:
        run_id = planned(store, parts=1)
        for _ in range(4):
            store.release(leased(store, run_id), Yielded())
        leased(store, run_id, "w1")
        store.reconcile(["w1"], barren_limit=2)
        assert store.get(run_id).state is S.RUNNING

    @pytest.mark.parametrize(("request_", "after"), [(Request.PAUSE, S.PAUSED), (Request.CANCEL, S.CANCELLED)])
    def test_the_last_dead_worker_of_a_run_that_shall_stop(self, store: Store, request_: Request, after: State) -> None:
        run_id = planned(store)
        leased(store, run_id, "w1")
        leased(store, run_id, "w2")
        store.request(run_id, request_)
        store.reconcile(["w1"], barren_limit=1 if after is S.CANCELLED else 3)
        assert not store.get(run_id).ended
        store.reconcile(["w2"], barren_limit=1 if after is S.CANCELLED else 3)
        assert store.get(run_id).state is after

    def test_a_planner_that_died_leaves_the_run_interrupted(self, store: Store) -> None:
        lease = claimed(store, fan_out=True)
        store.plan(lease, [{"a": 1}], {"page": 1}, last=False)
        store.reconcile(["w1"], barren_limit=3)
        assert store.get(lease.run.id).state is S.INTERRUPTED
        again = leased(store, lease.run.id)
        assert (again.part, again.run.cursor) == (None, {"page": 1})

    def test_a_planner_that_died_after_its_plan_is_not_missed(self, store: Store) -> None:
        lease = claimed(store, fan_out=True)
        store.plan(lease, [{"a": 1}], {"page": 1}, last=True)
        assert store.reconcile(["w1"], barren_limit=1) == [lease.run.id]
        run = store.get(lease.run.id)
        assert (run.state, run.worker) == (S.RUNNING, None)

    def test_an_idle_run_past_its_deadline_is_timed_out(self, store: Store) -> None:
        run_id = planned(store, time_limit=0.0)
        assert store.claim(run_id, "w1", seconds=60.0) is None
        store.reconcile([], barren_limit=3)
        assert store.get(run_id).state is S.TIMED_OUT

    def test_a_complete_run_is_published_though_its_deadline_passed(self, store: Store) -> None:
        lease = claimed(store, fan_out=True, time_limit=0.0)
        store.plan(lease, [], {}, last=True)
        store.release(lease, Yielded())
        assert store.reconcile([], barren_limit=3) == []
        assert store.due(["default"], limit=1) == [lease.run.id]
        assert leased(store, lease.run.id).run.state is S.PUBLISHING


def test_many_reconcilers_at_once_do_it_once(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(3)]
    runs = [claimed(stores[0]).run.id for _ in range(5)]
    with ThreadPoolExecutor(6) as threads:
        changed = list(threads.map(lambda n: stores[n % 3].reconcile(["w1"], barren_limit=3), range(12)))
    assert sorted(run_id for ids in changed for run_id in ids) == sorted(runs)
    assert all(edges(stores[0], run_id)[-1] == (S.RUNNING, S.INTERRUPTED) for run_id in runs)
