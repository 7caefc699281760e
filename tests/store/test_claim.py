"""Claiming: one lease, a rising fence, deadlines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from narrowboat.kernel.model import CLAIMABLE, Later, Request, State, Yielded
from narrowboat.kernel.store import Store
from tests.store.samples import a_chunk, claimed, edges, in_state, leased, submitted

R = Request


def test_a_claim_starts_the_run(store: Store) -> None:
    lease = leased(store, submitted(store, time_limit=60.0), "w1", seconds=9.0)
    run = store.get(lease.run.id)
    assert lease.run == run
    assert (run.state, run.fence, run.worker) == (State.RUNNING, 1, "w1")
    assert (lease.fence, lease.worker, lease.seconds, lease.part) == (1, "w1", 9.0, None)
    assert run.started is not None
    assert run.deadline is not None
    assert run.deadline - run.started == pytest.approx(60.0, abs=1)


def test_a_run_without_a_limit_has_no_deadline(store: Store) -> None:
    assert claimed(store).run.deadline is None


def test_a_lease_holds_even_when_it_is_over_until_somebody_takes_it(store: Store) -> None:
    lease = claimed(store, seconds=0.0)
    assert store.claim(lease.run.id, "w2", seconds=60.0) is None
    assert store.commit(lease, a_chunk()) == "go_on"


@pytest.mark.parametrize("state", [state for state in State if state not in CLAIMABLE])
def test_only_a_run_that_waits_can_be_claimed(store: Store, state: State) -> None:
    run = in_state(store, state)
    assert store.claim(run.id, "w2", seconds=60.0) is None
    assert store.get(run.id) == run


@pytest.mark.parametrize("state", sorted(CLAIMABLE))
def test_each_claim_raises_the_fence(store: Store, state: State) -> None:
    run = in_state(store, state)
    assert leased(store, run.id, "w2").fence == run.fence + 1


def test_there_is_nothing_to_claim_of_a_run_that_does_not_exist(store: Store) -> None:
    assert store.claim("nothing", "w1", seconds=60.0) is None


def test_a_run_for_later_is_not_claimed_now(store: Store) -> None:
    run_id = submitted(store, not_before=store.now() + 3600)
    assert store.claim(run_id, "w1", seconds=60.0) is None
    assert store.due(["default"], limit=9) == []


def test_started_and_deadline_stay_over_slices(store: Store) -> None:
    first = claimed(store, time_limit=60.0)
    store.release(first, Yielded())
    second = leased(store, first.run.id)
    assert (second.run.started, second.run.deadline) == (first.run.started, first.run.deadline)


def test_a_resume_gives_the_time_anew(store: Store) -> None:
    first = claimed(store, time_limit=60.0)
    store.request(first.run.id, R.CANCEL)
    store.reconcile(["w1"], barren_limit=3)
    assert store.request(first.run.id, R.RESUME).deadline is None
    second = leased(store, first.run.id)
    assert second.run.started == first.run.started
    assert second.run.deadline > first.run.deadline


def test_a_run_past_its_deadline_is_not_claimed(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    store.release(lease, Yielded())
    assert store.claim(lease.run.id, "w2", seconds=60.0) is None
    assert store.due(["default"], limit=9) == []


def test_the_error_of_a_passing_fault_goes_when_work_goes_on(store: Store) -> None:
    lease = claimed(store)
    assert store.release(lease, Later(0.0, "source-unavailable", "gone")).error == "gone"
    run = leased(store, lease.run.id).run
    assert (run.error_code, run.error) == (None, None)
    assert run.tries == 1


def test_a_complete_run_is_claimed_for_publishing_alone(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    store.commit(lease, a_chunk(last=True))
    store.reconcile(["w1"], barren_limit=3)
    again = leased(store, lease.run.id, "w2")
    assert again.run.state is State.PUBLISHING
    assert again.run.cursor == {"n": 1, "done": True}
    assert edges(store, lease.run.id)[-2:] == [
        (State.PUBLISHING, State.INTERRUPTED),
        (State.INTERRUPTED, State.PUBLISHING),
    ]


def test_a_cursor_that_says_done_is_enough_for_publishing(store: Store) -> None:
    lease = claimed(store)
    store.commit(lease, a_chunk(cursor={"done": True}))
    store.release(lease, Yielded())
    assert leased(store, lease.run.id).run.state is State.PUBLISHING


def test_exactly_one_of_many_threads_gets_the_lease(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            run_id = submitted(stores[0])
            leases = list(threads.map(lambda n, run=run_id: stores[n % 4].claim(run, f"w{n}", seconds=60.0), range(8)))
            assert sum(lease is not None for lease in leases) == 1
            assert stores[0].get(run_id).fence == 1
