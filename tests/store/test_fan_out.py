"""Fanned-out runs: many workers hold parts of one run, and its counters are sums of what they committed."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from narrowboat.errors import LeaseLost
from narrowboat.kernel.model import (
    ChunkRow,
    Control,
    Counters,
    Extent,
    Failed,
    Filter,
    Finished,
    Lease,
    Part,
    Request,
    State,
    Stopped,
    Yielded,
)
from narrowboat.kernel.store import Store
from narrowboat.stores.releasing import MAX_TRIES
from tests.store.samples import ARTIFACT, LATER, Place, a_chunk, claimed, edges, leased, planned

S = State


def work_off(store: Store, run_id: str, worker: str, *, rejects: tuple[int, ...] = ()) -> list[int]:
    """Claim, commit and give back parts until there are none; the parts done."""
    done = []
    while (lease := store.claim(run_id, worker, seconds=60.0)) and lease.part:
        store.commit(lease, a_chunk(lease.part.seq, rejects=rejects))
        store.release(lease, Yielded())
        done.append(lease.part.seq)
    return done


def test_the_planner_works_first_and_alone(store: Store) -> None:
    lease = claimed(store, fan_out=True)
    assert lease.part is None
    assert store.plan(lease, [{"a": 1}, {"a": 2}], {"page": 1}, last=False) is Control.GO_ON
    assert store.claim(lease.run.id, "w2", seconds=60.0) is None
    run = store.get(lease.run.id)
    assert (run.state, run.cursor) == (S.RUNNING, {"page": 1})


def test_a_plan_is_made_in_slices(store: Store) -> None:
    lease = claimed(store, fan_out=True)
    store.plan(lease, [{"a": 0}], {"page": 1}, last=False)
    assert store.release(lease, Yielded()).state is S.QUEUED
    lease = leased(store, lease.run.id)
    assert lease.run.cursor == {"page": 1}
    store.plan(lease, [{"a": 1}], {"page": 2}, last=True)
    assert store.release(lease, Yielded()).state is S.RUNNING
    parts = [leased(store, lease.run.id).part for _ in range(2)]
    assert parts == [Part(0, {"a": 0}), Part(1, {"a": 1})]


def test_parts_are_claimed_while_the_planner_still_holds_the_run(store: Store) -> None:
    lease = claimed(store, fan_out=True)
    store.plan(lease, [{"a": 0}], {}, last=True)
    assert work_off(store, lease.run.id, "w2") == [0]
    assert store.claim(lease.run.id, "w2", seconds=60.0) is None
    store.release(lease, Yielded())
    assert leased(store, lease.run.id).run.state is S.PUBLISHING


def test_a_stale_planner_plans_nothing(store: Store) -> None:
    stale = claimed(store, fan_out=True)
    store.reconcile(["w1"], barren_limit=3)
    fresh = leased(store, stale.run.id, "w2")
    with pytest.raises(LeaseLost):
        store.plan(stale, [{"a": 1}], {}, last=True)
    assert store.get(stale.run.id) == fresh.run


@pytest.mark.parametrize(("asked", "control"), [(Request.PAUSE, Control.PAUSE), (Request.CANCEL, Control.CANCEL)])
def test_the_planner_hears_what_was_asked(store: Store, asked: Request, control: Control) -> None:
    lease = claimed(store, fan_out=True)
    store.request(lease.run.id, asked)
    assert store.plan(lease, [], {}, last=True) is control


def test_workers_get_different_parts_under_fences_of_their_own(store: Store) -> None:
    run_id = planned(store, parts=3)
    leases = [leased(store, run_id, f"w{n}") for n in range(3)]
    assert [lease.part.seq for lease in leases if lease.part] == [0, 1, 2]
    assert [lease.fence for lease in leases] == [1, 1, 1]
    assert store.claim(run_id, "w4", seconds=60.0) is None
    assert store.due(["default"], limit=9) == []


def test_the_runs_own_row_stays_as_it_is_while_parts_are_done(store: Store) -> None:
    run_id = planned(store, parts=3)
    before = store.get(run_id)
    for _ in range(2):
        store.commit(lease := leased(store, run_id), a_chunk())
        store.release(lease, Yielded())
    after = store.get(run_id)
    assert (after.fence, after.worker, after.cursor) == (before.fence, before.worker, before.cursor)
    assert after.version == before.version + 2
    assert store.versions([run_id]) == {run_id: after.version}


def test_counters_are_the_sums_of_the_parts(store: Store) -> None:
    run_id = planned(store, parts=3)
    work_off(store, run_id, "w1", rejects=(4,))
    run = store.get(run_id)
    assert (run.seq, run.counters) == (3, Counters(rows=30, created=27, rejected=3, bytes=300))
    assert list(store.find(Filter())) == [run]
    assert len(store.rejects(run_id)) == 3


def test_a_part_is_done_once(store: Store) -> None:
    run_id = planned(store, parts=1)
    lease = leased(store, run_id)
    store.commit(lease, a_chunk())
    for again in (lambda: store.commit(lease, a_chunk()), lambda: store.heartbeat(lease)):
        with pytest.raises(LeaseLost, match="part 0"):
            again()
    assert store.get(run_id).counters.rows == 10


def test_a_part_that_is_over_goes_to_the_next_worker_and_the_late_one_is_refused(store: Store) -> None:
    run_id = planned(store, parts=1)
    late = leased(store, run_id, "w1", seconds=0.0)
    fresh = leased(store, run_id, "w2")
    assert fresh.part == late.part
    for verb in (lambda: store.commit(late, a_chunk()), lambda: store.release(late, Yielded())):
        with pytest.raises(LeaseLost):
            verb()
    assert store.commit(fresh, a_chunk()) is Control.GO_ON
    assert store.get(run_id).counters.rows == 10


def test_a_heartbeat_keeps_a_part(store: Store) -> None:
    run_id = planned(store, parts=1)
    lease = leased(store, run_id, "w1", seconds=0.0)
    assert store.heartbeat(Lease(lease.run, lease.fence, "w1", 60.0, lease.part)) is Control.GO_ON
    assert store.claim(run_id, "w2", seconds=60.0) is None


@pytest.mark.parametrize(("asked", "control"), [(Request.PAUSE, Control.PAUSE), (Request.CANCEL, Control.CANCEL)])
def test_the_worker_of_a_part_hears_what_was_asked(store: Store, asked: Request, control: Control) -> None:
    run_id = planned(store)
    lease = leased(store, run_id)
    store.request(run_id, asked)
    assert store.heartbeat(lease) is control
    assert store.commit(lease, a_chunk()) is control
    assert store.release(lease, Stopped(control)).state is (S.PAUSED if asked is Request.PAUSE else S.CANCELLED)
    assert store.get(run_id).counters.rows == 10


def test_the_worker_of_a_part_hears_that_the_time_is_up(store: Store) -> None:
    run_id = planned(store, time_limit=3600.0)
    lease, other = leased(store, run_id, "w1"), leased(store, run_id, "w2")
    run = store.release(lease, Stopped(Control.TIMED_OUT))
    assert (run.state, run.error_code) == (S.TIMED_OUT, "deadline-passed")
    with pytest.raises(LeaseLost):
        store.commit(other, a_chunk())


def test_a_paused_run_goes_on_with_the_parts_that_are_left(store: Store) -> None:
    run_id = planned(store, parts=3)
    store.commit(lease := leased(store, run_id), a_chunk())
    store.request(run_id, Request.PAUSE)
    store.release(lease, Stopped(Control.PAUSE))
    assert store.request(run_id, Request.RESUME).state is S.QUEUED
    assert work_off(store, run_id, "w1") == [1, 2]
    assert edges(store, run_id)[-2:] == [(S.QUEUED, S.RUNNING), (S.RUNNING, S.PUBLISHING)]


def test_one_failed_part_fails_the_run_and_stops_the_others(store: Store) -> None:
    run_id = planned(store)
    lease, other = leased(store, run_id, "w1"), leased(store, run_id, "w2")
    run = store.release(lease, Failed("job-failed", "no"))
    assert (run.state, run.error) == (S.FAILED, "no")
    with pytest.raises(LeaseLost):
        store.heartbeat(other)
    with pytest.raises(LeaseLost):
        store.release(other, Yielded())


def test_a_worker_that_was_done_before_the_run_failed_is_not_told_off(store: Store) -> None:
    run_id = planned(store)
    done, bad = leased(store, run_id, "w1"), leased(store, run_id, "w2")
    store.commit(done, a_chunk())
    store.release(bad, Failed("job-failed", "no"))
    assert store.release(done, Yielded()).state is S.FAILED


def test_a_failure_while_it_is_cancelled_is_a_cancel(store: Store) -> None:
    run_id = planned(store)
    lease = leased(store, run_id)
    store.request(run_id, Request.CANCEL)
    assert store.release(lease, Failed("job-failed", "no")).state is S.CANCELLED


def test_a_part_is_tried_again_and_fails_the_run_after_many_passing_faults(store: Store) -> None:
    run_id = planned(store, parts=1)
    for _ in range(MAX_TRIES - 1):
        assert store.release(leased(store, run_id), LATER).state is S.RUNNING
    assert store.release(leased(store, run_id), LATER).state is S.FAILED
    store.request(run_id, Request.RESUME)
    assert work_off(store, run_id, "w1") == [0]


def test_a_part_for_later_is_not_claimed_now(store: Store) -> None:
    from narrowboat.kernel.model import Later

    run_id = planned(store, parts=1)
    store.release(leased(store, run_id), Later(3600.0, "x", "y"))
    assert store.claim(run_id, "w1", seconds=60.0) is None
    assert store.due(["default"], limit=9) == []
    store.request(run_id, Request.PAUSE)
    store.request(run_id, Request.RESUME)
    assert work_off(store, run_id, "w1") == [0]


def test_a_run_whose_parts_are_done_is_published_by_one_worker(store: Store) -> None:
    run_id = planned(store, parts=2)
    work_off_rest = leased(store, run_id)
    store.commit(leased(store, run_id, "w2"), a_chunk(1))
    assert store.due(["default"], limit=9) == []
    store.commit(work_off_rest, a_chunk(0))
    assert store.due(["default"], limit=9) == [run_id]
    lease = leased(store, run_id, "w3")
    assert lease.part is None
    assert (lease.run.state, lease.run.cursor) == (S.PUBLISHING, {"page": 2, "done": True})
    assert lease.run.counters.rows == 20
    assert store.claim(run_id, "w4", seconds=60.0) is None
    assert store.release(work_off_rest, Yielded()).state is S.PUBLISHING
    assert store.release(lease, Finished(ARTIFACT)).state is S.SUCCEEDED


def test_rejects_of_any_part_make_it_partial(store: Store) -> None:
    run_id = planned(store, parts=2)
    work_off(store, run_id, "w1", rejects=(3,))
    assert store.get(run_id).state is S.PUBLISHING


def test_publishing_is_tried_again_and_taken_over(store: Store) -> None:
    run_id = planned(store, parts=0)
    assert store.release(leased(store, run_id), LATER).state is S.QUEUED
    leased(store, run_id, "w2")
    store.reconcile(["w2"], barren_limit=3)
    lease = leased(store, run_id)
    assert lease.run.state is S.PUBLISHING
    assert store.release(lease, Finished(None)).state is S.SUCCEEDED


def test_bytes_are_listed_up_to_the_first_part_that_is_missing(store: Store) -> None:
    run_id = planned(store, parts=4)
    leases = [leased(store, run_id, f"w{n}") for n in range(4)]
    for n in (0, 2, 3):
        store.commit(leases[n], a_chunk(n, rows=n + 1))
    assert store.chunks(run_id) == [ChunkRow(0, 0, 1, 0, Extent("f-1", 0, 10, 0))]
    store.commit(leases[1], a_chunk(1, rows=2, extent=None))
    assert [(row.seq, row.row_from, row.rows, row.start) for row in store.chunks(run_id)] == [
        (0, 0, 1, 0),
        (2, 3, 3, 10),
        (3, 6, 4, 40),
    ]
    assert [row.seq for row in store.chunks(run_id, after=0, limit=1)] == [2]


def test_parts_of_a_deleted_run_are_gone(store: Store) -> None:
    run_id = planned(store)
    store.request(run_id, Request.CANCEL)
    store.forget(run_id)
    assert store.versions([run_id]) == {}


def test_each_part_is_done_once_by_many_threads(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(4)]
    run_id = planned(stores[0], parts=40)
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda n: work_off(stores[n], run_id, f"w{n}"), range(4)))
    parts = Counter(seq for seqs in done for seq in seqs)
    publishing = stores[0].get(run_id)
    assert parts == Counter(range(40))
    assert publishing.counters.rows == 400
    assert publishing.state is S.PUBLISHING


def _work_off_elsewhere(place: Place, run_id: str, worker: str) -> list[int]:
    store = place.open()
    try:
        return work_off(store, run_id, worker)
    finally:
        store.close()


def test_each_part_is_done_once_by_four_processes(store: Store, place: Place) -> None:
    run_id = planned(store, parts=60)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        done = pool.starmap(_work_off_elsewhere, [(place, run_id, f"w{n}") for n in range(4)])
    assert Counter(seq for seqs in done for seq in seqs) == Counter(range(60))
    assert store.get(run_id).counters.rows == 600


def test_a_cancel_amid_many_workers_ends_them_all(open_again: Callable[..., Store]) -> None:
    stores = [open_again() for _ in range(4)]
    together = Barrier(4)

    def work(n: int, run_id: str) -> None:
        for part in range(6):
            lease = stores[n].claim(run_id, f"w{n}", seconds=60.0)
            if part == 2:
                together.wait()
                if n == 3:
                    stores[n].request(run_id, Request.CANCEL)
            if lease is None:
                return
            control = stores[n].commit(lease, a_chunk())
            stores[n].release(lease, Yielded() if control is Control.GO_ON else Stopped(control))

    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            run_id = planned(stores[0], parts=30)
            list(threads.map(work, range(4), [run_id] * 4))
            assert stores[0].get(run_id).state is S.CANCELLED
            edges(stores[0], run_id)
