"""Asking: pause, resume and cancel, in every state, twice, and of shared runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from narrowboat.errors import IdempotencyConflict, IllegalTransition, TooManyRuns, UnknownRun
from narrowboat.kernel.model import REQUESTS, Failed, Request, State
from narrowboat.kernel.store import Store
from tests.store.samples import LATER, a_run, claimed, edges, in_state, leased, planned, submitted

ALLOWED = [(request, before, after) for request, table in REQUESTS.items() for before, after in table.items()]
REFUSED = [(request, state) for request in Request for state in State if state not in REQUESTS[request]]


@pytest.mark.parametrize(("request_", "before", "after"), ALLOWED)
def test_what_is_allowed_happens(store: Store, request_: Request, before: State, after: State) -> None:
    run = in_state(store, before)
    history = edges(store, run.id)
    assert store.request(run.id, request_, by="ann").state is after
    moved = [] if before is after else [(before, after)]
    assert edges(store, run.id) == history + moved
    assert store.events(run.id)[-1].by == ("ann" if moved or before is State.QUEUED else None)


@pytest.mark.parametrize(("request_", "state"), REFUSED)
def test_what_is_refused_changes_nothing(store: Store, request_: Request, state: State) -> None:
    run = in_state(store, state)
    with pytest.raises(IllegalTransition, match=run.id):
        store.request(run.id, request_)
    assert store.get(run.id) == run


@pytest.mark.parametrize(("request_", "before", "after"), ALLOWED)
def test_the_second_click_is_harmless(store: Store, request_: Request, before: State, after: State) -> None:
    run = in_state(store, before)
    once = store.request(run.id, request_)
    if after in REQUESTS[request_]:
        assert store.request(run.id, request_).state is REQUESTS[request_][after]
    assert store.get(run.id).version >= once.version


def test_publishing_says_why_it_cannot_be_cancelled(store: Store) -> None:
    run = in_state(store, State.PUBLISHING)
    with pytest.raises(IllegalTransition, match="file is being published"):
        store.request(run.id, Request.CANCEL)


def test_an_unknown_run_cannot_be_asked(store: Store) -> None:
    for request in Request:
        with pytest.raises(UnknownRun):
            store.request("nothing", request)


def test_cancelling_a_shared_run_lets_go_of_one_holder_at_a_time(store: Store) -> None:
    run_id = submitted(store, identity="i")
    store.submit(a_run(identity="i"))
    first = store.request(run_id, Request.CANCEL)
    assert (first.state, first.holders) == (State.QUEUED, 1)
    assert store.request(run_id, Request.CANCEL).state is State.CANCELLED


def test_a_cancel_that_comes_twice_lets_go_of_one_holder(store: Store) -> None:
    run_id = submitted(store, identity="i")
    store.submit(a_run(identity="i"))
    twice = [store.request(run_id, Request.CANCEL, key="one tab") for _ in range(2)]
    assert [(run.state, run.holders) for run in twice] == [(State.QUEUED, 1)] * 2
    assert store.request(run_id, Request.CANCEL, key="the other").state is State.CANCELLED
    assert store.request(run_id, Request.CANCEL, key="the other").state is State.CANCELLED


def test_cancels_that_come_twice_at_once_let_go_of_one_holder(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(4)]
    run_id = submitted(stores[0], identity="i")
    stores[0].submit(a_run(identity="i"))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda store: store.request(run_id, Request.CANCEL, key="one tab"), stores))
    run = stores[0].get(run_id)
    assert (run.state, run.holders) == (State.QUEUED, 1)


def test_who_asks_again_may_cancel_again(store: Store) -> None:
    run_id = submitted(store, identity="i")
    store.submit(a_run(identity="i"))
    store.request(run_id, Request.CANCEL, key="one tab")
    assert store.submit(a_run(identity="i")).run.holders == 2
    assert store.request(run_id, Request.CANCEL, key="one tab").holders == 1
    store.request(run_id, Request.CANCEL, key="the other")
    store.request(run_id, Request.RESUME)
    assert store.request(run_id, Request.CANCEL, key="one tab").state is State.CANCELLED


def test_the_key_of_a_start_is_no_key_of_a_cancel(store: Store) -> None:
    run_id = submitted(store, idempotency_key="k")
    with pytest.raises(IdempotencyConflict, match="another request"):
        store.request(run_id, Request.CANCEL, key="k")
    assert store.get(run_id).state is State.QUEUED
    store.request(run_id, Request.CANCEL, key="c")
    with pytest.raises(IdempotencyConflict):
        store.submit(a_run(idempotency_key="c"))
    another = submitted(store)
    with pytest.raises(IdempotencyConflict):
        store.request(another, Request.CANCEL, key="c")


def test_a_cancel_that_is_refused_may_be_sent_again_with_its_key(store: Store) -> None:
    run = in_state(store, State.PUBLISHING)
    for _ in range(2):
        with pytest.raises(IllegalTransition, match="file is being published"):
            store.request(run.id, Request.CANCEL, key="k")


def test_a_shared_run_that_is_over_stays_cancelled(store: Store) -> None:
    lease = claimed(store, identity="i")
    store.submit(a_run(identity="i"))
    store.release(lease, Failed("x", "y"))
    with pytest.raises(IllegalTransition):
        store.request(lease.run.id, Request.CANCEL)


def test_a_resume_clears_what_went_wrong(store: Store) -> None:
    lease = claimed(store)
    store.release(lease, LATER)
    store.release(leased(store, lease.run.id), Failed("source-failed", "no such table"))
    failed = store.get(lease.run.id)
    assert (failed.error_code, failed.error, failed.tries) == ("source-failed", "no such table", 1)
    assert failed.finished is not None
    run = store.request(lease.run.id, Request.RESUME)
    assert (run.state, run.error_code, run.error, run.tries, run.finished) == (State.QUEUED, None, None, 0, None)


def test_resuming_an_ended_run_counts_against_the_limit(store: Store) -> None:
    run_id = submitted(store, limit=1)
    store.request(run_id, Request.CANCEL)
    submitted(store, limit=1)
    with pytest.raises(TooManyRuns):
        store.request(run_id, Request.RESUME)
    assert store.get(run_id).state is State.CANCELLED


def test_resuming_a_paused_run_does_not(store: Store) -> None:
    run_id = submitted(store, limit=1)
    store.request(run_id, Request.PAUSE)
    assert store.request(run_id, Request.RESUME).state is State.QUEUED


def test_a_resume_keeps_the_place(store: Store) -> None:
    run = in_state(store, State.CANCELLING)
    store.reconcile(["w1"], barren_limit=3)
    resumed = store.request(run.id, Request.RESUME)
    assert (resumed.cursor, resumed.counters) == (run.cursor, run.counters)


@pytest.mark.parametrize(
    ("request_", "by_way_of", "after"),
    [
        (Request.PAUSE, State.PAUSING, State.PAUSED),
        (Request.CANCEL, State.CANCELLING, State.CANCELLED),
    ],
)
class TestFannedOut:
    def test_it_stops_at_once_when_nobody_holds_a_part(
        self, store: Store, request_: Request, by_way_of: State, after: State
    ) -> None:
        run_id = planned(store)
        assert store.request(run_id, request_).state is after
        assert edges(store, run_id)[-2:] == [(State.RUNNING, by_way_of), (by_way_of, after)]

    def test_it_waits_for_the_last_part(self, store: Store, request_: Request, by_way_of: State, after: State) -> None:
        run_id = planned(store)
        leases = [leased(store, run_id, f"w{n}") for n in range(2)]
        assert store.request(run_id, request_).state is by_way_of
        assert store.release(leases[0], LATER).state is by_way_of
        assert store.release(leases[1], LATER).state is after

    def test_it_waits_for_the_planner(self, store: Store, request_: Request, by_way_of: State, after: State) -> None:
        lease = claimed(store, fan_out=True)
        assert store.request(lease.run.id, request_).state is by_way_of
        assert store.release(lease, LATER).state is after


def test_requests_from_many_threads_leave_one_history(open_again: Callable[..., Store]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    stores = [open_again() for _ in range(3)]
    run_id = claimed(stores[0]).run.id
    asked = [Request.PAUSE, Request.RESUME, Request.PAUSE] * 8
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: stores[n % 3].request(run_id, asked[n]), range(len(asked))))
    assert stores[0].get(run_id).state in {State.RUNNING, State.PAUSING}
    edges(stores[0], run_id)
