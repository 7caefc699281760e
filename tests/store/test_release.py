"""Releasing: what becomes of a run, for each outcome in each state."""

from __future__ import annotations

from typing import Any

import pytest

from narrowboat.errors import IllegalTransition, LeaseLost
from narrowboat.kernel.model import (
    Control,
    Failed,
    Finished,
    Later,
    Lease,
    Outcome,
    Request,
    State,
    Stopped,
    Yielded,
)
from narrowboat.kernel.store import Store
from narrowboat.stores.releasing import MAX_TRIES
from tests.store.samples import ARTIFACT, LATER, a_chunk, claimed, edges, in_state, leased, submitted

S = State
FAILED = Failed("job-failed", "ValueError: no")
PAUSE, CANCEL, LATE = Stopped(Control.PAUSE), Stopped(Control.CANCEL), Stopped(Control.TIMED_OUT)

BECOMES = [
    (S.RUNNING, Yielded(), S.QUEUED),
    (S.RUNNING, LATER, S.QUEUED),
    (S.RUNNING, PAUSE, S.QUEUED),  # resumed before it stopped
    (S.RUNNING, CANCEL, S.QUEUED),
    (S.RUNNING, LATE, S.TIMED_OUT),
    (S.RUNNING, FAILED, S.FAILED),
    (S.PAUSING, Yielded(), S.PAUSED),
    (S.PAUSING, LATER, S.PAUSED),
    (S.PAUSING, PAUSE, S.PAUSED),
    (S.PAUSING, CANCEL, S.PAUSED),
    (S.PAUSING, LATE, S.TIMED_OUT),
    (S.PAUSING, FAILED, S.FAILED),
    (S.CANCELLING, Yielded(), S.CANCELLED),
    (S.CANCELLING, LATER, S.CANCELLED),
    (S.CANCELLING, PAUSE, S.CANCELLED),
    (S.CANCELLING, CANCEL, S.CANCELLED),
    (S.CANCELLING, LATE, S.CANCELLED),
    (S.CANCELLING, FAILED, S.CANCELLED),
    (S.CANCELLING, Finished(ARTIFACT), S.CANCELLED),
    (S.PUBLISHING, Yielded(), S.QUEUED),
    (S.PUBLISHING, LATER, S.QUEUED),
    (S.PUBLISHING, PAUSE, S.QUEUED),
    (S.PUBLISHING, LATE, S.QUEUED),
    (S.PUBLISHING, FAILED, S.FAILED),
    (S.PUBLISHING, Finished(ARTIFACT), S.SUCCEEDED),
    (S.PUBLISHING, Finished(None), S.SUCCEEDED),
]


def lease_in(store: Store, state: State) -> Lease:
    run = in_state(store, state)
    return Lease(run, run.fence, "w1", 60.0)


@pytest.mark.parametrize(("state", "outcome", "after"), BECOMES)
def test_an_outcome_decides_what_becomes_of_the_run(store: Store, state: State, outcome: Outcome, after: State) -> None:
    lease = lease_in(store, state)
    run = store.release(lease, outcome)
    assert run == store.get(run.id)
    assert (run.state, run.worker) == (after, None)
    assert edges(store, run.id)[-1] == (state, after)
    assert (run.finished is not None) == run.ended


@pytest.mark.parametrize(("state", "outcome", "after"), BECOMES)
def test_a_lease_is_given_back_once(store: Store, state: State, outcome: Outcome, after: State) -> None:
    lease = lease_in(store, state)
    run = store.release(lease, outcome)
    with pytest.raises(LeaseLost):
        store.release(lease, outcome)
    assert store.get(run.id) == run


@pytest.mark.parametrize("state", [S.RUNNING, S.PAUSING])
def test_nothing_is_finished_before_its_last_chunk(store: Store, state: State) -> None:
    lease = lease_in(store, state)
    with pytest.raises(IllegalTransition, match="cannot become succeeded"):
        store.release(lease, Finished(ARTIFACT))
    assert store.get(lease.run.id) == lease.run


def test_a_finished_run_has_its_artifact(store: Store) -> None:
    run = in_state(store, S.SUCCEEDED)
    assert run.artifact == ARTIFACT
    assert run.finished is not None


def test_a_finished_run_with_rejects_is_partial(store: Store) -> None:
    assert in_state(store, S.PARTIAL).counters.rejected == 1


def test_a_failed_run_says_why(store: Store) -> None:
    run = in_state(store, S.FAILED)
    assert (run.error_code, run.error) == ("job-failed", "no")


def test_a_run_past_its_deadline_says_what_helps(store: Store) -> None:
    lease = claimed(store, time_limit=0.5)
    run = store.release(lease, LATE)
    assert run.error_code == "deadline-passed"
    assert "limit of 0.5 s" in str(run.error)
    assert "fewer rows" in str(run.error)


def test_an_error_text_of_any_characters_is_kept(store: Store) -> None:
    run = store.release(claimed(store), Failed("job-failed", "a\0b\ud800 🚣"))
    assert run.error == "a\ufffdb? 🚣"


def test_a_stale_worker_gives_nothing_back(store: Store) -> None:
    stale = claimed(store)
    store.reconcile(["w1"], barren_limit=3)
    fresh = leased(store, stale.run.id, "w2")
    for outcome in (Yielded(), FAILED, LATE):
        with pytest.raises(LeaseLost):
            store.release(stale, outcome)
    assert store.get(stale.run.id) == fresh.run


def test_a_run_that_was_deleted_has_no_lease(store: Store) -> None:
    lease = claimed(store)
    store.release(lease, FAILED)
    store.forget(lease.run.id)
    with pytest.raises(LeaseLost):
        store.release(lease, Yielded())


def test_a_passing_fault_is_tried_again_later(store: Store) -> None:
    run = store.release(claimed(store), Later(3600.0, "source-unavailable", "gone"))
    assert (run.state, run.tries, run.error_code, run.error) == (S.QUEUED, 1, "source-unavailable", "gone")
    assert run.not_before > store.now() + 3000
    assert store.due(["default"], limit=9) == []


def test_the_tenth_passing_fault_in_a_row_is_a_failure(store: Store) -> None:
    run = store.get(submitted(store))
    for _ in range(MAX_TRIES):
        assert run.state is S.QUEUED
        run = store.release(leased(store, run.id), LATER)
    assert (run.state, run.error_code, run.error) == (S.FAILED, LATER.code, LATER.message)


def test_progress_makes_passing_faults_forgotten(store: Store) -> None:
    run_id = submitted(store)
    for n in range(2 * MAX_TRIES):
        lease = leased(store, run_id)
        store.commit(lease, a_chunk(n))
        assert store.release(lease, LATER).state is S.QUEUED


def test_the_tries_of_a_paused_run_do_not_fail_it(store: Store) -> None:
    run_id = submitted(store)
    for _ in range(MAX_TRIES - 1):
        store.release(leased(store, run_id), LATER)
    lease = leased(store, run_id)
    store.request(run_id, Request.PAUSE)
    assert store.release(lease, LATER).state is S.PAUSED


def test_artifacts_of_odd_manifests_come_back(store: Store) -> None:
    from narrowboat.kernel.model import Artifact

    manifest: dict[str, Any] = {"rows": 3, "sheets": ["ä", "🚣"], "complete": True, "codec": None}
    lease = claimed(store)
    store.commit(lease, a_chunk(last=True))
    artifact = Artifact("p", "m", 2**40, "s", manifest)
    assert store.release(lease, Finished(artifact)).artifact == artifact
