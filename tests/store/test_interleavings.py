"""Interleavings: whatever people, workers and reconcilers do in whatever order, a simple model says the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from narrowboat.errors import IllegalTransition, LeaseLost
from narrowboat.kernel.model import (
    CLAIMABLE,
    ENDED,
    REQUESTS,
    WORKING,
    Control,
    Counters,
    Failed,
    Finished,
    Lease,
    Outcome,
    Request,
    State,
    Stopped,
    Yielded,
)
from narrowboat.kernel.store import Store
from tests.store.samples import ARTIFACT, LATER, Place, a_chunk, a_run, edges, planned

S = State
WORKERS = st.sampled_from(["w1", "w2", "w3"])
OUTCOMES = st.sampled_from(
    [
        *[Yielded()] * 5,
        LATER,
        LATER,
        Failed("job-failed", "no"),
        Finished(ARTIFACT),
        *(Stopped(control) for control in Control),
    ]
)
WHICH = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3])
"""The newest most often, older ones sometimes: stale leases are worth a try, but most of them do nothing."""
REQUESTED = st.sampled_from([Request.PAUSE, Request.CANCEL, Request.RESUME, Request.RESUME])
RARELY = st.sampled_from([False, False, False, True])
REJECTS = st.sampled_from([[], [1], [2, 5]])
BARREN_LIMIT = 3
TABLES = ("runs", "chunks", "parts", "events", "rejects", "keys", "owners")
T = TypeVar("T")
SETTINGS = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def nth(things: list[T], n: int) -> T:
    """The nth from the end, as far as there are so many."""
    return things[-1 - min(n, len(things) - 1)]


@dataclass
class Expected:
    """What a sequential run should be."""

    late: bool
    """Its deadline passes as soon as it starts."""
    state: State = S.QUEUED
    fence: int = 0
    worker: str | None = None
    expired: bool = False
    committed: list[Counters] = field(default_factory=list)
    generation: int = 0
    started: bool = False
    done: bool = False
    tries: int = 0
    barren: int = 0
    holders: int = 1

    @property
    def counters(self) -> Counters:
        total = Counters()
        for counters in self.committed:
            total = total.plus(counters)
        return total

    @property
    def past_deadline(self) -> bool:
        return self.late and self.started and not self.done

    def control(self) -> Control:
        asked = {S.CANCELLING: Control.CANCEL, S.PAUSING: Control.PAUSE, S.PUBLISHING: Control.GO_ON}
        return asked.get(self.state, Control.TIMED_OUT if self.late else Control.GO_ON)

    def holds(self, lease: Lease) -> bool:
        return (self.fence, self.worker) == (lease.fence, lease.worker)

    def ended_slice(self, outcome: Outcome) -> State | None:
        """The state that the slice ends in; None where the outcome is no legal one."""
        match self.state, outcome:
            case S.CANCELLING, _:
                return S.CANCELLED
            case S.PUBLISHING, Finished():
                return S.PARTIAL if self.counters.rejected else S.SUCCEEDED
            case _, Finished():
                return None
            case _, Failed():
                return S.FAILED
            case ((S.RUNNING | S.PAUSING), Stopped(Control.TIMED_OUT)):
                return S.TIMED_OUT
            case S.PAUSING, _:
                return S.PAUSED
        return S.FAILED if outcome is LATER and self.tries == 4 else S.QUEUED

    def taken_back(self) -> None:
        """Its worker died or slept too long."""
        self.worker = None
        match self.state:
            case S.PAUSING:
                self.state = S.PAUSED
            case S.CANCELLING:
                self.state = S.CANCELLED
            case _:
                self.state = S.FAILED if self.barren >= BARREN_LIMIT else S.INTERRUPTED


class Sequential(RuleBasedStateMachine):
    """A few runs, three workers, and everything that can happen to them."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        super().__init__()
        self.store = open_store()
        self.expected: dict[str, Expected] = {}
        self.leases: list[Lease] = []

    @precondition(lambda self: len(self.expected) < 3)
    @rule(late=RARELY, identity=st.sampled_from(["i", None]))
    def submit(self, late: bool, identity: str | None) -> None:
        answer = self.store.submit(a_run(time_limit=0.0 if late else None, identity=identity and f"{identity}{late}"))
        if answer.how == "joined":
            joined = self.expected[answer.run.id]
            assert joined.state in {S.QUEUED, S.RUNNING, S.INTERRUPTED, S.PUBLISHING}
            joined.holders += 1
        else:
            self.expected[answer.run.id] = Expected(late)

    @precondition(lambda self: self.expected)
    @rule(n=WHICH, worker=WORKERS)
    def claim(self, n: int, worker: str) -> None:
        run_id = nth(list(self.expected), n)
        expected = self.expected[run_id]
        lease = self.store.claim(run_id, worker, seconds=60.0)
        if expected.state not in CLAIMABLE or expected.past_deadline:
            assert lease is None
            return
        assert lease is not None
        expected.state = S.PUBLISHING if expected.done else S.RUNNING
        expected.fence += 1
        expected.barren += 1
        expected.worker, expected.started, expected.expired = worker, True, False
        assert lease.fence == expected.fence
        self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(n=WHICH, last=RARELY, restart=RARELY, rejects=REJECTS)
    def commit(self, n: int, last: bool, restart: bool, rejects: list[int]) -> None:
        lease = nth(self.leases, n)
        expected = self.expected[lease.run.id]
        chunk = a_chunk(len(expected.committed), rejects=rejects, last=last, restart=restart)
        if not expected.holds(lease) or expected.state not in WORKING - {S.PUBLISHING}:
            with pytest.raises(LeaseLost):
                self.store.commit(lease, chunk)
            return
        control = self.store.commit(lease, chunk)
        if restart:
            expected.committed.clear()
            expected.generation += 1
        expected.committed.append(chunk.counters)
        expected.tries = expected.barren = 0
        expected.expired, expected.done = False, last
        if last and expected.state is not S.CANCELLING:
            expected.state = S.PUBLISHING
        assert control is expected.control()

    @precondition(lambda self: self.leases)
    @rule(n=WHICH, sleep=RARELY)
    def heartbeat(self, n: int, sleep: bool) -> None:
        lease = nth(self.leases, n)
        expected = self.expected[lease.run.id]
        beat = lease._replace(seconds=0.0 if sleep else 60.0)
        if not expected.holds(lease) or expected.state not in WORKING:
            with pytest.raises(LeaseLost):
                self.store.heartbeat(beat)
            return
        assert self.store.heartbeat(beat) is expected.control()
        expected.expired = sleep

    @precondition(lambda self: self.leases)
    @rule(n=WHICH, outcome=OUTCOMES)
    def release(self, n: int, outcome: Outcome) -> None:
        lease = nth(self.leases, n)
        expected = self.expected[lease.run.id]
        if not expected.holds(lease) or expected.state not in WORKING:
            with pytest.raises(LeaseLost):
                self.store.release(lease, outcome)
            return
        after = expected.ended_slice(outcome)
        if after is None:
            with pytest.raises(IllegalTransition):
                self.store.release(lease, outcome)
            return
        assert self.store.release(lease, outcome).state is after
        if outcome is LATER and after in {S.QUEUED, S.PAUSED}:
            expected.tries += 1
        expected.state, expected.worker, expected.barren = after, None, 0

    @precondition(lambda self: self.expected)
    @rule(n=WHICH, request=REQUESTED)
    def request(self, n: int, request: Request) -> None:
        run_id = nth(list(self.expected), n)
        expected = self.expected[run_id]
        before = expected.state
        after = REQUESTS[request].get(before)
        if after is None:
            with pytest.raises(IllegalTransition):
                self.store.request(run_id, request)
            return
        if request is Request.CANCEL and expected.holders > 1 and before not in {after, S.CANCELLING}:
            expected.holders -= 1
            after = before
        if after is S.QUEUED and before is not after:
            expected.tries = expected.barren = 0
            expected.started = False
        expected.state = after
        assert self.store.request(run_id, request).state is after

    @rule(dead=st.lists(WORKERS, unique=True, max_size=2))
    def reconcile(self, dead: list[str]) -> None:
        changed = set()
        for run_id, expected in self.expected.items():
            if expected.worker is not None and (expected.expired or expected.worker in dead):
                expected.taken_back()
                changed.add(run_id)
            if expected.state in CLAIMABLE and expected.past_deadline:
                expected.state = S.TIMED_OUT
                changed.add(run_id)
        assert set(self.store.reconcile(dead, barren_limit=BARREN_LIMIT)) == changed

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        for run_id, expected in self.expected.items():
            run = self.store.get(run_id)
            assert (run.state, run.fence, run.worker) == (expected.state, expected.fence, expected.worker)
            assert (run.counters, run.seq) == (expected.counters, len(expected.committed))
            assert (run.generation, run.tries, run.holders) == (expected.generation, expected.tries, expected.holders)
            assert sum(row.rows for row in self.store.chunks(run_id)) == expected.counters.rows
            assert (run.finished is not None) == (run.state in ENDED)

    @invariant()
    def what_is_due_can_be_claimed_and_the_other_way_round(self) -> None:
        due = set(self.store.due(["default"], limit=99))
        assert due == {
            run_id
            for run_id, expected in self.expected.items()
            if expected.state in CLAIMABLE and not expected.past_deadline
        }

    def teardown(self) -> None:
        for run_id in self.expected:
            edges(self.store, run_id)
        self.store.close()


@dataclass
class ExpectedPart:
    """What a part should be."""

    fence: int = 0
    worker: str | None = None
    expired: bool = False
    done: Counters | None = None
    tries: int = 0
    barren: int = 0

    @property
    def leased(self) -> bool:
        return self.worker is not None and self.done is None

    def reopen(self) -> None:
        self.fence += 1
        self.worker = None


class FannedOut(RuleBasedStateMachine):
    """One run of four parts: each part counts once, whoever did it, and stale workers change nothing."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        super().__init__()
        self.store = open_store()
        self.run_id = planned(self.store, parts=4)
        run = self.store.get(self.run_id)
        self.run = Expected(late=False, state=run.state, fence=run.fence)
        self.parts = [ExpectedPart() for _ in range(4)]
        self.leases: list[Lease] = []

    def part(self, lease: Lease) -> ExpectedPart | None:
        return self.parts[lease.part.seq] if lease.part else None

    def holds(self, lease: Lease) -> bool:
        held = self.part(lease) or self.run
        return (held.fence, held.worker) == (lease.fence, lease.worker)

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        lease = self.store.claim(self.run_id, worker, seconds=60.0)
        undone = [part for part in self.parts if part.done is None]
        free = [part for part in undone if part.worker is None] or [part for part in undone if part.expired]
        complete = not undone
        if self.run.state not in {*CLAIMABLE, S.RUNNING} or not (free or complete):
            assert lease is None
            return
        assert lease is not None
        held = self.part(lease) or self.run
        assert held is (self.run if complete else free[0])
        self.run.state = S.PUBLISHING if complete else S.RUNNING
        held.fence, held.worker, held.expired, held.barren = held.fence + 1, worker, False, held.barren + 1
        assert lease.fence == held.fence
        self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(n=WHICH, rejects=REJECTS)
    def commit(self, n: int, rejects: list[int]) -> None:
        lease = nth(self.leases, n)
        chunk, part = a_chunk(rejects=rejects), self.part(lease)
        if part is None or part.done is not None or not self.holds(lease):
            with pytest.raises(LeaseLost):
                self.store.commit(lease, chunk)
            return
        assert self.store.commit(lease, chunk) is self.run.control()
        part.done = chunk.counters

    @precondition(lambda self: self.leases)
    @rule(n=WHICH, sleep=RARELY)
    def heartbeat(self, n: int, sleep: bool) -> None:
        lease = nth(self.leases, n)
        part = self.part(lease)
        beat = lease._replace(seconds=0.0 if sleep else 60.0)
        if not self.holds(lease) or (part and part.done is not None):
            with pytest.raises(LeaseLost):
                self.store.heartbeat(beat)
            return
        assert self.store.heartbeat(beat) is self.run.control()
        (part or self.run).expired = sleep

    @precondition(lambda self: self.leases)
    @rule(n=WHICH, outcome=OUTCOMES)
    def release(self, n: int, outcome: Outcome) -> None:
        lease = nth(self.leases, n)
        if not self.holds(lease):
            with pytest.raises(LeaseLost):
                self.store.release(lease, outcome)
            return
        run = self.store.release(lease, outcome)
        part = self.part(lease)
        if part:
            self.gave_back(part, outcome)
        else:
            self.published(outcome)
        assert run.state is self.run.state

    def gave_back(self, part: ExpectedPart, outcome: Outcome) -> None:
        tries = part.tries
        if part.done is None:
            part.worker, part.barren, part.tries = None, 0, tries + (outcome is LATER)
        match self.run.state, outcome:
            case S.CANCELLING, _:
                self.settle()
            case ((S.RUNNING | S.PAUSING), Failed()):
                self.end(S.FAILED)
            case ((S.RUNNING | S.PAUSING), Stopped(Control.TIMED_OUT)):
                self.end(S.TIMED_OUT)
            case S.RUNNING, _ if outcome is LATER and tries == 4:
                self.end(S.FAILED)
            case S.PAUSING, _:
                self.settle()

    def published(self, outcome: Outcome) -> None:
        self.run.worker, self.run.barren = None, 0
        match outcome:
            case Finished():
                rejected = any(part.done and part.done.rejected for part in self.parts)
                self.run.state = S.PARTIAL if rejected else S.SUCCEEDED
            case Failed():
                self.run.state = S.FAILED
            case _ if outcome is LATER and self.run.tries == 4:
                self.run.state = S.FAILED
            case _:
                self.run.state = S.QUEUED
                self.run.tries += outcome is LATER

    def settle(self) -> None:
        """Nobody holds a part: what was asked has happened."""
        if not any(part.leased for part in self.parts):
            self.run.state = {S.PAUSING: S.PAUSED, S.CANCELLING: S.CANCELLED}.get(self.run.state, self.run.state)

    def end(self, state: State) -> None:
        self.run.state = state
        for part in self.parts:
            if part.leased:
                part.reopen()
                part.barren = 0

    @rule(request=REQUESTED)
    def request(self, request: Request) -> None:
        before = self.run.state
        after = REQUESTS[request].get(before)
        if after is None:
            with pytest.raises(IllegalTransition):
                self.store.request(self.run_id, request)
            return
        self.run.state = after
        if before is not after:
            self.settle()
            if after is S.QUEUED:
                self.run.tries = self.run.barren = 0
                for part in self.parts:
                    part.tries = part.barren = 0
        assert self.store.request(self.run_id, request).state is self.run.state

    @rule(dead=st.lists(WORKERS, unique=True, max_size=2))
    def reconcile(self, dead: list[str]) -> None:
        before = self.run.state
        gone = [part for part in self.parts if part.leased and (part.expired or part.worker in dead)]
        for part in gone:
            part.reopen()
        taken = self.run.worker is not None and (self.run.expired or self.run.worker in dead)
        if taken:
            self.run.taken_back()
        if any(part.barren >= BARREN_LIMIT for part in gone) and self.run.state is not S.CANCELLING:
            self.end(S.FAILED)
        self.settle()
        changed = gone or taken or self.run.state is not before
        assert list(self.store.reconcile(dead, barren_limit=BARREN_LIMIT)) == [self.run_id] * bool(changed)

    @invariant()
    def the_counters_are_the_sum_of_what_was_acknowledged(self) -> None:
        run = self.store.get(self.run_id)
        done = [part.done for part in self.parts if part.done is not None]
        total = Counters()
        for counters in done:
            total = total.plus(counters)
        assert (run.state, run.fence, run.worker) == (self.run.state, self.run.fence, self.run.worker)
        assert (run.counters, run.seq) == (total, len(done))

    def teardown(self) -> None:
        edges(self.store, self.run_id)
        self.store.close()


@pytest.fixture
def fresh(place: Place, tmp_path: Path) -> Callable[[], Store]:
    """Opens an empty store each time: hypothesis tries many examples in one test."""
    numbers = itertools.count()

    def sqlite() -> Store:
        return Place(f"sqlite:///{tmp_path}/{next(numbers)}.db").open()

    def postgresql() -> Store:
        store = place.open()
        with psycopg.connect(place.url) as conn:
            conn.execute(f"truncate {', '.join(f'{place.schema}.{table}' for table in TABLES)}")
        return store

    return sqlite if place.url.startswith("sqlite") else postgresql


@pytest.mark.parametrize("machine", [Sequential, FannedOut])
def test_any_interleaving_does_what_the_model_says(
    place: Place, fresh: Callable[[], Store], machine: Callable[[Callable[[], Store]], RuleBasedStateMachine]
) -> None:
    examples = SETTINGS if place.url.startswith("sqlite") else settings(SETTINGS, max_examples=40)
    run_state_machine_as_test(partial(machine, fresh), settings=examples)
