"""Limits: so many runs of an owner and no more, however many ask at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from narrowboat.errors import TooManyRuns
from narrowboat.kernel.model import Filter, Request, State, Yielded
from narrowboat.kernel.store import Store
from tests.store.samples import Place, a_chunk, a_run, claimed, in_state, planned, submitted


def test_one_more_than_the_limit_is_refused_with_advice(store: Store) -> None:
    for _ in range(2):
        submitted(store, limit=2)
    with pytest.raises(TooManyRuns, match=r"ann has 2 runs of leads under way, and 2 .* cancel one") as caught:
        submitted(store, limit=2)
    assert caught.value.retry_after == 10
    assert len(store.find(Filter())) == 2


def test_the_limit_is_of_one_owner_and_one_job(store: Store) -> None:
    submitted(store, limit=1)
    submitted(store, limit=1, owner="bob")
    submitted(store, limit=1, job="customers")
    assert len(store.find(Filter())) == 3


def test_the_limit_may_be_of_all_jobs_of_a_kind(store: Store) -> None:
    report = {"kind": "report", "limit": 2, "limit_kind": True}
    submitted(store, limit=1)
    first = submitted(store, **report, job="sales")
    submitted(store, **report, job="stock")
    with pytest.raises(TooManyRuns, match=r"ann has 2 reports under way, and 2 at once are allowed"):
        submitted(store, **report, job="staff")
    store.request(first, Request.CANCEL)
    submitted(store, **report, job="staff")
    with pytest.raises(TooManyRuns):
        store.request(first, Request.RESUME)


def test_one_is_told_as_one(store: Store) -> None:
    submitted(store, limit=1)
    with pytest.raises(TooManyRuns, match=r"ann has 1 run of leads under way, and 1 at once is allowed"):
        submitted(store, limit=1)


def test_without_a_limit_there_is_none(store: Store) -> None:
    for _ in range(7):
        submitted(store)
    assert len(store.find(Filter())) == 7


@pytest.mark.parametrize("state", sorted(State))
def test_what_has_not_ended_counts(store: Store, state: State) -> None:
    if in_state(store, state).ended:
        submitted(store, limit=1)
    else:
        with pytest.raises(TooManyRuns):
            submitted(store, limit=1)


def test_a_refused_request_does_not_use_up_its_key(store: Store) -> None:
    first = submitted(store, limit=1)
    with pytest.raises(TooManyRuns):
        submitted(store, limit=1, idempotency_key="k")
    store.request(first, Request.CANCEL)
    assert store.submit(a_run(limit=1, idempotency_key="k")).how == "created"


def _submit(store: Store, owner: str) -> bool:
    try:
        submitted(store, owner=owner, limit=5)
    except TooManyRuns:
        return False
    return True


def test_five_of_eight_threads_get_through_each_time(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for race in range(8):
            through = list(threads.map(lambda n, owner=f"u{race}": _submit(stores[n], owner), range(8)))
            assert sum(through) == 5


def _submit_elsewhere(place: Place, races: int) -> list[bool]:
    store = place.open()
    try:
        return [_submit(store, f"u{race}") for race in range(races)]
    finally:
        store.close()


def test_five_get_through_from_four_processes_each_time(store: Store, place: Place) -> None:
    races = 8
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        through = pool.starmap(_submit_elsewhere, [(place, races)] * 8, chunksize=1)
    assert [sum(each[race] for each in through) for race in range(races)] == [5] * races
    assert len(store.find(Filter(limit=1000))) == 5 * races


class TestPerOwner:
    """How many runs of one owner are worked on at once."""

    def test_a_claim_beyond_the_limit_finds_nothing(self, store: Store) -> None:
        claimed(store)
        waiting, other = submitted(store), submitted(store, owner="bob")
        assert store.claim(waiting, "w2", seconds=60.0, per_owner=1) is None
        assert store.claim(other, "w2", seconds=60.0, per_owner=1)
        assert store.claim(waiting, "w2", seconds=60.0, per_owner=2)

    def test_a_run_given_back_makes_room(self, store: Store) -> None:
        lease, waiting = claimed(store), submitted(store)
        store.release(lease, Yielded())
        assert store.claim(waiting, "w2", seconds=60.0, per_owner=1)

    def test_the_parts_of_a_run_are_one_run(self, store: Store) -> None:
        run_id = planned(store)
        assert all(store.claim(run_id, f"w{n}", seconds=60.0, per_owner=1) for n in range(3))

    def test_publishing_counts(self, store: Store) -> None:
        lease, waiting = claimed(store), submitted(store)
        store.commit(lease, a_chunk(last=True))
        assert store.claim(waiting, "w2", seconds=60.0, per_owner=1) is None

    def test_no_more_are_claimed_by_many_threads_at_once(self, open_again: Callable[..., Store]) -> None:
        stores = [open_again() for _ in range(8)]
        for race in range(5):
            runs = [submitted(stores[0], owner=f"u{race}") for _ in range(8)]
            with ThreadPoolExecutor(8) as threads:
                leases = list(
                    threads.map(
                        lambda n, runs=runs: stores[n].claim(runs[n], f"w{n}", seconds=60.0, per_owner=3), range(8)
                    )
                )
            assert sum(lease is not None for lease in leases) == 3
