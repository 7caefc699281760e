"""Submitting: what a new run is, keys, and the caller's own transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import psycopg
import pytest

from narrowboat.errors import BadConfiguration, IdempotencyConflict, UnknownRun
from narrowboat.kernel.model import Counters, Filter, Request, State
from narrowboat.kernel.store import Store
from tests.store.samples import Place, a_run, submitted


def test_a_new_run_waits_as_it_was_asked_for(store: Store) -> None:
    new = a_run(queue="big", priority=3, not_before=5.0, time_limit=60.0, block_rows=100, parent="p", relation="rerun")
    answer = store.submit(new)
    run = answer.run
    assert answer.how == "created"
    assert run == store.get(run.id)
    assert (run.job, run.kind, run.owner, run.params) == ("leads", "export", "ann", {"city": "Kraków"})
    assert (run.queue, run.priority, run.not_before, run.time_limit, run.block_rows) == ("big", 3, 5.0, 60.0, 100)
    assert (run.parent, run.relation, run.state, run.ended) == ("p", "rerun", State.QUEUED, False)
    assert (run.fence, run.seq, run.counters, run.cursor, run.holders) == (0, 0, Counters(), None, 1)
    assert abs(run.created - store.now()) < 60


def test_a_run_begins_its_history_when_it_is_submitted(store: Store) -> None:
    (event,) = store.events(submitted(store))
    assert (event.before, event.after, event.by) == (None, State.QUEUED, "ann")


def test_ids_are_unguessable_and_safe_in_a_url(store: Store) -> None:
    ids = {submitted(store) for _ in range(20)}
    assert len(ids) == 20
    assert all(len(run_id) == 22 and run_id.isalnum() for run_id in ids)


def test_the_same_key_gives_the_same_run_even_when_it_has_ended(store: Store) -> None:
    first = store.submit(a_run(idempotency_key="k"))
    again = store.submit(a_run(idempotency_key="k", priority=9))
    assert again.how == "repeated"
    assert again.run == first.run


def test_a_key_is_its_owners_own(store: Store) -> None:
    first = store.submit(a_run(idempotency_key="k"))
    other = store.submit(a_run(idempotency_key="k", owner="bob"))
    assert other.how == "created"
    assert other.run.id != first.run.id


@pytest.mark.parametrize("changes", [{"params": {"city": "Łódź"}}, {"job": "customers"}])
def test_a_key_for_another_request_is_a_conflict(store: Store, changes: dict[str, object]) -> None:
    first = store.submit(a_run(idempotency_key="k")).run.id
    with pytest.raises(IdempotencyConflict, match=first):
        store.submit(a_run(idempotency_key="k", **changes))
    assert [run.id for run in store.find(Filter())] == [first]


@pytest.mark.parametrize("changes", [{"parent": "q"}, {"relation": "retry"}, {"parent": None, "relation": None}])
def test_a_key_for_the_same_of_another_run_is_a_conflict(store: Store, changes: dict[str, object]) -> None:
    of = {"parent": "p", "relation": "rerun"}
    first = store.submit(a_run(idempotency_key="k", **of))
    assert store.submit(a_run(idempotency_key="k", **of)) == (first.run, "repeated")
    with pytest.raises(IdempotencyConflict, match=first.run.id):
        store.submit(a_run(idempotency_key="k", **(of | changes)))


def test_a_key_stands_for_what_is_meant_where_parameters_would_not_tell(store: Store) -> None:
    first = store.submit(a_run(idempotency_key="k", params={"place": 1}, meant="these rows"))
    assert store.submit(a_run(idempotency_key="k", params={"place": 2}, meant="these rows")).run == first.run
    with pytest.raises(IdempotencyConflict):
        store.submit(a_run(idempotency_key="k", params={"place": 1}, meant="other rows"))


def test_the_order_of_parameters_makes_no_other_request(store: Store) -> None:
    store.submit(a_run(idempotency_key="k", params={"a": 1, "b": 2}))
    assert store.submit(a_run(idempotency_key="k", params={"b": 2, "a": 1})).how == "repeated"


def test_a_key_of_a_joined_run_repeats_without_joining_once_more(store: Store) -> None:
    store.submit(a_run(identity="i"))
    assert store.submit(a_run(identity="i", idempotency_key="k")).how == "joined"
    answer = store.submit(a_run(identity="i", idempotency_key="k"))
    assert (answer.how, answer.run.holders) == ("repeated", 2)


def test_odd_text_survives_or_is_made_safe(store: Store) -> None:
    odd = {"nul": "a\0b", "emoji": "🚣", "surrogate": "\ud800", "inf": 1e308}
    assert store.get(submitted(store, params=odd)).params == odd


def test_an_unknown_run_is_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(UnknownRun, match="no run nothing"):
        store.get("nothing")
    assert store.events("nothing") == []


@pytest.mark.parametrize("run_id", ["a\0b", "\ud800", "", "' or 1=1 --"])
def test_an_id_of_odd_characters_is_unknown_too(store: Store, run_id: str) -> None:
    with pytest.raises(UnknownRun):
        store.get(run_id)
    with pytest.raises(UnknownRun):
        store.request(run_id, Request.PAUSE)
    assert store.find(Filter(owner=run_id, job=run_id)) == []


class Caller:
    """A caller with a database connection of its own, in a transaction."""

    def __init__(self, place: Place) -> None:
        self.postgres = place.url.startswith("postgresql")
        self.conn = psycopg.connect(place.url) if self.postgres else sqlite3.connect(place.url[len("sqlite:///") :])
        self.conn.execute("create table if not exists orders (id text)")
        self.conn.commit()

    def orders(self) -> int:
        return int(self.conn.execute("select count(*) from orders").fetchone()[0])

    def close(self) -> None:
        self.conn.execute("drop table orders")
        self.conn.commit()
        self.conn.close()


@pytest.fixture
def caller(place: Place, store: Store) -> Iterator[Caller]:
    caller = Caller(place)
    yield caller
    caller.close()


def test_a_run_joins_the_callers_transaction(store: Store, caller: Caller) -> None:
    caller.conn.execute("insert into orders values ('1')")
    run_id = store.submit(a_run(), conn=caller.conn).run.id
    with pytest.raises(UnknownRun):
        store.get(run_id)
    caller.conn.commit()
    assert store.get(run_id).state is State.QUEUED
    assert caller.orders() == 1


def test_a_run_goes_back_with_the_callers_transaction(store: Store, caller: Caller) -> None:
    caller.conn.execute("insert into orders values ('1')")
    run_id = store.submit(a_run(idempotency_key="k"), conn=caller.conn).run.id
    caller.conn.rollback()
    with pytest.raises(UnknownRun):
        store.get(run_id)
    assert caller.orders() == 0
    caller.conn.rollback()
    assert store.submit(a_run(idempotency_key="k")).how == "created"


def test_a_caller_without_a_transaction_gets_one_or_is_told(store: Store, caller: Caller) -> None:
    if caller.postgres:
        caller.conn.autocommit = True
        with pytest.raises(BadConfiguration, match="begin a transaction"):
            store.submit(a_run(), conn=caller.conn)
        return
    caller.conn.isolation_level = None
    run_id = store.submit(a_run(), conn=caller.conn).run.id
    assert caller.conn.in_transaction
    caller.conn.commit()
    assert store.get(run_id).id == run_id


def test_a_callers_row_factory_does_not_matter(store: Store, caller: Caller) -> None:
    caller.conn.row_factory = psycopg.rows.namedtuple_row if caller.postgres else sqlite3.Row
    run_id = store.submit(a_run(), conn=caller.conn).run.id
    caller.conn.commit()
    caller.conn.row_factory = psycopg.rows.tuple_row if caller.postgres else None
    assert store.get(run_id).id == run_id


def test_two_processes_share_one_store(open_again: Callable[..., Store]) -> None:
    one, other = open_again(), open_again()
    assert other.get(submitted(one)).state is State.QUEUED
