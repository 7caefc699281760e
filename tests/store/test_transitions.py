"""Transitions: every edge of the table happens, and no other can be written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from narrowboat.errors import IllegalTransition
from narrowboat.kernel.model import TRANSITIONS, Control, Failed, Finished, Request, State, Stopped, Yielded
from narrowboat.kernel.store import Store
from narrowboat.stores.moves import move
from narrowboat.stores.store import SqlStore
from tests.store.samples import ARTIFACT, LATER, a_chunk, claimed, edges, in_state, leased

S = State
Edge = tuple[State, State]
Road = Callable[[Store, str], object]


def ask(request: Request) -> Road:
    return lambda store, run_id: store.request(run_id, request)


def give_back(outcome: object) -> Road:
    return lambda store, run_id: store.release(leased_by_w1(store, run_id), outcome)  # type: ignore[arg-type]


def leased_by_w1(store: Store, run_id: str) -> object:
    from narrowboat.kernel.model import Lease

    run = store.get(run_id)
    return Lease(run, run.fence, "w1", 60.0)


def commit_last(store: Store, run_id: str) -> object:
    return store.commit(leased_by_w1(store, run_id), a_chunk(last=True))  # type: ignore[arg-type]


def commit_last_with_rejects(store: Store) -> str:
    lease = claimed(store)
    store.commit(lease, a_chunk(last=True, rejects=[1]))
    return lease.run.id


def claim(store: Store, run_id: str) -> object:
    return leased(store, run_id)


def died(store: Store, run_id: str) -> object:
    return store.reconcile(["w1"], barren_limit=9)


def poisoned(store: Store, run_id: str) -> object:
    return store.reconcile(["w1"], barren_limit=1)


def late(store: Store) -> str:
    return claimed(store, time_limit=0.0).run.id


def late_and_waiting(store: Store) -> str:
    run_id = late(store)
    give_back(Yielded())(store, run_id)
    return run_id


def complete_and_waiting(store: Store) -> str:
    run_id = in_state(store, S.PUBLISHING).id
    give_back(LATER)(store, run_id)
    return run_id


def complete_and_interrupted(store: Store) -> str:
    run_id = in_state(store, S.PUBLISHING).id
    died(store, run_id)
    return run_id


PAUSE, RESUME, CANCEL = ask(Request.PAUSE), ask(Request.RESUME), ask(Request.CANCEL)
TIMED_OUT = give_back(Stopped(Control.TIMED_OUT))
FAILED = give_back(Failed("job-failed", "no"))

ROADS: dict[Edge, Road | tuple[Callable[[Store], str], Road]] = {
    (S.QUEUED, S.RUNNING): claim,
    (S.QUEUED, S.PUBLISHING): (complete_and_waiting, claim),
    (S.QUEUED, S.PAUSED): PAUSE,
    (S.QUEUED, S.CANCELLED): CANCEL,
    (S.QUEUED, S.TIMED_OUT): (late_and_waiting, died),
    (S.RUNNING, S.QUEUED): give_back(Yielded()),
    (S.RUNNING, S.PAUSING): PAUSE,
    (S.RUNNING, S.CANCELLING): CANCEL,
    (S.RUNNING, S.INTERRUPTED): died,
    (S.RUNNING, S.PUBLISHING): commit_last,
    (S.RUNNING, S.FAILED): FAILED,
    (S.RUNNING, S.TIMED_OUT): TIMED_OUT,
    (S.PAUSING, S.PAUSED): give_back(Yielded()),
    (S.PAUSING, S.RUNNING): RESUME,
    (S.PAUSING, S.CANCELLING): CANCEL,
    (S.PAUSING, S.PUBLISHING): commit_last,
    (S.PAUSING, S.FAILED): FAILED,
    (S.PAUSING, S.TIMED_OUT): TIMED_OUT,
    (S.PAUSED, S.QUEUED): RESUME,
    (S.PAUSED, S.CANCELLED): CANCEL,
    (S.CANCELLING, S.CANCELLED): died,
    (S.INTERRUPTED, S.RUNNING): claim,
    (S.INTERRUPTED, S.PUBLISHING): (complete_and_interrupted, claim),
    (S.INTERRUPTED, S.PAUSED): PAUSE,
    (S.INTERRUPTED, S.CANCELLED): CANCEL,
    (S.INTERRUPTED, S.FAILED): (lambda store: claimed(store).run.id, poisoned),
    (S.INTERRUPTED, S.TIMED_OUT): (late, died),
    (S.PUBLISHING, S.SUCCEEDED): give_back(Finished(ARTIFACT)),
    (S.PUBLISHING, S.PARTIAL): (commit_last_with_rejects, give_back(Finished(ARTIFACT))),
    (S.PUBLISHING, S.INTERRUPTED): died,
    (S.PUBLISHING, S.QUEUED): give_back(LATER),
    (S.PUBLISHING, S.FAILED): FAILED,
    (S.FAILED, S.QUEUED): RESUME,
    (S.TIMED_OUT, S.QUEUED): RESUME,
    (S.CANCELLED, S.QUEUED): RESUME,
}


def test_there_is_a_road_for_every_edge() -> None:
    assert set(ROADS) == set(TRANSITIONS)


@pytest.mark.parametrize("edge", ROADS, ids="-".join)
def test_every_edge_can_be_taken(store: Store, edge: Edge) -> None:
    road = ROADS[edge]
    if isinstance(road, tuple):
        start, step = road
        run_id = start(store)
    else:
        run_id, step = in_state(store, edge[0]).id, road
    step(store, run_id)
    assert edges(store, run_id)[-1] == edge


@pytest.mark.parametrize("before", State)
def test_no_other_edge_can_be_written(store: Store, before: State) -> None:
    run = in_state(store, before)
    assert isinstance(store, SqlStore)
    for after in State:
        if (before, after) in TRANSITIONS:
            continue
        with store._database.write() as tx, pytest.raises(IllegalTransition, match=f"is {before}; it cannot become"):
            move(tx, {"id": run.id, "state": before, "fan_out": 0}, after)
    assert store.get(run.id) == run
    edges(store, run.id)


@pytest.mark.parametrize("before", State)
def test_a_state_that_changed_meanwhile_is_not_overwritten(store: Store, before: State) -> None:
    run = in_state(store, before)
    assert isinstance(store, SqlStore)
    wrong, after = next(edge for edge in TRANSITIONS if edge[0] is not before)
    with pytest.raises(IllegalTransition, match="changed meanwhile"), store._database.write() as tx:
        move(tx, {"id": run.id, "state": wrong, "fan_out": 0}, after)
    assert store.get(run.id) == run
