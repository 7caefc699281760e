"""Metrics: figures in the Prometheus text format, asked of the store at each scrape.

So every process of an application gives the same figures, and they survive restarts and the purge of old runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from narrowboat.kernel.figures import JobFigures
from narrowboat.kernel.memory import resident
from narrowboat.kernel.model import DURATIONS, ENDED, State
from narrowboat.kernel.outbox import NoticeState

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from narrowboat.app import Narrowboat

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(nb: Narrowboat) -> bytes:
    """All figures of `nb`, as Prometheus reads them. Asks the store. Raises StoreUnavailable."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures([*_queues(nb), *_runs(nb), *_rollouts(nb), *_notices(nb), *_disk(nb), *_process(nb)]))
    return generate_latest(registry)


class _Figures:
    """What a registry asks."""

    def __init__(self, figures: list[Metric]) -> None:
        self._figures = figures

    def collect(self) -> list[Metric]:
        return self._figures


def _queues(nb: Narrowboat) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    waiting = GaugeMetricFamily("narrowboat_queue_waiting_runs", "Runs that could start now.", labels=["queue"])
    working = GaugeMetricFamily("narrowboat_queue_working_runs", "Runs that are worked on.", labels=["queue"])
    age = GaugeMetricFamily(
        "narrowboat_queue_oldest_age_seconds", "How long the oldest waiting run could have started.", labels=["queue"]
    )
    for found in nb.store.figures():
        waiting.add_metric([found.queue], found.waiting)
        working.add_metric([found.queue], found.working)
        age.add_metric([found.queue], found.oldest_age)
    yield from (waiting, working, age)


def _runs(nb: Narrowboat) -> Iterator[Metric]:
    totals = nb.store.totals()
    yield _kinds(nb)
    yield from _under_way([one for one in totals if one.state not in ENDED])
    ended = {(one.job, one.state): one for one in totals if one.state in ENDED}
    none = {(job, state): _none(job, state) for job in nb.jobs for state in sorted(ENDED)}
    yield from _ended([*(none | ended).values()])


def _none(job: str, state: State) -> JobFigures:
    """Of a job of which no run ended so yet. Said at once: what first appears as a 1 has not risen for Prometheus."""
    return JobFigures(job, state, 0, 0, 0, 0.0, 0, 0.0, 0.0, 0)


def _kinds(nb: Narrowboat) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    kinds = GaugeMetricFamily("narrowboat_job_info", "The jobs that there are.", labels=["job", "kind"])
    for job in nb.jobs.values():
        kinds.add_metric([job.name, job.kind], 1)
    return kinds


def _under_way(totals: list[JobFigures]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    runs = GaugeMetricFamily("narrowboat_runs", "Runs that have not ended.", labels=["job", "state"])
    age = GaugeMetricFamily(
        "narrowboat_runs_oldest_seconds",
        "How long the longest of those takes that have not ended, without what it stood still; paused ones aside.",
        labels=["job"],
    )
    oldest: dict[str, float] = {}
    for one in totals:
        runs.add_metric([one.job, one.state.value], one.runs)
        oldest[one.job] = max(one.oldest, oldest.get(one.job, 0.0))
    for job, seconds in oldest.items():
        age.add_metric([job], seconds)
    yield from (runs, age)


def _ended(totals: list[JobFigures]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, SummaryMetricFamily

    names = ["job", "outcome"]
    runs = CounterMetricFamily("narrowboat_runs_ended", "Runs that ended.", labels=names)
    rows = CounterMetricFamily("narrowboat_rows", "Rows that ended runs dealt with.", labels=names)
    refused = CounterMetricFamily("narrowboat_rows_rejected", "Of these rows, those that were refused.", labels=names)
    size = CounterMetricFamily("narrowboat_bytes", "Bytes that ended runs wrote.", labels=names)
    took = HistogramMetricFamily(
        "narrowboat_run_seconds", "From start to end of ended runs, without what they stood still.", labels=names
    )
    first = SummaryMetricFamily(
        "narrowboat_first_rows_seconds",
        "From when ended runs could begin to their first rows, without what they stood still.",
        labels=names,
    )
    memory = SummaryMetricFamily("narrowboat_run_memory_bytes", "The most a worker held in ended runs.", labels=names)
    for one in totals:
        labels = [one.job, one.state.value]
        first.add_metric(labels, one.begun, one.first_rows_seconds)
        memory.add_metric(labels, one.runs, one.memory)
        runs.add_metric(labels, one.runs)
        rows.add_metric(labels, one.rows)
        refused.add_metric(labels, one.rejected)
        size.add_metric(labels, one.bytes)
        took.add_metric(labels, _buckets(one), one.seconds)
    yield from (runs, rows, refused, size, took, first, memory)


def _buckets(found: JobFigures) -> list[tuple[str, int]]:
    within = [(str(edge), int(getattr(found, f"within_{edge}"))) for edge in DURATIONS]
    return [*within, ("+Inf", found.runs)]


def _rollouts(nb: Narrowboat) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, SummaryMetricFamily

    nb.tally.keep(nb.paths)
    names = ["job", "path"]
    asked = CounterMetricFamily("narrowboat_rollout_requests", "Requests by the path they took.", labels=names)
    failed = CounterMetricFamily("narrowboat_rollout_failures", "Those that raised.", labels=names)
    took = SummaryMetricFamily("narrowboat_rollout_seconds", "How long they took.", labels=names)
    for one in nb.paths.totals():
        labels = [one.job, one.path]
        asked.add_metric(labels, one.requests)
        failed.add_metric(labels, one.failures)
        took.add_metric(labels, one.requests, one.seconds)
    yield from (asked, failed, took)


def _notices(nb: Narrowboat) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    done = CounterMetricFamily(
        "narrowboat_notices", "Notices that were sent or given up.", labels=["channel", "outcome"]
    )
    waiting = GaugeMetricFamily("narrowboat_notices_waiting", "Notices to be sent or tried again.", labels=["channel"])
    for one in nb.outbox.totals():
        if one.state is NoticeState.WAITING:
            waiting.add_metric([one.channel], one.notices)
        else:
            done.add_metric([one.channel, one.state.value], one.notices)
    yield from (done, waiting)


def _disk(nb: Narrowboat) -> Iterator[Metric]:
    """Of this process's machine."""
    from prometheus_client.core import GaugeMetricFamily

    room, folder = nb.sink.room, nb.run_folder("").parent
    yield GaugeMetricFamily("narrowboat_disk_used_bytes", "Taken by the files of runs.", room.used(folder))
    yield GaugeMetricFamily("narrowboat_disk_free_bytes", "Free on the disk of these files.", room.free(folder))
    if room.quota is not None:
        yield GaugeMetricFamily("narrowboat_disk_quota_bytes", "What these files may take.", room.quota)


def _process(nb: Narrowboat) -> Iterator[Metric]:
    """Of this process and the workers it supervises; other processes tell of their own.

    One that supervises none says nothing of workers that died: behind one address, its 0 between the others' figures
    would look as if these began anew each time.
    """
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    memory = GaugeMetricFamily("narrowboat_resident_memory_bytes", "Physical memory held.", labels=["process", "pid"])
    memory.add_metric(["server", str(os.getpid())], resident())
    health = nb.dispatcher.health() if nb.dispatcher else {}
    for pid in health.get("workers", ()):
        memory.add_metric(["worker", str(pid)], resident(pid))
    followers = GaugeMetricFamily("narrowboat_followers", "Connections that follow runs.")
    followers.add_metric([], nb.follow.followers)
    died = CounterMetricFamily("narrowboat_workers_died", "Workers that were killed or failed.")
    if health.get("supervising"):
        died.add_metric([], health["died"])
    yield from (memory, followers, died)
