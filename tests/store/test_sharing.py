"""Sharing: identical requests under way become one run, and never a stale one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from narrowboat.kernel.model import Request, State, Yielded
from narrowboat.kernel.store import Store
from tests.store.samples import LATER, a_run, in_state, leased, submitted

SHARED = [State.QUEUED, State.RUNNING, State.INTERRUPTED, State.PUBLISHING]


def identical(store: Store, **changes: object) -> str:
    return store.submit(a_run(identity="i", **changes)).how


def road(store: Store, state: State, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run with an identity in this state."""
    monkeypatch.setattr("tests.store.samples.submitted", lambda store: store.submit(a_run(identity="i")).run.id)
    return in_state(store, state).id


@pytest.mark.parametrize("state", SHARED)
def test_an_identical_request_joins_a_run_under_way(
    store: Store, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = road(store, state, monkeypatch)
    answer = store.submit(a_run(identity="i"))
    assert (answer.how, answer.run.id, answer.run.holders) == ("joined", run_id, 2)


@pytest.mark.parametrize("state", sorted(set(State) - set(SHARED)))
def test_it_does_not_join_one_that_stops_or_has_ended(
    store: Store, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    road(store, state, monkeypatch)
    assert identical(store) == "created"


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.PARTIAL])
def test_one_that_ended_well_answers_where_that_was_asked_for(
    store: Store, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = road(store, state, monkeypatch)
    answer = store.submit(a_run(identity="i", share_ended=True))
    assert (answer.how, answer.run.id, answer.run.holders) == ("known", run_id, 1)


def test_one_that_failed_answers_nobody(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    road(store, State.FAILED, monkeypatch)
    assert identical(store, share_ended=True) == "created"


def test_another_identity_is_another_run(store: Store) -> None:
    submitted(store, identity="i")
    assert store.submit(a_run(identity="j")).how == "created"
    assert store.submit(a_run()).how == "created"


def test_another_owner_never_joins(store: Store) -> None:
    submitted(store, identity="i")
    assert identical(store, owner="bob") == "created"


def test_a_run_that_began_too_long_ago_is_not_shared(store: Store) -> None:
    leased(store, submitted(store, identity="i"))
    assert identical(store, share_within=-1.0) == "created"


def test_a_run_that_has_not_begun_is_never_stale(store: Store) -> None:
    submitted(store, identity="i")
    assert identical(store, share_within=-1.0) == "joined"


def test_a_run_for_later_is_not_shared_with_a_request_for_now(store: Store) -> None:
    submitted(store, identity="i", not_before=store.now() + 3600)
    assert identical(store) == "created"


def test_a_request_for_later_shares_no_run(store: Store) -> None:
    submitted(store, identity="i")
    assert identical(store, not_before=store.now() + 3600) == "created"


def test_a_run_between_two_tries_is_shared(store: Store) -> None:
    run_id = submitted(store, identity="i")
    store.release(leased(store, run_id), Yielded())
    store.release(leased(store, run_id), LATER)
    assert identical(store) == "joined"


def test_a_joined_run_does_not_count_against_the_limit(store: Store) -> None:
    submitted(store, identity="i", limit=1)
    assert identical(store, limit=1) == "joined"


def test_a_run_with_one_holder_left_can_be_cancelled(store: Store) -> None:
    run_id = submitted(store, identity="i")
    identical(store)
    store.request(run_id, Request.CANCEL)
    assert store.request(run_id, Request.CANCEL).state is State.CANCELLED


def test_many_identical_requests_at_once_are_one_run(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        for n in range(5):
            new = a_run(identity=f"i{n}")
            answers = list(threads.map(lambda m, new=new: stores[m % 4].submit(new), range(8)))
            assert sorted(answer.how for answer in answers) == ["created"] + ["joined"] * 7
            (run_id,) = {answer.run.id for answer in answers}
            assert stores[0].get(run_id).holders == 8


def test_many_requests_with_one_key_at_once_are_one_run(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        for n in range(5):
            new = a_run(idempotency_key=f"k{n}")
            answers = list(threads.map(lambda m, new=new: stores[m % 4].submit(new), range(8)))
            assert sorted(answer.how for answer in answers) == ["created"] + ["repeated"] * 7
            assert len({answer.run.id for answer in answers}) == 1
