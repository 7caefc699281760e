"""Attendance: runs that nobody follows end after their grace, and no others do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from narrowboat.errors import UnknownRun
from narrowboat.kernel.model import Control, Request, Run, State, Stopped
from narrowboat.kernel.store import Store
from narrowboat.stores.attendance import SqlAttendance
from tests.store.samples import Place, a_run, claimed, in_state, submitted

LONG = 3600.0


@pytest.fixture
def attendance(place: Place, store: Store) -> Iterator[SqlAttendance]:
    with closing(place.database()) as database:
        yield SqlAttendance(database)


def test_a_run_is_followed_by_who_starts_it(store: Store, attendance: SqlAttendance) -> None:
    submitted(store, unfollowed=30.0)
    assert attendance.abandon(watched=LONG) == []


def test_a_run_that_nobody_followed_for_its_grace_is_cancelled_and_says_so(
    store: Store, attendance: SqlAttendance
) -> None:
    run_id = submitted(store, unfollowed=0.0)
    assert attendance.abandon(watched=LONG) == [run_id]
    run = store.get(run_id)
    assert (run.state, run.error_code) == (State.CANCELLED, "nobody-follows")
    assert "Resume it" in str(run.error)
    assert attendance.abandon(watched=LONG) == []


def test_who_has_not_looked_for_so_long_judges_nobody(store: Store, attendance: SqlAttendance) -> None:
    run_id = submitted(store, unfollowed=0.001)
    assert attendance.abandon(watched=0.0) == []
    assert store.get(run_id).state is State.QUEUED


def test_a_worker_is_told_and_what_it_committed_is_kept(store: Store, attendance: SqlAttendance) -> None:
    lease = claimed(store, unfollowed=0.0)
    attendance.abandon(watched=LONG)
    assert store.heartbeat(lease) is Control.CANCEL
    assert store.release(lease, Stopped(Control.CANCEL)).state is State.CANCELLED
    assert store.get(lease.run.id).error_code == "nobody-follows"


def test_all_who_hold_a_run_lose_it(store: Store, attendance: SqlAttendance) -> None:
    run_id = submitted(store, identity="same", unfollowed=0.0)
    assert submitted(store, identity="same", unfollowed=0.0) == run_id
    attendance.abandon(watched=LONG)
    assert store.get(run_id).state is State.CANCELLED


def test_a_run_in_the_background_goes_on(store: Store, attendance: SqlAttendance) -> None:
    run_id, always = submitted(store, unfollowed=0.0), submitted(store)
    before = store.get(run_id).version
    assert attendance.to_background(run_id).unfollowed is None
    assert store.get(run_id).version > before
    attendance.to_background(run_id)
    assert attendance.abandon(watched=LONG) == []
    assert store.get(always).state is State.QUEUED
    with pytest.raises(UnknownRun):
        attendance.to_background("nothing")


def test_who_joins_follows_and_may_send_it_to_the_background(store: Store, attendance: SqlAttendance) -> None:
    run_id = submitted(store, identity="same", unfollowed=0.0)
    assert store.submit(a_run(identity="same")).how == "joined"
    assert store.get(run_id).unfollowed is None
    store.submit(a_run(identity="same", unfollowed=5.0))
    assert store.get(run_id).unfollowed is None


def test_the_grace_begins_anew_with_each_sign_of_life(store: Store, attendance: SqlAttendance) -> None:
    followed, left = submitted(store, unfollowed=2.0), submitted(store, unfollowed=2.0)
    begun = time.monotonic()
    abandoned: list[str] = []
    while not abandoned:
        attendance.attend([followed, "nothing"])
        abandoned += attendance.abandon(watched=LONG)
        time.sleep(0.2)
    assert abandoned == [left]
    assert time.monotonic() - begun > 1.5
    attendance.attend([])


def test_a_resumed_run_is_followed_by_who_resumes_it(store: Store, attendance: SqlAttendance) -> None:
    run_id = submitted(store, unfollowed=30.0)
    store.request(run_id, Request.CANCEL)
    store.request(run_id, Request.RESUME)
    assert attendance.abandon(watched=LONG) == []


@pytest.mark.parametrize("state", [State.PAUSED, State.PUBLISHING, State.SUCCEEDED, State.PAUSING])
def test_what_waits_for_a_person_or_is_done_is_left_alone(
    store: Store, attendance: SqlAttendance, state: State
) -> None:
    run: Run = in_state(store, state)
    assert run.unfollowed is None
    assert attendance.abandon(watched=LONG) == []
    assert store.get(run.id).state is state


def test_many_judge_at_once_and_one_does_it(store: Store, attendance: SqlAttendance) -> None:
    runs = {submitted(store, unfollowed=0.0) for _ in range(5)}
    with ThreadPoolExecutor(4) as pool:
        found = [run for done in pool.map(lambda _: attendance.abandon(watched=LONG), range(4)) for run in done]
    assert sorted(found) == sorted(runs)
