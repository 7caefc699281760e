"""Committing: cursor, counters, bytes and rejects move together, under the newest fence alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from narrowboat.errors import LeaseLost
from narrowboat.kernel.model import (
    Chunk,
    ChunkRow,
    Control,
    Counters,
    Extent,
    Lease,
    Reject,
    Request,
    State,
    Yielded,
)
from narrowboat.kernel.store import Store
from tests.store.samples import Place, a_chunk, claimed, edges, in_state, leased


def test_a_chunk_moves_everything_together(store: Store) -> None:
    lease = claimed(store)
    assert store.commit(lease, a_chunk(1, rejects=[4], total=(30, True))) is Control.GO_ON
    store.commit(lease, a_chunk(2, rows=20))
    run = store.get(lease.run.id)
    assert run.cursor == {"n": 2}
    assert run.counters == Counters(rows=30, created=29, rejected=1, bytes=300)
    assert (run.seq, run.total, run.total_estimated) == (2, 30, True)
    assert run.version == lease.run.version + 2
    assert store.chunks(run.id) == [
        ChunkRow(0, 0, 10, 0, Extent("f-1", 100, 100, 1)),
        ChunkRow(1, 10, 20, 100, Extent("f-1", 200, 200, 2)),
    ]
    assert store.rejects(run.id) == [Reject(4, "phone", "bad-phone", "row 4", {"phone": "x"})]


def test_every_counter_is_added_up(store: Store) -> None:
    lease = claimed(store)
    for n in (1, 2):
        store.commit(lease, Chunk({"n": n}, Counters(1, 2, 3, 4, 5, 6, 7)))
    assert store.get(lease.run.id).counters == Counters(2, 4, 6, 8, 10, 12, 14)


def test_a_total_can_be_made_exact_and_stays(store: Store) -> None:
    lease = claimed(store)
    store.commit(lease, a_chunk(1, total=(30, True)))
    store.commit(lease, a_chunk(2, total=(33, False)))
    store.commit(lease, a_chunk(3))
    run = store.get(lease.run.id)
    assert (run.total, run.total_estimated) == (33, False)


def test_a_chunk_without_bytes_is_counted_and_not_listed(store: Store) -> None:
    lease = claimed(store)
    store.commit(lease, a_chunk(1, extent=None))
    store.commit(lease, a_chunk(2))
    assert store.get(lease.run.id).seq == 2
    assert [(row.seq, row.row_from, row.start) for row in store.chunks(lease.run.id)] == [(1, 10, 0)]


def test_chunks_are_read_in_pages(store: Store) -> None:
    lease = claimed(store)
    for n in range(5):
        store.commit(lease, a_chunk(n))
    assert [row.seq for row in store.chunks(lease.run.id, limit=2)] == [0, 1]
    assert [row.seq for row in store.chunks(lease.run.id, after=1, limit=2)] == [2, 3]


def test_a_stale_fence_commits_nothing(store: Store) -> None:
    stale = claimed(store)
    store.commit(stale, a_chunk(1))
    store.reconcile(["w1"], barren_limit=3)
    fresh = leased(store, stale.run.id, "w1")
    before = store.get(stale.run.id)
    with pytest.raises(LeaseLost, match="fence 1"):
        store.commit(stale, a_chunk(2, rejects=[9]))
    with pytest.raises(LeaseLost):
        store.commit(stale, a_chunk(2, restart=True))
    assert store.get(stale.run.id) == before
    assert (len(store.chunks(stale.run.id)), store.rejects(stale.run.id)) == (1, [])
    assert store.commit(fresh, a_chunk(2)) is Control.GO_ON


@pytest.mark.parametrize("state", sorted(set(State) - {State.RUNNING, State.PAUSING, State.CANCELLING}))
def test_nothing_is_committed_where_nobody_works(store: Store, state: State) -> None:
    run = in_state(store, state)
    with pytest.raises(LeaseLost):
        store.commit(Lease(run, run.fence, "w1", 60.0), a_chunk())
    assert store.get(run.id) == run


def test_another_worker_cannot_use_the_fence(store: Store) -> None:
    lease = claimed(store)
    with pytest.raises(LeaseLost):
        store.commit(Lease(lease.run, lease.fence, "w2", 60.0), a_chunk())


@pytest.mark.parametrize(("asked", "control"), [(Request.PAUSE, Control.PAUSE), (Request.CANCEL, Control.CANCEL)])
def test_a_commit_says_what_was_asked(store: Store, asked: Request, control: Control) -> None:
    lease = claimed(store, time_limit=0.0)
    store.request(lease.run.id, asked)
    assert store.commit(lease, a_chunk()) is control
    assert store.heartbeat(lease) is control
    assert store.get(lease.run.id).counters.rows == 10


def test_a_commit_says_that_the_time_is_up(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    assert store.commit(lease, a_chunk()) is Control.TIMED_OUT
    assert store.heartbeat(lease) is Control.TIMED_OUT


def test_the_last_chunk_leads_to_publishing_which_nothing_stops(store: Store) -> None:
    lease = claimed(store, time_limit=0.0)
    assert store.commit(lease, a_chunk(last=True)) is Control.GO_ON
    assert store.get(lease.run.id).state is State.PUBLISHING
    assert store.heartbeat(lease) is Control.GO_ON


def test_the_last_chunk_goes_before_a_pause(store: Store) -> None:
    lease = claimed(store)
    store.request(lease.run.id, Request.PAUSE)
    assert store.commit(lease, a_chunk(last=True)) is Control.GO_ON
    assert edges(store, lease.run.id)[-1] == (State.PAUSING, State.PUBLISHING)


def test_a_cancel_goes_before_the_last_chunk(store: Store) -> None:
    lease = claimed(store)
    store.request(lease.run.id, Request.CANCEL)
    assert store.commit(lease, a_chunk(last=True)) is Control.CANCEL
    assert store.get(lease.run.id).state is State.CANCELLING


def test_a_restart_drops_what_was_committed_before(store: Store) -> None:
    lease = claimed(store)
    store.commit(lease, a_chunk(1, rejects=[3]))
    store.commit(lease, a_chunk(2))
    version = store.get(lease.run.id).version
    store.commit(lease, a_chunk(1, rows=5, restart=True, rejects=[4]))
    run = store.get(lease.run.id)
    assert run.counters == Counters(rows=5, created=4, rejected=1, bytes=50)
    assert (run.seq, run.generation, run.version) == (1, 1, version + 1)
    assert store.chunks(run.id) == [ChunkRow(0, 0, 5, 0, Extent("f-1", 100, 50, 1))]
    assert [reject.row for reject in store.rejects(run.id)] == [4]


def test_rejects_are_kept_up_to_a_bound_and_counted_beyond_it(open_again: Callable[..., Store]) -> None:
    store = open_again(keep_rejects=3)
    lease = claimed(store)
    for n in range(3):
        store.commit(lease, a_chunk(n, rejects=[n * 2 + 1, n * 2 + 2]))
    assert [reject.row for reject in store.rejects(lease.run.id)] == [1, 2, 3]
    assert store.get(lease.run.id).counters.rejected == 6


def test_no_more_rejects_are_kept_once_their_data_is_long(open_again: Callable[..., Store]) -> None:
    store = open_again(keep_characters=100)
    lease = claimed(store)
    long = [Reject(row, None, "c", "m", {"text": "x" * 30}) for row in range(1, 6)]
    store.commit(lease, a_chunk(rejects=[])._replace(rejects=tuple(long[:2])))
    store.commit(lease, a_chunk(rejects=[])._replace(rejects=tuple(long[2:])))
    store.commit(lease, a_chunk(rejects=[])._replace(rejects=(Reject(6, None, "c", "m", {}),)))
    assert [reject.row for reject in store.rejects(lease.run.id)] == [1, 2, 3], "two are 82 characters, three 123"


def test_rejects_are_read_in_pages_that_never_cut_a_row(store: Store) -> None:
    lease = claimed(store)
    store.commit(lease, a_chunk(rejects=[5, 2, 2, 2, 9]))
    assert [reject.row for reject in store.rejects(lease.run.id, limit=2)] == [2, 2, 2]
    assert [reject.row for reject in store.rejects(lease.run.id, after=2, limit=9)] == [5, 9]


def test_a_reject_keeps_its_data_as_far_as_json_can(store: Store) -> None:
    lease = claimed(store)
    data = {"at": date(2026, 1, 2), "sum": Decimal("1.50"), "text": "a\0b\ud800"}
    store.commit(lease, a_chunk()._replace(rejects=(Reject(1, "a\0", "c", "\ud800", data),)))
    (reject,) = store.rejects(lease.run.id)
    assert reject == Reject(1, "a\ufffd", "c", "?", {"at": "2026-01-02", "sum": "1.50", "text": "a\0b\ud800"})


def test_a_heartbeat_of_a_stale_fence_is_refused(store: Store) -> None:
    lease = claimed(store)
    assert store.heartbeat(lease) is Control.GO_ON
    store.release(lease, Yielded())
    with pytest.raises(LeaseLost):
        store.heartbeat(lease)


def test_a_commit_and_a_heartbeat_renew_the_lease(store: Store) -> None:
    short = claimed(store, seconds=0.0)
    store.commit(Lease(short.run, short.fence, "w1", 60.0), a_chunk())
    assert store.reconcile([], barren_limit=3) == []
    store.heartbeat(short)
    assert store.reconcile([], barren_limit=3) == [short.run.id]


def test_a_chunk_joins_the_callers_transaction(store: Store, place: Place) -> None:
    lease = claimed(store)
    postgres = place.url.startswith("postgresql")
    conn = psycopg.connect(place.url) if postgres else sqlite3.connect(place.url[len("sqlite:///") :])
    store.commit(lease, a_chunk(1), conn=conn)
    conn.rollback()
    assert store.get(lease.run.id).seq == 0
    store.commit(lease, a_chunk(1), conn=conn)
    conn.commit()
    conn.close()
    assert store.get(lease.run.id).cursor == {"n": 1}
