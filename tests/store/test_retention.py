"""Retention: what is old is found and forgotten with all that belongs to it."""

from __future__ import annotations

import pytest

from narrowboat.errors import IllegalTransition, UnknownRun
from narrowboat.kernel.model import ENDED, Filter, Request, State
from narrowboat.kernel.store import Store
from tests.store.samples import a_chunk, a_run, claimed, in_state


def test_only_ended_runs_expire_the_oldest_first(store: Store) -> None:
    runs = [in_state(store, state).id for state in State]
    ended = [run_id for run_id, state in zip(runs, State, strict=True) if state in ENDED]
    later = store.now() + 60
    assert store.expired(later, limit=99) == ended
    assert store.expired(later, limit=2) == ended[:2]
    assert store.expired(store.now() - 3600, limit=99) == []


def test_a_resumed_run_does_not_expire(store: Store) -> None:
    run = in_state(store, State.FAILED)
    store.request(run.id, Request.RESUME)
    assert store.expired(store.now() + 60, limit=9) == []


@pytest.mark.parametrize("state", sorted(ENDED))
def test_a_forgotten_run_leaves_nothing(store: Store, state: State) -> None:
    run = in_state(store, state)
    store.forget(run.id)
    with pytest.raises(UnknownRun):
        store.get(run.id)
    assert [store.events(run.id), store.chunks(run.id), store.rejects(run.id)] == [[], [], []]
    assert list(store.find(Filter())) == []


@pytest.mark.parametrize("state", sorted(set(State) - ENDED))
def test_a_run_that_has_not_ended_is_not_forgotten(store: Store, state: State) -> None:
    run = in_state(store, state)
    with pytest.raises(IllegalTransition, match=run.id):
        store.forget(run.id)
    assert store.get(run.id) == run


def test_forgetting_twice_is_harmless(store: Store) -> None:
    run = in_state(store, State.FAILED)
    store.forget(run.id)
    store.forget(run.id)


def test_another_run_keeps_what_is_its_own(store: Store) -> None:
    gone, kept = in_state(store, State.PARTIAL), claimed(store)
    store.commit(kept, a_chunk(rejects=[1]))
    store.forget(gone.id)
    assert len(store.events(kept.run.id)) == 2
    assert len(store.chunks(kept.run.id)) == len(store.rejects(kept.run.id)) == 1


def test_the_key_of_a_forgotten_run_can_be_used_again(store: Store) -> None:
    run_id = store.submit(a_run(idempotency_key="k")).run.id
    store.request(run_id, Request.CANCEL)
    store.forget(run_id)
    assert store.submit(a_run(idempotency_key="k")).how == "created"
