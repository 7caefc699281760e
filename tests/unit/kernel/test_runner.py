"""The runner: claim, chunk after chunk, commit; whatever happens on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from narrowboat.errors import NarrowboatError, SourceFailed, SourceUnavailable, StorageFull, StoreUnavailable
from narrowboat.kernel.model import Control, Lease, Request, Run, State
from narrowboat.kernel.runner import Moment, Runner, Settings
from narrowboat.kernel.store import Store
from tests.unit.kernel.tally import Counting, Shelf, Tally


class Bench:
    """A store, a tally and a runner, with everything that happened. A busy machine makes no chunk smaller."""

    def __init__(self, store: Store, folder: Path, job: Tally, **settings: object) -> None:
        self.store, self.job, self.moments = store, job, list[Moment]()
        self.on: Callable[[Moment], None] = lambda moment: None
        self.shelf = Shelf()
        self.runner = Runner(
            store, {job.name: job}, lambda run_id: folder / run_id, outlet=self.shelf, worker="w1",
            settings=Settings(**{"chunk": 60.0, **settings}), watch=self._watch,  # type: ignore[arg-type]
        )  # fmt: skip

    def _watch(self, moment: Moment) -> None:
        self.moments.append(moment)
        self.on(moment)

    def submit(self, **more: object) -> Run:
        return self.store.submit(self.job.request(**more)).run

    def points(self) -> list[str]:
        return [moment.point for moment in self.moments]

    def chunk_rows(self) -> list[int]:
        return [m.chunk.counters.rows for m in self.moments if m.point == "committed" and m.chunk]


@pytest.fixture
def bench(store: Store, tmp_path: Path) -> Callable[..., Bench]:
    return lambda job=None, **settings: Bench(store, tmp_path, job or Tally(), **settings)


def test_a_run_goes_from_claim_to_published_and_counts_every_row(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=25))
    run = b.submit()
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows, ended.total) == (State.SUCCEEDED, 25, 25)
    assert b.chunk_rows() == [1, 4, 16, 4], "small first, then growing"
    assert b.points() == ["claimed", *["written", "committed"] * 4, "published", "released"]
    assert [extent.length for extent in b.job.extents] == [1, 4, 16, 4], "what was committed is what is published"


def test_a_run_with_rejects_ends_partial_and_names_them(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=25, rejects=frozenset({1, 7, 25})))
    run = b.submit()
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rejected) == (State.PARTIAL, 3)
    assert [reject.row for reject in b.store.rejects(run.id)] == [1, 7, 25]


def test_a_run_that_cannot_be_claimed_is_left_alone(bench: Callable[..., Bench]) -> None:
    b = bench()
    assert b.runner.run_slice("unknown") is None
    assert b.runner.run_due() is None
    run = b.submit()
    b.store.request(run.id, Request.CANCEL)
    assert b.runner.run_slice(run.id) is None
    assert b.job.opened == 0


def test_what_is_due_and_cannot_be_claimed_is_passed_over(bench: Callable[..., Bench]) -> None:
    b = bench(per_owner=1)
    held, waiting = b.submit(), b.submit()
    assert b.store.claim(held.id, "w2", seconds=60) is not None
    assert list(b.store.due(("default",), limit=9)) == [waiting.id]
    assert b.runner.run_due() is None


@pytest.mark.parametrize(("request_", "after"), [(Request.PAUSE, State.PAUSED), (Request.CANCEL, State.CANCELLED)])
def test_what_is_asked_takes_effect_at_the_next_commit(
    bench: Callable[..., Bench], request_: Request, after: State
) -> None:
    b = bench(Tally(upto=100))
    run = b.submit()
    b.on = lambda m: (
        b.store.request(run.id, request_) and None if m.point == "written" and len(b.moments) == 4 else None
    )
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert ended.state is after
    assert b.points()[4:] == ["committed", "released"], "the chunk under way was still committed"
    assert ended.counters.rows == sum(b.chunk_rows())


def test_a_paused_run_resumes_where_it_was(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=100))
    run = b.submit()
    b.on = lambda m: b.store.request(run.id, Request.PAUSE) and None if len(b.moments) == 4 else None
    b.runner.run_slice(run.id)
    b.store.request(run.id, Request.RESUME)
    ended = b.runner.run_due()
    assert ended is not None
    assert ended.state is State.SUCCEEDED
    assert b.job.seen == list(range(1, 101)), "no row twice, none missing"


def test_a_cancel_reaches_a_statement_that_is_stuck(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=3))
    run = b.submit()
    works = []
    open_ = b.job.open
    b.job.open = lambda lease, folder: works.append(open_(lease, folder)) or works[-1]  # type: ignore[method-assign,func-returns-value]

    def cancel_and_wait(number: int) -> None:
        if number == 2:
            b.store.request(run.id, Request.CANCEL)
            b.runner.look(run.id)
            works[0].wait()

    b.job.before = cancel_and_wait
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows) == (State.CANCELLED, 1)


def test_work_that_does_not_stop_when_it_must_is_given_up(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=3), lease=0.03, patience=0.1)
    run, given_up = b.submit(), threading.Event()
    stuck: list[str] = []
    b.runner.stuck = lambda lease: stuck.append(lease.run.id) or given_up.set()

    def ignore_everything(number: int) -> None:
        if number == 2:
            assert not given_up.wait(0.2), "nobody asked it to stop"
            b.store.request(run.id, Request.CANCEL)
            assert given_up.wait(10)

    b.job.before = ignore_everything
    b.runner.run_slice(run.id)
    assert set(stuck) == {run.id}


def test_where_nobody_gives_it_up_it_is_waited_for(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=3), lease=0.03, patience=0.0)
    run, beats = b.submit(), []
    heartbeat = b.store.heartbeat

    def beat(lease: Lease) -> Control:
        beats.append(heartbeat(lease))
        return beats[-1]

    def be_slow(number: int) -> None:
        b.store.request(run.id, Request.CANCEL)
        end = time.monotonic() + 20
        while beats.count(Control.CANCEL) < 3 and time.monotonic() < end:
            time.sleep(0.01)

    b.store.heartbeat, b.job.before = beat, be_slow  # type: ignore[method-assign]
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, beats.count(Control.CANCEL) >= 3) == (State.CANCELLED, True)


def test_work_that_stops_in_time_is_not_given_up(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=3), lease=0.03, patience=60.0)
    run, heard = b.submit(), threading.Event()
    b.runner.stuck = lambda lease: pytest.fail("there was time left")
    heartbeat = b.store.heartbeat

    def beat(lease: Lease) -> Control:
        if (control := heartbeat(lease)) is Control.CANCEL:
            heard.set()
        return control

    def be_slow(number: int) -> None:
        b.store.request(run.id, Request.CANCEL)
        assert heard.wait(10)
        time.sleep(0.1)  # some more beats

    b.store.heartbeat, b.job.before = beat, be_slow  # type: ignore[method-assign]
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert ended.state is State.CANCELLED


def test_a_deadline_ends_the_run_with_its_own_state(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=1000, before=lambda number: time.sleep(0.02)), chunk=0.05)
    run = b.submit(time_limit=0.1)
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.error_code) == (State.TIMED_OUT, "deadline-passed")
    assert 0 < ended.counters.rows < 1000, "what was committed is kept"


def test_a_passing_fault_is_tried_again_and_costs_no_row(bench: Callable[..., Bench]) -> None:
    faults = iter([SourceUnavailable("the database restarted")])

    def fail_once(number: int) -> None:
        if number == 7 and (fault := next(faults, None)):
            raise fault

    b = bench(Tally(upto=10, before=fail_once))
    run = b.submit()
    waiting = b.runner.run_slice(run.id)
    assert waiting is not None
    assert (waiting.state, waiting.tries, waiting.error_code) == (State.QUEUED, 1, "source-unavailable")
    assert waiting.not_before > b.store.now(), "not at once"
    assert waiting.counters.rows == 5
    time.sleep(max(0.0, waiting.not_before - b.store.now()))
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows, ended.error) == (State.SUCCEEDED, 10, None)


def test_a_fault_that_stays_fails_the_run_and_it_can_be_resumed(bench: Callable[..., Bench]) -> None:
    def fail(number: int) -> None:
        if number == 7:
            raise SourceFailed("no such column: ctiy")

    b = bench(Tally(upto=10, before=fail))
    run = b.submit()
    failed = b.runner.run_slice(run.id)
    assert failed is not None
    assert (failed.state, failed.error_code, failed.error) == (State.FAILED, "source-failed", "no such column: ctiy")
    b.job.before = lambda number: None
    b.store.request(run.id, Request.RESUME)
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows, ended.error) == (State.SUCCEEDED, 10, None)


def test_a_worker_that_lost_its_lease_commits_nothing_more(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=100))
    run = b.submit()

    def usurp(moment: Moment) -> None:
        if len(b.moments) == 4:
            b.on = lambda m: None
            b.store.reconcile(["w1"], barren_limit=4)
            assert b.store.claim(run.id, "w2", seconds=60) is not None

    b.on = usurp
    assert b.runner.run_slice(run.id) is None
    now = b.store.get(run.id)
    assert (now.state, now.worker, now.counters.rows) == (State.RUNNING, "w2", 1)


def test_a_slice_makes_room_only_if_somebody_waits(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=50), slice=0.0)
    first = b.submit()
    alone = b.runner.run_slice(first.id)
    assert alone is not None
    assert alone.state is State.SUCCEEDED
    second, _third = b.submit(), b.submit(owner="ben")
    shared = b.runner.run_slice(second.id)
    assert shared is not None
    assert (shared.state, shared.counters.rows) == (State.QUEUED, 1)


def test_a_run_that_cannot_be_resumed_does_not_make_room_and_starts_from_zero_when_broken(
    bench: Callable[..., Bench],
) -> None:
    b = bench(Tally(upto=50, resumable=False), slice=0.0, always_yield=True)
    run = b.submit()

    def die(moment: Moment) -> None:
        if b.points().count("committed") == 2:
            raise KeyboardInterrupt

    b.on = die
    with pytest.raises(KeyboardInterrupt):
        b.runner.run_slice(run.id)
    b.on = lambda m: None
    b.store.reconcile(["w1"], barren_limit=4)
    assert b.store.get(run.id).state is State.INTERRUPTED
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows, ended.generation) == (State.SUCCEEDED, 50, 1)


def test_a_worker_over_its_memory_mark_ends_its_slice_after_a_chunk(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=50), memory_mark=1)
    run = b.submit()
    yielded = b.runner.run_slice(run.id)
    assert yielded is not None
    assert (yielded.state, b.chunk_rows()) == (State.QUEUED, [1])


def test_a_worker_that_has_grown_makes_room_when_its_slice_is_over(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("narrowboat.kernel.memory.Pressure.GROWTH", -(1 << 40))
    b = bench(Tally(upto=50))
    ended = b.runner.run_slice(b.submit().id)
    assert ended is not None
    assert ended.state is State.SUCCEEDED, "not before its time"
    b = bench(Tally(upto=50), slice=0.0)
    yielded = b.runner.run_slice(b.submit().id)
    assert yielded is not None
    assert (yielded.state, b.chunk_rows()) == (State.QUEUED, [1]), "though nobody waits"


def test_a_worker_that_drains_ends_its_slice_after_the_chunk_under_way(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=50))
    run = b.submit()
    b.on = lambda moment: b.runner.drain() if moment.point == "written" else None
    yielded = b.runner.run_slice(run.id)
    assert yielded is not None
    assert (yielded.state, b.chunk_rows()) == (State.QUEUED, [1])


def test_a_worker_that_drains_finishes_what_could_not_go_on_elsewhere(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=50, resumable=False))
    run = b.submit()
    b.runner.drain()
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert ended.state is State.SUCCEEDED


def test_a_worker_that_dies_while_publishing_leaves_only_the_publishing_to_do(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=5))
    run = b.submit()

    def die(moment: Moment) -> None:
        if moment.point == "published":
            raise KeyboardInterrupt

    b.on = die
    with pytest.raises(KeyboardInterrupt):
        b.runner.run_slice(run.id)
    b.on = lambda m: None
    b.store.reconcile(["w1"], barren_limit=4)
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows, b.job.published) == (State.SUCCEEDED, 5, 2)
    assert b.job.seen == [1, 2, 3, 4, 5]


def test_a_run_of_a_job_this_worker_does_not_know_waits_for_a_newer_worker(bench: Callable[..., Bench]) -> None:
    b = bench()
    stranger = b.store.submit(Tally(name="strange").request()).run
    waits = b.runner.run_slice(stranger.id)
    assert waits is not None
    assert (waits.state, waits.error_code) == (State.QUEUED, "unknown-job")
    assert "start it from the module that defines it" in (waits.error or "")


def test_a_worker_whose_lease_ends_while_its_statement_hangs_is_interrupted_and_commits_nothing(
    bench: Callable[..., Bench],
) -> None:
    b = bench(Tally(upto=3))
    run = b.submit()
    works = []
    open_ = b.job.open
    b.job.open = lambda lease, folder: works.append(open_(lease, folder)) or works[-1]  # type: ignore[method-assign,func-returns-value]

    def be_usurped(number: int) -> None:
        if number == 2:
            b.store.reconcile(["w1"], barren_limit=4)
            assert b.store.claim(run.id, "w2", seconds=60) is not None
            b.runner.look(run.id)
            works[0].wait()

    b.job.before = be_usurped
    assert b.runner.run_slice(run.id) is None
    assert b.store.get(run.id).counters.rows == 1


def test_work_that_fails_to_interrupt_its_statement_is_asked_again(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=3), lease=0.09)
    run, works, failures = b.submit(), list[Counting](), [OSError("no connection to cancel it over")]
    open_ = b.job.open

    def fail_once(work: Counting) -> Counting:
        interrupt = work.interrupt

        def failing() -> None:
            if failures:
                raise failures.pop()
            interrupt()

        work.interrupt = failing  # type: ignore[method-assign]
        works.append(work)
        return work

    def be_cancelled(number: int) -> None:
        if number == 2:
            b.store.request(run.id, Request.CANCEL)
            works[0].wait()

    b.job.open, b.job.before = lambda lease, folder: fail_once(open_(lease, folder)), be_cancelled  # type: ignore[method-assign]
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows, failures) == (State.CANCELLED, 1, [])


@pytest.mark.parametrize("fault", [StoreUnavailable("the database restarts"), StorageFull("its disk is full")])
def test_a_store_that_does_not_answer_a_heartbeat_is_asked_again(
    bench: Callable[..., Bench], fault: NarrowboatError
) -> None:
    b = bench(Tally(upto=30, before=lambda number: time.sleep(0.01)), lease=0.09)
    run, beats = b.submit(), []
    heartbeat = b.store.heartbeat

    def fail_once(lease: Lease) -> Control:
        beats.append(lease)
        if len(beats) == 1:
            raise fault
        return heartbeat(lease)

    b.store.heartbeat = fail_once  # type: ignore[method-assign]
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, len(beats) > 1) == (State.SUCCEEDED, True)


def test_what_was_asked_before_the_work_was_open_is_heard_when_it_is(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=3))
    run = b.submit()
    open_, heartbeat, heard = b.job.open, b.store.heartbeat, threading.Event()

    def beat(lease: Lease) -> Control:
        control = heartbeat(lease)
        heard.set()
        return control

    def cancel_and_open(lease: Lease, folder: Path) -> Counting:
        b.store.request(run.id, Request.CANCEL)
        b.runner.look(run.id)
        assert heard.wait(10)
        time.sleep(0.1)  # until the pulse has taken the answer
        return open_(lease, folder)

    b.store.heartbeat = beat  # type: ignore[method-assign]

    b.job.open = cancel_and_open  # type: ignore[method-assign]
    ended = b.runner.run_slice(run.id)
    assert ended is not None
    assert (ended.state, ended.counters.rows) == (State.CANCELLED, 0)


def test_a_drained_worker_ends_its_slice_after_the_chunk(bench: Callable[..., Bench]) -> None:
    b = bench(Tally(upto=50))
    run = b.submit()
    b.runner.look("another run")
    b.runner.drain()
    yielded = b.runner.run_slice(run.id)
    assert yielded is not None
    assert (yielded.state, b.chunk_rows()) == (State.QUEUED, [1])
