"""Fairness: which run is due first."""

from __future__ import annotations

from narrowboat.kernel.model import State, Yielded
from narrowboat.kernel.store import Store
from tests.store.samples import a_chunk, in_state, leased, planned, submitted


def serve(store: Store, limit: int = 99) -> list[str]:
    """Owners in the order in which one worker after the other serves them, a slice each, until nothing waits."""
    served = []
    while due := store.due(["default"], limit=limit):
        lease = leased(store, due[0])
        served.append(lease.run.owner)
        store.commit(lease, a_chunk(last=True))
        store.release(lease, Yielded()) if len(served) > 99 else finish(store, due[0], lease)
    return served


def finish(store: Store, run_id: str, lease: object) -> None:
    from narrowboat.kernel.model import Finished

    assert store.release(lease, Finished(None)).id == run_id  # type: ignore[arg-type]


def test_what_is_due_waits_in_a_queue_that_is_asked_for(store: Store) -> None:
    runs = {queue: submitted(store, queue=queue) for queue in ("a", "b", "c")}
    assert set(store.due(["a", "c"], limit=9)) == {runs["a"], runs["c"]}
    assert store.due([], limit=9) == []


def test_only_what_waits_is_due(store: Store) -> None:
    runs = {state: in_state(store, state).id for state in State}
    assert set(store.due(["default"], limit=99)) == {runs[State.QUEUED], runs[State.INTERRUPTED]}


def test_the_oldest_goes_first(store: Store) -> None:
    runs = [submitted(store) for _ in range(3)]
    assert store.due(["default"], limit=9) == runs
    assert store.due(["default"], limit=2) == runs[:2]


def test_a_higher_priority_goes_before_everything(store: Store) -> None:
    low, high = submitted(store), submitted(store, priority=5)
    urgent = submitted(store, priority=9)
    assert store.due(["default"], limit=9) == [urgent, high, low]


def test_many_runs_of_one_owner_do_not_fill_the_list(store: Store) -> None:
    anns = [submitted(store) for _ in range(4)]
    bobs = [submitted(store, owner="bob") for _ in range(2)]
    assert store.due(["default"], limit=4) == [anns[0], bobs[0], anns[1], bobs[1]]


def test_who_has_fewer_runs_under_work_goes_first(store: Store) -> None:
    anns = [submitted(store) for _ in range(3)]
    leased(store, anns[0])
    bob = submitted(store, owner="bob")
    assert store.due(["default"], limit=9) == [bob, anns[1], anns[2]]


def test_who_was_served_longest_ago_goes_first(store: Store) -> None:
    ann, bob = submitted(store), submitted(store, owner="bob")
    store.release(leased(store, ann), Yielded())
    assert store.due(["default"], limit=9) == [bob, ann]
    store.release(leased(store, bob), Yielded())
    assert store.due(["default"], limit=9) == [ann, bob]


def test_owners_take_turns(store: Store) -> None:
    for owner in ("ann", "ann", "ann", "bob", "bob", "cleo"):
        submitted(store, owner=owner)
    assert serve(store) == ["ann", "bob", "cleo", "ann", "bob", "ann"]


def test_owners_of_fanned_out_runs_take_turns(store: Store) -> None:
    ann, bob = planned(store, parts=2), planned(store, parts=2, owner="bob")
    assert store.due(["default"], limit=1) == [ann]
    leased(store, ann)
    assert store.due(["default"], limit=9) in ([bob, ann], [ann, bob])


def test_a_queue_tells_how_it_stands(store: Store) -> None:
    assert list(store.figures()) == []
    submitted(store, queue="a", not_before=store.now() + 3600)
    submitted(store, queue="b")
    leased(store, submitted(store, queue="b"))
    in_state(store, State.SUCCEEDED)
    a, b = store.figures()
    assert (a.queue, a.waiting, a.working, a.oldest_age) == ("a", 0, 0, 0)
    assert (b.queue, b.waiting, b.working) == ("b", 1, 1)
    assert 0 <= b.oldest_age < 60


def test_a_run_has_been_ready_since_it_was_given_back(store: Store) -> None:
    run_id = submitted(store, not_before=1.0)
    (figures,) = store.figures()
    assert figures.oldest_age < 60
    store.release(leased(store, run_id), Yielded())
    (later,) = store.figures()
    assert later.oldest_age <= figures.oldest_age + 60
