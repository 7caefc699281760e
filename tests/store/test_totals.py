"""Totals: how many runs of a job ended how, and what they did, whatever became of them since."""

from __future__ import annotations

import pytest

from narrowboat.kernel.figures import JobFigures
from narrowboat.kernel.model import DURATIONS, ENDED, Failed, Finished, Request, State, Yielded
from narrowboat.kernel.store import Store
from tests.store.samples import ARTIFACT, Place, a_chunk, claimed, in_state, leased, planned, submitted


def of(store: Store, state: State, job: str = "leads") -> JobFigures | None:
    return next((one for one in store.totals() if (one.job, one.state) == (job, state)), None)


@pytest.mark.parametrize("state", State)
def test_a_run_counts_under_its_job_and_state(store: Store, state: State) -> None:
    in_state(store, state)
    assert [(one.job, one.state, one.runs) for one in store.totals()] == [("leads", state, 1)]


@pytest.mark.parametrize("state", sorted(ENDED))
def test_a_purged_run_still_counts(store: Store, state: State) -> None:
    run = in_state(store, state)
    before = store.totals()
    store.forget(run.id)
    assert store.totals() == before


def test_rows_bytes_and_seconds_add_up(store: Store) -> None:
    for rows in (3, 4):
        lease = claimed(store)
        store.commit(lease, a_chunk(rows=rows, last=True))
        store.release(lease, Finished(ARTIFACT))
    found = of(store, State.SUCCEEDED)
    assert found is not None
    assert (found.runs, found.rows, found.bytes) == (2, 7, 70)
    assert found.seconds >= 0.0


def test_jobs_are_kept_apart(store: Store) -> None:
    submitted(store)
    submitted(store, job="customers")
    submitted(store, job="customers", params={"city": "Gdynia"})
    assert [(one.job, one.runs) for one in store.totals()] == [("customers", 2), ("leads", 1)]


def test_a_run_that_is_resumed_and_ends_again_counts_again(store: Store) -> None:
    run = in_state(store, State.FAILED)
    store.request(run.id, Request.RESUME)
    assert [(one.state, one.runs) for one in store.totals()] == [(State.FAILED, 1), (State.QUEUED, 1)]
    lease = leased(store, run.id)
    store.commit(lease, a_chunk(last=True))
    store.release(lease, Finished(ARTIFACT))
    assert [(one.state, one.runs) for one in store.totals()] == [(State.FAILED, 1), (State.SUCCEEDED, 1)]


def test_the_parts_of_a_fanned_out_run_are_in_its_total(store: Store) -> None:
    run_id = planned(store, parts=2)
    for _ in range(2):
        lease = leased(store, run_id)
        store.commit(lease, a_chunk(rows=5, last=True))
    store.request(run_id, Request.CANCEL)
    assert store.claim(run_id, "w1", seconds=60.0) is None
    found = of(store, State.CANCELLED)
    assert found is not None
    assert found.rows == 10


def test_runs_that_ended_are_told_apart_by_how_long_they_took(store: Store) -> None:
    lease = claimed(store)
    under_way = of(store, State.RUNNING)
    store.commit(lease, a_chunk(last=True))
    store.release(lease, Finished(ARTIFACT))
    ended = of(store, State.SUCCEEDED)
    assert under_way is not None
    assert ended is not None
    assert under_way.oldest >= 0.0
    took = [getattr(ended, f"within_{edge}") for edge in DURATIONS]
    assert took == [int(ended.seconds <= edge) for edge in DURATIONS]
    assert took[-1] == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.PAUSED])
def test_what_was_not_started_or_is_paused_has_no_age(store: Store, state: State) -> None:
    in_state(store, state)
    found = of(store, state)
    assert found is not None
    assert found.oldest == 0.0


@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED, State.TIMED_OUT, State.CANCELLED])
def test_while_people_let_it_stand_a_run_takes_no_time(place: Place, store: Store, state: State) -> None:
    run_id = stood(place, store, state)
    store.request(run_id, Request.RESUME)
    waiting = of(store, State.QUEUED)
    assert waiting is not None
    assert waiting.oldest < 3600
    lease = leased(store, run_id)
    store.commit(lease, a_chunk(last=True))
    ended = store.release(lease, Finished(ARTIFACT))
    done = of(store, State.SUCCEEDED)
    assert done is not None
    assert (done.seconds < 3600, done.within_900) == (True, 1)
    assert ended.took(0.0) == pytest.approx(done.seconds)


def test_a_run_that_is_cancelled_while_it_is_paused_took_the_time_until_then(place: Place, store: Store) -> None:
    run_id = stood(place, store, State.PAUSED)
    assert store.request(run_id, Request.CANCEL).took(0.0) < 3600
    done = of(store, State.CANCELLED)
    assert done is not None
    assert done.seconds < 3600


@pytest.mark.parametrize("started", [True, False], ids=["started", "not started"])
def test_while_a_run_stands_its_first_rows_are_not_waited_for(place: Place, store: Store, started: bool) -> None:
    run_id = stood(place, store, State.PAUSED) if started else paused(place, store)
    store.request(run_id, Request.RESUME)
    store.commit(leased(store, run_id), a_chunk())
    under_way = of(store, State.RUNNING)
    store.request(run_id, Request.PAUSE)
    store.reconcile(["w1"], barren_limit=9)
    place.an_hour_ago(run_id)  # that it stands after its first rows is nothing to them
    store.request(run_id, Request.CANCEL)
    done = of(store, State.CANCELLED)
    assert under_way is not None
    assert done is not None
    assert (done.begun, done.first_rows_seconds < 3600) == (1, True)
    assert under_way.first_rows_seconds == pytest.approx(done.first_rows_seconds)


def test_before_a_run_may_begin_it_does_not_stand(place: Place, store: Store) -> None:
    run_id = submitted(store, not_before=store.now() + 3600)
    store.request(run_id, Request.PAUSE)
    place.an_hour_ago(run_id)
    store.request(run_id, Request.RESUME)
    assert store.get(run_id).stood_first == 0.0


def test_what_a_run_stood_before_it_was_started_is_not_taken_off(place: Place, store: Store) -> None:
    run_id = submitted(store)
    store.request(run_id, Request.PAUSE)
    place.an_hour_ago(run_id)
    store.request(run_id, Request.RESUME)
    leased(store, run_id)
    place.an_hour_ago(run_id)
    found = of(store, State.RUNNING)
    assert found is not None
    assert 3600 <= found.oldest < 7200


def test_the_time_in_which_it_waits_for_a_worker_is_taken(place: Place, store: Store) -> None:
    run = in_state(store, State.INTERRUPTED)
    place.an_hour_ago(run.id)
    lease = leased(store, run.id)
    store.commit(lease, a_chunk(last=True))
    store.release(lease, Finished(ARTIFACT))
    found = of(store, State.SUCCEEDED)
    assert found is not None
    assert (found.seconds >= 3600, found.within_900) == (True, 0)


def paused(place: Place, store: Store) -> str:
    """A run that stood paused for an hour before any worker had it."""
    run_id = submitted(store)
    store.request(run_id, Request.PAUSE)
    place.an_hour_ago(run_id)
    return run_id


def stood(place: Place, store: Store, state: State) -> str:
    """A run that was worked on, then stood in this state for an hour."""
    lease = claimed(store, time_limit=0.0 if state is State.TIMED_OUT else None)
    if state in (State.PAUSED, State.CANCELLED):
        store.request(lease.run.id, Request.PAUSE if state is State.PAUSED else Request.CANCEL)
    store.release(lease, Failed("x", "y") if state is State.FAILED else Yielded())
    store.reconcile([], barren_limit=9)
    assert store.get(lease.run.id).state is state
    place.an_hour_ago(lease.run.id)
    return lease.run.id
