"""Schemas of what those who run the server see. See `schemas`."""

from __future__ import annotations

from pydantic import with_config
from typing_extensions import TypedDict

from narrowboat.web.schemas import DESCRIBED


@with_config(DESCRIBED)
class Health(TypedDict):
    """Whether this process can serve. `workers`: live children of this process."""

    status: str
    supervising: bool
    workers: int


@with_config(DESCRIBED)
class Queue(TypedDict):
    """A queue with runs under way."""

    queue: str
    waiting: int
    working: int
    oldest_age: float
    """Seconds that the oldest waiting run could have started."""


@with_config(DESCRIBED)
class Outcome(TypedDict):
    """The runs of a job that are in a state, or ended in it; purged ones too."""

    job: str
    state: str
    runs: int
    rows: int
    bytes: int
    seconds: float
    """From each run's start to its end, or to now."""


@with_config(DESCRIBED)
class LeaseHeld(TypedDict):
    """A run that a worker holds now."""

    run: str
    title: str
    owner: str
    state: str
    worker: str | None
    started_at: str | None
    deadline: str | None
    done: int
    total: int | None


@with_config(DESCRIBED)
class Process(TypedDict):
    """A process of this server. Bytes of physical memory."""

    name: str
    pid: int
    memory: int


@with_config(DESCRIBED)
class Disk(TypedDict):
    """Where the files of runs are. Bytes."""

    free: int
    total: int


@with_config(DESCRIBED)
class Operations(TypedDict):
    """What those who run the server want to see at a glance."""

    at: str
    version: str
    queues: list[Queue]
    outcomes: list[Outcome]
    leases: list[LeaseHeld]
    """At most a hundred."""
    supervising: bool
    """This process keeps workers."""
    processes: list[Process]
    followers: int
    """Connections that follow runs."""
    disk: Disk | None


ANSWERS: tuple[type, ...] = (Health, Operations)
