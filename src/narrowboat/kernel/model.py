"""The words of the kernel as values, and the one table of allowed transitions.

All times are seconds since the epoch on the store's clock; all durations are seconds.
"""

# Without annotations from `__future__`: each field of these classes would be compiled on its own when they load.
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from narrowboat.errors import IllegalTransition

Cursor: TypeAlias = dict[str, Any]
"""Where the next chunk begins, as JSON. Opaque to the kernel, but for `done`: true once the last chunk is committed."""


class State(StrEnum):
    """Where a run stands. `TRANSITIONS` says which may follow which, and why."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    INTERRUPTED = "interrupted"
    PUBLISHING = "publishing"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


ENDED = frozenset({State.SUCCEEDED, State.PARTIAL, State.FAILED, State.TIMED_OUT, State.CANCELLED})
"""Nothing happens any more, unless somebody resumes."""

WORKING = frozenset({State.RUNNING, State.PAUSING, State.CANCELLING, State.PUBLISHING})
"""A worker holds the run's lease (or, fanned out, leases of its parts)."""

STILL = ENDED | {State.PAUSED}
"""It stands still until somebody resumes it."""

CLAIMABLE = frozenset({State.QUEUED, State.INTERRUPTED})

TRANSITIONS: Mapping[tuple[State, State], str] = {
    (State.QUEUED, State.RUNNING): "a worker claimed it",
    (State.QUEUED, State.PUBLISHING): "a worker claimed it to publish what is complete",
    (State.QUEUED, State.PAUSED): "paused before a worker claimed it",
    (State.QUEUED, State.CANCELLED): "cancelled before a worker claimed it",
    (State.QUEUED, State.TIMED_OUT): "its deadline passed while it waited",
    (State.RUNNING, State.QUEUED): (
        "its slice ended as another waited, its worker had to stop, or a fault is tried again"
    ),
    (State.RUNNING, State.PAUSING): "somebody asked to pause",
    (State.RUNNING, State.CANCELLING): "somebody asked to cancel",
    (State.RUNNING, State.INTERRUPTED): "its worker died or slept past its lease",
    (State.RUNNING, State.PUBLISHING): "its last chunk was committed",
    (State.RUNNING, State.FAILED): "it cannot go on",
    (State.RUNNING, State.TIMED_OUT): "its deadline passed",
    (State.PAUSING, State.PAUSED): "its worker stopped after a chunk, or died",
    (State.PAUSING, State.RUNNING): "resumed before the pause took effect",
    (State.PAUSING, State.CANCELLING): "somebody asked to cancel",
    (State.PAUSING, State.PUBLISHING): "its last chunk was committed before the pause took effect",
    (State.PAUSING, State.FAILED): "it cannot go on",
    (State.PAUSING, State.TIMED_OUT): "its deadline passed",
    (State.PAUSED, State.QUEUED): "resumed",
    (State.PAUSED, State.CANCELLED): "cancelled while paused",
    (State.CANCELLING, State.CANCELLED): "its worker stopped, or died",
    (State.INTERRUPTED, State.RUNNING): "another worker took it over",
    (State.INTERRUPTED, State.PUBLISHING): "another worker took over the publishing",
    (State.INTERRUPTED, State.PAUSED): "paused before another worker took it over",
    (State.INTERRUPTED, State.CANCELLED): "cancelled before another worker took it over",
    (State.INTERRUPTED, State.FAILED): "worker after worker died on it without progress",
    (State.INTERRUPTED, State.TIMED_OUT): "its deadline passed",
    (State.PUBLISHING, State.SUCCEEDED): "its artifact is complete and verified",
    (State.PUBLISHING, State.PARTIAL): "its artifact is complete, and some rows were rejected",
    (State.PUBLISHING, State.INTERRUPTED): "its worker died or slept past its lease",
    (State.PUBLISHING, State.QUEUED): "a passing fault is to be tried again",
    (State.PUBLISHING, State.FAILED): "it cannot be published",
    (State.FAILED, State.QUEUED): "resumed where it failed",
    (State.TIMED_OUT, State.QUEUED): "resumed with its time anew",
    (State.CANCELLED, State.QUEUED): "resumed where it was cancelled",
}
"""Every edge with its reason. What is not here cannot be written."""


def check_transition(run_id: str, before: State, after: State) -> str:
    """The reason of an edge; raises IllegalTransition where there is none."""
    try:
        return TRANSITIONS[before, after]
    except KeyError:
        raise IllegalTransition(f"Run {run_id} is {before}; it cannot become {after}.") from None


class Request(StrEnum):
    """What a person may ask of a run."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


REQUESTS: Mapping[Request, Mapping[State, State]] = {
    Request.PAUSE: {
        State.QUEUED: State.PAUSED,
        State.RUNNING: State.PAUSING,
        State.INTERRUPTED: State.PAUSED,
        State.PAUSING: State.PAUSING,
        State.PAUSED: State.PAUSED,
    },
    Request.RESUME: {
        State.PAUSING: State.RUNNING,
        State.PAUSED: State.QUEUED,
        State.FAILED: State.QUEUED,
        State.TIMED_OUT: State.QUEUED,
        State.CANCELLED: State.QUEUED,
        State.QUEUED: State.QUEUED,
        State.RUNNING: State.RUNNING,
        State.INTERRUPTED: State.INTERRUPTED,
    },
    Request.CANCEL: {
        State.QUEUED: State.CANCELLED,
        State.RUNNING: State.CANCELLING,
        State.PAUSING: State.CANCELLING,
        State.PAUSED: State.CANCELLED,
        State.INTERRUPTED: State.CANCELLED,
        State.CANCELLING: State.CANCELLING,
        State.CANCELLED: State.CANCELLED,
    },
}
"""The answer to each request; a state that maps to itself makes the second click harmless."""


class Counters(NamedTuple):
    """What became of the rows. Added up from committed deltas, so always exact."""

    rows: int = 0
    """Rows dealt with: written, created, updated, skipped or rejected."""
    created: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: int = 0
    altered: int = 0
    """Cells that could not be written as they were."""
    bytes: int = 0
    """Bytes of the artifact."""

    def plus(self, other: "Counters") -> "Counters":
        """The sum, figure by figure."""
        return Counters(*map(int.__add__, self, other))


class Wanted(NamedTuple):
    """A notice that somebody asks for with a run. The same one asked for twice is one."""

    channel: str
    recipient: str
    """An address; empty where the channel itself knows whom it reaches."""
    ends: frozenset[State]
    """Endings to tell of."""


class NewRun(NamedTuple):
    """A request for a run, checked and complete."""

    job: str
    kind: str
    params: Mapping[str, Any]
    owner: str
    queue: str = "default"
    priority: int = 0
    """Higher goes first."""
    not_before: float = 0.0
    time_limit: float | None = None
    """Seconds from its start (and from each resume) to `timed_out`."""
    block_rows: int = 500
    fan_out: bool = False
    idempotency_key: str | None = None
    """Of this owner: the same key gives the same run."""
    meant: str | None = None
    """What the key stands for where `params` would tell: two requests mean the same if this is the same."""
    identity: str | None = None
    """Digest of all that makes a request identical; a run under way with the same one is shared."""
    share_within: float = 300.0
    """Share only a run that was started at most this long ago."""
    share_ended: bool = False
    """An identical run that ended well answers too, however long ago it was."""
    limit: int | None = None
    """At most so many runs of this owner and job under way; one more is refused."""
    limit_kind: bool = False
    """The limit counts the owner's runs of all jobs of this kind."""
    unfollowed: float | None = None
    """Seconds that it goes on while nobody follows it; None: to its end."""
    parent: str | None = None
    relation: str | None = None
    """`rerun`, `retry` or `undo`: what this run is to its parent."""
    notify: tuple[Wanted, ...] = ()
    """Who is to be told when it ends."""


class Artifact(NamedTuple):
    """The published file of a run. `path` is relative to the run's folder."""

    path: str
    media_type: str
    bytes: int
    sha256: str
    manifest: Mapping[str, Any]
    copy: Mapping[str, str] | None = None
    """Where it is kept besides, or instead: opaque to all but the sink."""


class Run(NamedTuple):
    """One execution of a job, as the store knows it at this moment."""

    id: str
    job: str
    kind: str
    state: State
    owner: str
    params: Mapping[str, Any]
    queue: str
    priority: int
    fan_out: bool
    block_rows: int
    created: float
    not_before: float
    started: float | None
    finished: float | None
    time_limit: float | None
    deadline: float | None
    fence: int
    worker: str | None
    tries: int
    """Passing faults in a row since the last committed chunk."""
    seq: int
    """Chunks committed."""
    cursor: Cursor | None
    counters: Counters
    total: int | None
    total_estimated: bool
    generation: int
    """Rises when the run had to start from zero; bytes of another generation are gone."""
    version: int
    """Rises with every committed change."""
    holders: int
    """Identical requests that share this run."""
    error_code: str | None
    error: str | None
    parent: str | None
    relation: str | None
    artifact: Artifact | None
    unfollowed: float | None = None
    """Seconds that it goes on while nobody follows it; None: to its end, in the background."""
    first_rows: float | None = None
    """When its first rows were committed."""
    memory: int = 0
    """The most bytes of memory that a worker held while it worked on it."""
    stood: float = 0.0
    """Seconds since it was started in which it stood still: paused, or ended before it was resumed."""
    stood_first: float = 0.0
    """The same before its first rows, counted from when it could begin, which may be before its start."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def took(self, now: float) -> float:
        """Seconds from its start to its end, or to `now`, without those in which it stood still."""
        return time_taken(self.started, self.finished or now, self.stood)

    @property
    def first_rows_took(self) -> float:
        """Seconds from when it could begin to its first rows, without those in which it stood still; 0 without rows."""
        if self.first_rows is None:
            return 0.0
        return max(0.0, self.first_rows - max(self.created, self.not_before) - self.stood_first)


def time_taken(started: float | None, until: float, stood: float) -> float:
    """Seconds that were worked and waited for by then; 0 for what never began."""
    return 0.0 if started is None else max(0.0, until - started - stood)


class Part(NamedTuple):
    """A piece of a fanned-out run that one worker holds: `seq` in the run, and what the planner wrote for it."""

    seq: int
    payload: Mapping[str, Any]


class Lease(NamedTuple):
    """The right to commit to a run (or to one part of it) until it expires or a newer fence is given out."""

    run: Run
    fence: int
    worker: str
    seconds: float
    part: Part | None = None


class Extent(NamedTuple):
    """Committed bytes of an artifact: where they lie in a file, and in the whole."""

    file: str
    offset: int
    length: int
    crc: int


class Reject(NamedTuple):
    """A row or file that was refused."""

    row: int
    """Source row number, as the person sees it."""
    column: str | None
    code: str
    message: str | None
    """For people; None for who may not have the data, which it may quote."""
    data: Any


class Chunk(NamedTuple):
    """What one transaction moves together: cursor, counters, output position, rejects."""

    cursor: Cursor
    counters: Counters
    """What this chunk adds."""
    extent: Extent | None = None
    rejects: tuple[Reject, ...] = ()
    last: bool = False
    total: tuple[int, bool] | None = None
    """Rows in all and whether estimated, with the first chunk that knows."""
    restart: bool = False
    """This chunk begins at zero again: everything committed before it is dropped."""
    memory: int = 0
    """The most bytes of memory that the worker has held so far in this attempt."""


class ChunkRow(NamedTuple):
    """A committed chunk as the store keeps it. `start` is the extent's place in the whole artifact."""

    seq: int
    row_from: int
    rows: int
    start: int
    extent: Extent


class Event(NamedTuple):
    """A transition that happened."""

    id: int
    at: float
    before: State | None
    after: State
    reason: str
    by: str | None


class Control(StrEnum):
    """What the store tells a worker with every commit and heartbeat."""

    GO_ON = "go_on"
    PAUSE = "pause"
    CANCEL = "cancel"
    TIMED_OUT = "timed_out"


class Yielded(NamedTuple):
    """The slice ended; the run waits for its next one."""


class Later(NamedTuple):
    """A passing fault: try again after `seconds`."""

    seconds: float
    code: str
    message: str


class Stopped(NamedTuple):
    """The worker obeyed: paused, cancelled or timed out, as `control` says."""

    control: Control


class Failed(NamedTuple):
    """The run cannot go on."""

    code: str
    message: str


class Finished(NamedTuple):
    """The last chunk is committed and the artifact, if any, is in its place."""

    artifact: Artifact | None


Outcome: TypeAlias = Yielded | Later | Stopped | Failed | Finished
"""How a slice ended; one `match` in the store decides what becomes of the run."""


class Submitted(NamedTuple):
    """The answer to a submit."""

    run: Run
    how: str
    """`created`, `joined` (an identical run under way), `known` (one that ended, where the job answers with those) or
    `repeated` (the same idempotency key)."""


DURATIONS: Final = (1, 10, 60, 240, 900)
"""Seconds by which runs that ended are told apart."""


class Filter(NamedTuple):
    """Which runs to list, newest first. None means any."""

    owner: str | None = None
    job: str | None = None
    states: tuple[State, ...] = ()
    before: tuple[float, str] | None = None
    """(created, id) of the last run of the page before."""
    limit: int = 50
