"""Schemas of uploads and imports: what is sent, what would be read, what became of it. See `schemas`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from narrowboat.web.schemas import DESCRIBED


@with_config(DESCRIBED)
class Upload(TypedDict):
    """A file that was sent, or that is on its way."""

    id: str
    name: str
    length: int
    """Bytes that it will have."""
    received: int
    """Bytes that are durably here."""
    complete: bool
    sha256: str | None
    """Once it is complete."""
    created_at: str
    expires_at: str
    """When it is removed, unless a run needs it. Each chunk puts this off."""
    chunk_size: int
    """Bytes to send in one request."""


@with_config(DESCRIBED)
class Uploads(TypedDict):
    uploads: list[Upload]


@with_config(DESCRIBED)
class Sheet(TypedDict):
    """A sheet of an uploaded file."""

    name: str
    """Empty where the format has no sheets."""
    hidden: bool
    rows: int | None
    """The number of the last row, as the file says; it may say it wrong."""


@with_config(DESCRIBED)
class RowProblem(TypedDict):
    """What is wrong with a row."""

    column: str | None
    """As the file calls it; null where the row as a whole is at fault."""
    code: str
    message: str


@with_config(DESCRIBED)
class PreviewedColumn(TypedDict):
    """A column of the file, and the field that it is."""

    header: str
    field: str | None
    how: str
    """`given` (in `mapping`), `name`, `alias`, `suggested` (looks alike: to be confirmed), `ignored`, `unknown`."""
    samples: list[Any]


@with_config(DESCRIBED)
class PreviewedRow(TypedDict):
    """A row as it would be read."""

    row: int
    cells: list[Any]
    """As they stand in the file."""
    values: dict[str, Any] | None
    """By field; null where something is wrong."""
    problems: list[RowProblem]


@with_config(DESCRIBED)
class Preview(TypedDict):
    """What an import would read in a file."""

    sheets: list[Sheet]
    sheet: str
    """The one that is shown."""
    header: int
    """The row of the columns' names; 0 where the format has names without one."""
    guessed: dict[str, str]
    """Of a text file: `encoding` and `delimiter`, as they were found by looking."""
    columns: list[PreviewedColumn]
    rows: list[PreviewedRow]
    """The first."""
    missing: str | None
    """Why the import would refuse the file as it is mapped now."""
    warnings: list[str]


@with_config(DESCRIBED)
class ReportedProblem(TypedDict):
    """Why a row was refused."""

    column: str | None
    """As the file calls it; null where the row as a whole is at fault."""
    code: str
    message: str | None
    """It may quote the data: null for who may not download."""


@with_config(DESCRIBED)
class ReportedRow(TypedDict):
    """A row that was refused."""

    row: int
    problems: list[ReportedProblem]
    data: Any
    """As it stands in the file, by header; null for who may not download."""


@with_config(DESCRIBED)
class Report(TypedDict):
    """What became of the rows of an import."""

    id: str
    job: str
    kind: str
    """`import`, or `undo` of a run that took one back."""
    state: str
    complete: bool
    dry_run: bool
    message: str
    rows: int
    created: int
    updated: int
    skipped: int
    rejected: int
    removed: int
    """Of an `undo`: records that went."""
    restored: int
    """Of an `undo`: records that are as they were before."""
    columns: list[dict[str, Any]]
    """What each column of the file was taken for."""
    warnings: list[str]
    rejects_kept: int
    """Refused rows that are kept here; the file of rejects has all of them."""
    rejects: list[ReportedRow]


class ResubmittedRow(BaseModel):
    """A refused row, put right."""

    model_config = ConfigDict(extra="forbid")

    row: int = Field(ge=1, le=2**24, description="Its number in the file that was imported.")
    data: dict[str, str | int | Annotated[float, Field(allow_inf_nan=False)] | bool | None] = Field(
        description="By header."
    )


class ResubmitBody(BaseModel):
    """Refused rows, put right."""

    model_config = ConfigDict(extra="forbid")

    rows: list[ResubmittedRow] = Field(min_length=1, max_length=1000)
    dry_run: bool = Field(default=False, description="Tell what would become of each row, and change nothing.")


ANSWERS: tuple[type, ...] = (Upload, Uploads, Preview, Report)
