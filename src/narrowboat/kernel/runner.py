"""Runner: claim, chunk after chunk, commit; in slices. The one loop behind all four kinds of job."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from narrowboat.errors import LeaseLost, NarrowboatError, UnknownJob
from narrowboat.kernel.memory import Pressure, forget_peak, peak
from narrowboat.kernel.model import (
    Chunk,
    Control,
    Extent,
    Finished,
    Lease,
    Outcome,
    Run,
    Stopped,
    Yielded,
)
from narrowboat.kernel.pace import Pace
from narrowboat.kernel.pulse import Pulse
from narrowboat.kernel.retry import decide
from narrowboat.kernel.store import Store
from narrowboat.kernel.work import Job, Outlet, Planner, Transactional, Work


class Settings(NamedTuple):
    """How a worker works. Times in seconds."""

    queues: tuple[str, ...] = ("default",)
    lease: float = 6.0
    """A worker not heard of for so long loses its run. Takeover of a hung one takes at most this and a reconcile."""
    slice: float = 30.0
    """After so long a run makes room, if another waits."""
    always_yield: bool = False
    """Make room even if nobody waits: for engines that limit how long one task may take."""
    per_owner: int | None = None
    """Runs of one owner worked on at the same time."""
    barren_limit: int = 4
    """Claims without progress after which a run is poisoned."""
    memory_mark: int | None = None
    """Bytes of RSS over which a worker makes smaller chunks, ends its slice after each and is replaced.

    None: it is replaced between two slices, once it holds 256 MB more than when it began, or half of what its control
    group may use, if that is less."""
    chunk: float = 0.5
    """How long a chunk should take."""
    patience: float = 10.0
    """Work that was cancelled, or is out of time, and does not stop within so long takes its worker with it."""


class Moment(NamedTuple):
    """Something that just happened in a slice: `claimed`, `written`, `committed`, `published` or `released`."""

    point: str
    lease: Lease
    chunk: Chunk | None = None
    run: Run | None = None
    """The run after its release."""


class _SliceOver(Exception):
    """Sending an artifact goes on in another slice."""


class Runner:
    """Runs slices of runs on the calling thread. One runner a worker process."""

    def __init__(
        self,
        store: Store,
        jobs: Mapping[str, Job],
        folder: Callable[[str], Path],
        *,
        outlet: Outlet,
        worker: str,
        settings: Settings,
        watch: Callable[[Moment], None],
        stuck: Callable[[Lease], None] | None = None,
    ) -> None:
        """stuck: called, from another thread, again and again, while work that must stop does not; None: let it."""
        self._store, self._jobs, self._folder, self._outlet = store, jobs, folder, outlet
        self._worker, self.settings, self._watch = worker, settings, watch
        self.stuck = stuck
        self.pressure = Pressure(settings.memory_mark)
        self._pulse: Pulse | None = None
        self._current: str | None = None
        self._draining = False

    def run_slice(self, run_id: str) -> Run | None:
        """Work on a run for one slice. None if there was nothing to claim, or the lease was lost on the way."""
        lease = self._store.claim(run_id, self._worker, seconds=self.settings.lease, per_owner=self.settings.per_owner)
        if lease is None:
            return None
        self._watch(Moment("claimed", lease))
        try:
            run = self._store.release(lease, self._attempt(lease))
        except LeaseLost:
            return None
        self._watch(Moment("released", lease, run=run))
        return run

    def run_due(self) -> Run | None:
        """Work one slice on the first run that is due and can be claimed; None if there is none."""
        for run_id in self._store.due(self.settings.queues, limit=16):
            if (run := self.run_slice(run_id)) is not None:
                return run
        return None

    def look(self, run_id: str) -> None:
        """Somebody asked something of this run: hear it now. From any thread."""
        if self._current == run_id and (pulse := self._pulse) is not None:
            pulse.look()

    def drain(self) -> None:
        """This worker is to go: end slices after their chunk, where the run can go on elsewhere. From any thread."""
        self._draining = True

    def _attempt(self, lease: Lease) -> Outcome:
        """One attempt, from open to outcome; whatever it raises becomes an outcome, but for a lost lease."""
        forget_peak()
        with self._pulsing(lease) as pulse:
            self._current, self._pulse = lease.run.id, pulse
            try:
                job = self._job(lease)
                if _to_be_planned(lease):
                    return self._plan(lease, job)
                with closing(job.open(lease, self._folder(lease.run.id))) as work:
                    pulse.guard(work.interrupt)
                    return self._work(lease, work, pulse)
            except LeaseLost:
                raise
            except Exception as error:
                if pulse.lost:
                    raise LeaseLost(f"Run {lease.run.id} was taken over by another worker.") from error
                return Stopped(pulse.control) if pulse.must_stop else self._decided(error, lease)
            finally:
                self._current = self._pulse = None

    def _pulsing(self, lease: Lease) -> Pulse:
        def tell() -> None:
            if self.stuck is not None:
                self.stuck(lease)

        return Pulse(self._store, lease, patience=self.settings.patience, stuck=tell)

    def _decided(self, error: Exception, lease: Lease) -> Outcome:
        import logging  # only here: most runs never need it, and a small export's start-up counts

        # An error of ours is told by the run itself; any other needs its traceback.
        log, ours = logging.getLogger("narrowboat.runner"), isinstance(error, NarrowboatError)
        log.log(logging.INFO if ours else logging.WARNING, "run %s: %s", lease.run.id, error, exc_info=not ours)
        return decide(error, lease.run.tries)

    def _job(self, lease: Lease) -> Job:
        job = self._jobs.get(lease.run.job)
        if job is None:
            raise UnknownJob(f"This worker knows no job {lease.run.job!r}; start it from the module that defines it.")
        return job

    def _plan(self, lease: Lease, job: Job) -> Outcome:
        """Add the parts of a fanned-out run; the first of them is worked on in the next slice."""
        assert isinstance(job, Planner), f"{job.name} is fanned out and has no plan"  # noqa: S101
        for planned in job.plan(lease):
            control = self._store.plan(lease, planned.parts, planned.cursor, last=planned.last)
            if control is not Control.GO_ON:
                return Stopped(control)
        return Yielded()

    def _work(self, lease: Lease, work: Work, pulse: Pulse) -> Outcome:
        """Chunk after chunk until something ends the slice."""
        if (lease.run.cursor or {}).get("done"):
            return self._publish(lease, work, pulse)
        pace, began = Pace(self.settings.chunk), time.monotonic()
        while pulse.control is Control.GO_ON:
            self._outlet.check()
            asked = time.monotonic()
            chunk = work.advance(pace.blocks)._replace(memory=peak())
            self._watch(Moment("written", lease, chunk))
            control = self._commit(lease, work, chunk)
            self._watch(Moment("committed", lease, chunk))
            if lease.part:
                return Yielded()
            if chunk.last and control is not Control.CANCEL:
                return self._publish(lease, work, pulse)
            if control is not Control.GO_ON:
                return Stopped(control)
            pace.took(time.monotonic() - asked, pressed=self._relieve())
            if work.resumable and self._slice_is_over(time.monotonic() - began):
                return Yielded()
        return Stopped(pulse.control)

    def _commit(self, lease: Lease, work: Work, chunk: Chunk) -> Control:
        if isinstance(work, Transactional):
            return work.commit(lambda conn: self._store.commit(lease, chunk, conn=conn))
        return self._store.commit(lease, chunk)

    def _relieve(self) -> bool:
        """Whether memory is short; if so, give back what can be given back."""
        pressed = self.pressure.high()
        if pressed:
            gc.collect()
        return pressed

    def _slice_is_over(self, seconds: float) -> bool:
        return self.pressure.over_mark() or self._must_make_room(seconds)

    def _must_make_room(self, seconds: float) -> bool:
        if self._draining:
            return True
        if seconds < self.settings.slice:
            return False
        if self.settings.always_yield or self.pressure.grown():
            return True
        return bool(self._store.due(self.settings.queues, limit=1))

    def _publish(self, lease: Lease, work: Work, pulse: Pulse) -> Outcome:
        began = time.monotonic()

        def sent() -> None:
            if pulse.lost:
                raise LeaseLost(f"Run {lease.run.id} was taken over by another worker.")
            if self._must_make_room(time.monotonic() - began):
                raise _SliceOver

        artifact = work.publish(self._extents(lease.run.id))
        try:
            delivered = artifact and self._outlet.deliver(lease.run, artifact, sent)
        except _SliceOver:
            return Yielded()
        self._watch(Moment("published", lease))
        return Finished(delivered)

    def _extents(self, run_id: str) -> Iterator[Extent]:
        after = -1
        while rows := self._store.chunks(run_id, after=after):
            yield from (row.extent for row in rows)
            after = rows[-1].seq


def _to_be_planned(lease: Lease) -> bool:
    return lease.run.fan_out and lease.part is None and not (lease.run.cursor or {}).get("done")
