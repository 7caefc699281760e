"""Overview: queues, leases, outcomes, processes and disk at a glance, for those who run the server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import narrowboat
from narrowboat.app import Narrowboat
from narrowboat.kernel.memory import resident
from narrowboat.kernel.model import WORKING, Filter
from narrowboat.web import operation_schemas as schemas
from narrowboat.web.views import moment

MOST = 100
"""Leases that are listed."""


def of(nb: Narrowboat) -> schemas.Operations:
    """What holds at this moment. Asks the store and the disk. Raises StoreUnavailable."""
    found = nb.dispatcher.health() if nb.dispatcher else {}
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "version": narrowboat.__version__,
        "queues": list(_queues(nb)),
        "outcomes": list(_outcomes(nb)),
        "leases": list(_leases(nb)),
        "supervising": bool(found.get("supervising")),
        "processes": list(_processes(found.get("workers", ()))),
        "followers": nb.follow.followers,
        "disk": _disk(nb),
    }


def _queues(nb: Narrowboat) -> Iterator[schemas.Queue]:
    for one in nb.store.figures():
        yield {
            "queue": one.queue,
            "waiting": one.waiting,
            "working": one.working,
            "oldest_age": round(one.oldest_age, 3),
        }


def _outcomes(nb: Narrowboat) -> Iterator[schemas.Outcome]:
    for one in nb.store.totals():
        yield {
            "job": one.job,
            "state": one.state.value,
            "runs": one.runs,
            "rows": one.rows,
            "bytes": one.bytes,
            "seconds": round(one.seconds, 3),
        }


def _leases(nb: Narrowboat) -> Iterator[schemas.LeaseHeld]:
    for run in nb.store.find(Filter(states=tuple(sorted(WORKING)), limit=MOST)):
        job = nb.jobs.get(run.job)
        yield {
            "run": run.id,
            "title": job.title if job else run.job,
            "owner": run.owner,
            "state": run.state.value,
            "worker": run.worker,
            "started_at": moment(run.started),
            "deadline": moment(run.deadline),
            "done": run.counters.rows,
            "total": run.total,
        }


def _processes(workers: list[int]) -> Iterator[schemas.Process]:
    yield {"name": "server", "pid": os.getpid(), "memory": resident()}
    for pid in workers:
        yield {"name": "worker", "pid": pid, "memory": resident(pid)}


def _disk(nb: Narrowboat) -> schemas.Disk | None:
    """None where the folder is not there yet."""
    try:
        usage = shutil.disk_usage(nb.folder)
    except OSError:
        return None
    return {"free": usage.free, "total": usage.total}
