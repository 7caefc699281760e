"""What the store's tests are made of: places, runs, chunks, and roads to every state."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from narrowboat.kernel.model import (
    TRANSITIONS,
    Artifact,
    Chunk,
    Control,
    Counters,
    Extent,
    Failed,
    Finished,
    Later,
    Lease,
    NewRun,
    Reject,
    Request,
    Run,
    State,
    Stopped,
    Yielded,
)
from narrowboat.kernel.store import Store
from narrowboat.stores import open_database, open_store
from narrowboat.stores.database import Database


@dataclass(frozen=True)
class Place:
    """Where a store is."""

    url: str
    schema: str = "narrowboat"

    def open(self, **options: Any) -> Store:
        store = open_store(self.url, schema=self.schema, **options)
        store.migrate()
        return store

    def database(self) -> Database:
        """The database alone, with the tables as they are."""
        return open_database(self.url, schema=self.schema)

    def an_hour_ago(self, run_id: str) -> None:
        """As if all that happened to the run had happened an hour earlier."""
        table = "narrowboat_runs" if self.url.startswith("sqlite") else f"{self.schema}.runs"
        moments = ("created_at", "since", "started_at", "finished_at", "deadline_at", "first_rows_at")
        earlier = ", ".join(f"{moment} = {moment} - 3600" for moment in moments)
        with closing(self.database()) as database, database.transaction() as conn:
            conn.execute(f"update {table} set {earlier} where id = '{run_id}'")


ARTIFACT = Artifact("leads.xlsx", "application/x", 12, "ab" * 32, {"rows": 3})


def a_run(**changes: Any) -> NewRun:
    return NewRun(**{"job": "leads", "kind": "export", "params": {"city": "Kraków"}, "owner": "ann", **changes})


def submitted(store: Store, **changes: Any) -> str:
    return store.submit(a_run(**changes)).run.id


def a_chunk(n: int = 1, *, rows: int = 10, rejects: Iterable[int] = (), **changes: Any) -> Chunk:
    """A chunk of `rows` rows and ten bytes a row, with these source rows rejected."""
    refused = tuple(Reject(row, "phone", "bad-phone", f"row {row}", {"phone": "x"}) for row in rejects)
    counters = Counters(rows=rows, created=rows - len(refused), rejected=len(refused), bytes=rows * 10)
    return Chunk(
        **{"cursor": {"n": n}, "counters": counters, "extent": Extent("f-1", n * 100, rows * 10, n), "rejects": refused}
        | changes
    )


def leased(store: Store, run_id: str, worker: str = "w1", *, seconds: float = 60.0) -> Lease:
    lease = store.claim(run_id, worker, seconds=seconds)
    assert lease is not None
    return lease


def claimed(store: Store, worker: str = "w1", *, seconds: float = 60.0, **changes: Any) -> Lease:
    """A new run, and its lease. seconds=0: a lease that is over at once."""
    return leased(store, submitted(store, **changes), worker, seconds=seconds)


def planned(store: Store, parts: int = 3, **changes: Any) -> str:
    """A fanned-out run whose parts wait for workers."""
    lease = claimed(store, "planner", fan_out=True, **changes)
    store.plan(lease, [{"document": n} for n in range(parts)], {"page": parts}, last=True)
    store.release(lease, Yielded())
    return lease.run.id


def edges(store: Store, run_id: str) -> list[tuple[State | None, State]]:
    """What happened to the run, each edge beginning where the one before ended."""
    events = store.events(run_id)
    assert [event.before for event in events] == [None, *(event.after for event in events[:-1])]
    assert all(event.reason == TRANSITIONS[event.before, event.after] for event in events[1:])
    assert events[-1].after is store.get(run_id).state
    return [(event.before, event.after) for event in events]


def in_state(store: Store, state: State) -> Run:
    """A sequential run that got into this state the shortest way. Where it is worked on, by w1, whose fence is 1."""
    run_id = submitted(store)
    match state:
        case State.QUEUED:
            pass
        case State.PAUSED:
            store.request(run_id, Request.PAUSE)
        case State.CANCELLED:
            store.request(run_id, Request.CANCEL)
        case _:
            _work_towards(store, leased(store, run_id), state)
    run = store.get(run_id)
    assert run.state is state
    return run


def _work_towards(store: Store, lease: Lease, state: State) -> None:
    match state:
        case State.PAUSING:
            store.request(lease.run.id, Request.PAUSE)
        case State.CANCELLING:
            store.request(lease.run.id, Request.CANCEL)
        case State.INTERRUPTED:
            store.heartbeat(lease._replace(seconds=0.0))
            store.reconcile([], barren_limit=3)
        case State.FAILED:
            store.release(lease, Failed("job-failed", "no"))
        case State.TIMED_OUT:
            store.release(lease, Stopped(Control.TIMED_OUT))
        case State.PUBLISHING:
            store.commit(lease, a_chunk(last=True))
        case State.SUCCEEDED:
            store.commit(lease, a_chunk(last=True))
            store.release(lease, Finished(ARTIFACT))
        case State.PARTIAL:
            store.commit(lease, a_chunk(last=True, rejects=[7]))
            store.release(lease, Finished(ARTIFACT))


LATER = Later(0.0, "source-unavailable", "The source went away.")
