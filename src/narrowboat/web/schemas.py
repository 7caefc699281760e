"""Schemas: the shapes of requests and answers, for the type checker and for OpenAPI.

Answers are plain dictionaries of these types. Their JSON schemas are made when somebody asks for `/openapi.json`, so
they cost nothing before.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from narrowboat.people.links import DAY, LONGEST

DESCRIBED = ConfigDict(use_attribute_docstrings=True)
"""The text below a field describes it in OpenAPI too."""


class ImportBody(BaseModel):
    """The file to import, and how it is to be read."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(max_length=64, description="The id of the upload.")
    sheet: str | int = Field(default=0, description="By name, or by place from 0.")
    header: int | None = Field(default=None, ge=1, le=2**24, description="The row of the columns' names; else found.")
    mapping: dict[str, str | None] = Field(
        default={}, description="Header to field, where a person says it; null leaves a column out."
    )
    guess: bool = Field(default=False, description="Take what only looks like a field for it.")
    dry_run: bool = Field(default=False, description="Tell what would become of each row, and change nothing.")
    again: bool = Field(default=False, description="Also where you imported the same content before.")


class StartBody(BaseModel):
    """What to start, and when."""

    model_config = ConfigDict(extra="forbid")

    params: dict[str, Any] = Field(default={}, description="The job's parameters by name.")
    output: dict[str, Any] = Field(
        default={},
        description="Choices about the file: format, columns, labels, page_size, pages, options.",
    )
    input: ImportBody | None = Field(default=None, description="Of an import: the file, and how it is to be read.")
    not_before: AwareDatetime | None = Field(
        default=None,
        ge=datetime(1970, 1, 1, tzinfo=UTC),
        lt=datetime(9999, 1, 1, tzinfo=UTC),
        description="Start no sooner than at this moment.",
    )
    background: bool = Field(default=False, description="It goes on to its end, whether somebody follows it or not.")
    priority: int | None = Field(
        default=None, ge=-1000, le=1000, description="Higher goes first. Above the job's own: operators only."
    )
    notify: bool = Field(default=False, description="Mail you when it has ended, to the address of your account.")


@with_config(DESCRIBED)
class Problem(TypedDict):
    """RFC 9457. `code` is stable; further members may follow."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str


@with_config(DESCRIBED)
class Parameter(TypedDict):
    """A parameter of a job."""

    name: str
    type: str
    required: bool
    nullable: bool
    default: Any
    choices: list[Any]


@with_config(DESCRIBED)
class ImportField(TypedDict):
    """A field of an import: what a column of a file may be."""

    name: str
    label: str
    type: str
    required: bool
    default: Any
    """For an empty cell, and for a file without the column."""
    allowed: list[Any]
    """What may stand in a cell, where that is a list."""
    lookup: str | None
    """What a cell names, where that is a record of another table: `name of cities`."""
    aliases: list[str]
    """Other names that its column may have."""


@with_config(DESCRIBED)
class Importing(TypedDict):
    """What an import does with a file."""

    fields: list[ImportField]
    unique: list[list[str]]
    """Keys by which a row's record is found."""
    mode: str
    """`create`, `update`, `upsert` or `skip`."""
    undo: bool
    """Whether runs can be taken back."""


@with_config(DESCRIBED)
class Job(TypedDict):
    """A job that can be started."""

    name: str
    title: str
    kind: str
    description: str
    parameters: list[Parameter]
    formats: list[str]
    """The first is the default."""
    time_limit: float | None
    """Seconds."""
    limit: int | None
    """Runs of one user under way."""
    may: list[str]
    """What the asking user may do with it."""
    notify: bool
    """Whether you can be mailed when a run of it has ended."""
    importing: Importing | None
    """Of an import."""


@with_config(DESCRIBED)
class Jobs(TypedDict):
    jobs: list[Job]


@with_config(DESCRIBED)
class MissingIndex(TypedDict):
    """An index that a run would need. `statement` makes it; it is never run by us."""

    columns: list[str]
    because: str
    statement: str


@with_config(DESCRIBED)
class Advice(TypedDict):
    """What should be known before a job is used."""

    indexes: list[MissingIndex]
    warnings: list[str]
    """What the target of an import says: unique keys without an index."""


@with_config(DESCRIBED)
class Count(TypedDict):
    """Rows that a run would deliver now; null if only reading them would tell."""

    rows: int | None
    estimated: bool


@with_config(DESCRIBED)
class Column(TypedDict):
    """A column that a run may deliver."""

    name: str
    label: str
    """What stands in the header unless the run says otherwise."""
    type: str


@with_config(DESCRIBED)
class Columns(TypedDict):
    """In the source's order. Of several tables: those that all of them have."""

    columns: list[Column]


@with_config(DESCRIBED)
class RunError(TypedDict):
    """Why a run did not succeed."""

    code: str
    title: str
    detail: str


@with_config(DESCRIBED)
class File(TypedDict):
    """A finished file."""

    filename: str
    media_type: str
    bytes: int
    sha256: str


@with_config(DESCRIBED)
class Rows(TypedDict):
    """What became of the rows."""

    created: int
    updated: int
    skipped: int
    rejected: int


@with_config(DESCRIBED)
class Run(TypedDict):
    """A run as it is at one committed moment. Moments are RFC 3339 in UTC, durations are seconds."""

    id: str
    job: str
    title: str
    kind: str
    state: str
    ended: bool
    owner: str
    queue: str
    priority: int
    params: dict[str, Any]
    output: dict[str, Any]
    input: dict[str, Any] | None
    """Of an import: the file's `name` and `sha256`, and what was said when it was started."""
    done: int
    """Rows dealt with."""
    total: int | None
    total_estimated: bool
    rate: float | None
    """Rows a second."""
    seconds_left: float | None
    bytes: int
    """Of the file so far."""
    rows: Rows
    altered: int
    """Cells that could not be written as they were."""
    created_at: str
    not_before: str | None
    started_at: str | None
    finished_at: str | None
    took: float | None
    """Seconds from its start to its end, without those in which it stood still since somebody had stopped it."""
    deadline: str | None
    version: int
    """Rises with every committed change."""
    generation: int
    """Rises when the run had to start from zero."""
    holders: int
    """Identical requests that share this run."""
    unfollowed: float | None
    """Seconds that it goes on while nobody follows it; null: to its end, in the background."""
    first_rows_at: str | None
    """When its first rows were committed."""
    memory: int
    """The most bytes of memory that a worker held while it worked on it."""
    parent: str | None
    relation: str | None
    error: RunError | None
    artifact: File | None
    may: list[str]
    """What its state allows to ask now: pause, resume, cancel."""


@with_config(DESCRIBED)
class Started(Run):
    """The run, and how it came about."""

    how: str
    """`created`, `joined` (an identical run under way), `known` (the same file was imported before) or `repeated` (the
    same idempotency key)."""


@with_config(DESCRIBED)
class Runs(TypedDict):
    """A page, newest first."""

    runs: list[Run]
    next: str | None
    """`after` of the next page."""


@with_config(DESCRIBED)
class Event(TypedDict):
    """A transition that happened."""

    id: int
    at: str
    before: str | None
    after: str
    reason: str
    by: str | None


@with_config(DESCRIBED)
class History(TypedDict):
    events: list[Event]


@with_config(DESCRIBED)
class Reject(TypedDict):
    """A row or file that was refused."""

    row: int
    column: str | None
    code: str
    message: str | None
    """It may quote the data: null, as `data` is, for who may not download."""
    data: Any


@with_config(DESCRIBED)
class Rejects(TypedDict):
    rejects: list[Reject]
    next: int | None
    """`after` of the next page."""


@with_config(DESCRIBED)
class Notice(TypedDict):
    """Somebody who is told when a run has ended."""

    channel: str
    recipient: str | None
    """An address: yours; operators see everybody's."""
    state: str
    """`asked` (before the end), `waiting` (to be sent, or tried again), `sent` or `given_up`."""
    tries: int
    next_at: str | None
    """When it is tried next, while it waits."""
    error: str | None
    """Why the last try failed: operators only."""


@with_config(DESCRIBED)
class Notices(TypedDict):
    notices: list[Notice]


@with_config(DESCRIBED)
class Manifest(TypedDict):
    """What stands in the finished file, and what it was made with."""

    run: str
    job: str
    complete: bool
    rows: int
    tables: list[int]
    bytes: int
    sha256: str
    format: str
    codec: str
    block_rows: int
    altered: dict[str, Any]


class LinkBody(BaseModel):
    """How long a link shall hold."""

    model_config = ConfigDict(extra="forbid")

    expires_in: int = Field(default=DAY, ge=1, le=LONGEST, description="Seconds; a day if nothing is said.")


@with_config(DESCRIBED)
class Link(TypedDict):
    """A link by which anybody may download the file of a run."""

    id: str
    run: str
    by: str
    """Who made it."""
    created_at: str
    expires_at: str
    revoked_at: str | None


@with_config(DESCRIBED)
class NewLink(Link):
    url: str
    """Shown this once. A path on this server, where it does not know its public address."""


@with_config(DESCRIBED)
class Links(TypedDict):
    links: list[Link]


@with_config(DESCRIBED)
class AuditEntry(TypedDict):
    """Something that somebody did."""

    id: int
    at: str
    by: str
    """The user's id; empty for nobody known, such as who follows a link."""
    action: str
    about: str
    """The id of what it was done to: a run, a user, a token."""
    detail: dict[str, Any]


@with_config(DESCRIBED)
class Audit(TypedDict):
    """A page, newest first."""

    entries: list[AuditEntry]
    next: str | None
    """`after` of the next page."""


@with_config(DESCRIBED)
class RowsColumn(TypedDict):
    """A column of a report. `type` says what a bare string in it is; `zone`, `currency` and `scale` how to show it."""

    name: str
    label: str
    type: str
    zone: str | None
    currency: str | None
    scale: int | None


RowsPage = TypedDict(
    "RowsPage",
    {
        "columns": list[RowsColumn],
        "generation": int,
        "from": int,
        "watermark": int,
        "total": int | None,
        "total_estimated": bool,
        "state": str,
        "done": bool,
        "rows": list[list[Any]],
    },
)
"""Rows by their number, from 0. `watermark`: rows committed by now. `done`: no more will come. `generation` rises where
the run had to start from zero: rows of another one count no more."""


ANSWERS: tuple[type, ...] = (
    Problem, Jobs, Columns, Count, Advice, Run, Started, Runs, History, Rejects, Notices, Manifest, NewLink, Links,
    Audit, RowsPage,
)  # fmt: skip
"""The shapes that routes answer with."""
