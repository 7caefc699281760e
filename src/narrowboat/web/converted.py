"""Converted: what there is of a report, or what an import refused, in a format that the person chose."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from narrowboat.data.format import Format, Table
from narrowboat.data.formats.csv import Csv
from narrowboat.data.formats.declared import columns_of
from narrowboat.durable import storing
from narrowboat.errors import BadParameter, NoArtifact
from narrowboat.jobs import converting
from narrowboat.jobs.importer import ACCOUNTED
from narrowboat.jobs.output import Output
from narrowboat.jobs.report import Report
from narrowboat.kernel.model import Run, State
from narrowboat.web import disposition, download, waiting
from narrowboat.web.context import Context
from narrowboat.web.lines import Lines
from narrowboat.web.ranges import Span
from narrowboat.web.reading import in_threads, of_open

ROOM = 4 << 20
"""Bytes of a block at most, however long its rows are."""
PREFIX = "converted-"
"""Of the folders in which files are made."""
DAY = 86400.0
"""Seconds after which nobody makes a file there any more."""


class Wanted(NamedTuple):
    """A file to be made: of which rows, and how."""

    run: Run
    format: Format
    table: Table
    filename: str
    lines: Lines

    def blocks(self) -> Iterator[bytes]:
        """The rows that were committed when it was asked for. Raises NoArtifact if they are gone meanwhile."""
        at, end = 0, self.run.counters.rows
        while at < end:
            found = self.lines.read(at, min(converting.BLOCK_ROWS, end - at), ROOM)
            if not found.rows or found.run.generation != self.run.generation:
                raise NoArtifact(f"Run {self.run.id} started again from zero, so this file cannot be finished.")
            yield found.lines
            at += found.rows


async def respond(context: Context, request: Request, run: Run, output: Output) -> Response:
    """The rows that are committed now, or that an import refused, as a file. Raises NoArtifact, BadParameter."""
    if run.kind in ACCOUNTED:
        return await _refused(context, request, run, output)
    wanted = await context.threads.run(_wanted, context, run, output)
    whole_now = run.state in (State.SUCCEEDED, State.PARTIAL)
    headers = _headers(wanted.filename, wanted.format, whole=whole_now)
    if request.method == "HEAD":
        return download.without_body(200, headers)
    if waiting.can_send(request, wanted.format, run):
        pieces = converting.converted(wanted.blocks(), wanted.table, wanted.format)
        return StreamingResponse(in_threads(context.converting, pieces), 200, headers)
    make = partial(converting.make, wanted.blocks(), wanted.table, wanted.format)
    return await _made_first(context, make, headers)


async def _refused(context: Context, request: Request, run: Run, output: Output) -> Response:
    """As xlsx, which is the run's own file, or as csv."""
    if output.format not in ("xlsx", "csv") or output.options:
        raise BadParameter("Refused rows can be had as xlsx or csv, without options.")
    if output.format == "xlsx" or run.artifact is None:
        return await download.respond(context, request, run)
    workbook = context.nb.run_folder(run.id) / run.artifact.path
    if not await context.reading.run(workbook.is_file):
        raise NoArtifact(f"The refused rows of run {run.id} were moved elsewhere as xlsx; ask for that.")
    headers = _headers(Path(run.artifact.path).with_suffix(".csv").name, Csv.with_options({}), whole=True)
    if request.method == "HEAD":
        return download.without_body(200, headers)
    return await _made_first(context, partial(_csv, workbook), headers)


def _csv(workbook: Path, folder: Path) -> Path:
    from narrowboat.jobs.refused import write_csv

    made = folder / "made"
    write_csv(workbook, made)
    return made


def _wanted(context: Context, run: Run, output: Output) -> Wanted:
    job = context.nb.jobs.get(run.job)
    lines = Lines(context.nb.store, context.nb.run_folder(run.id), job, run)
    if not isinstance(job, Report):
        raise BadParameter("The file of this run has one format; start another export for another.")
    state = (run.cursor or {}).get("writer") or {}
    if state.get("columns") is None:
        raise NoArtifact(f"Run {run.id} has no rows yet; it is {run.state.replace('_', ' ')}.")
    chosen = job.offered(output)
    name = job.filename(run).removesuffix(job.format(output).extension) + chosen.extension
    return Wanted(run, chosen, Table(job.title, columns_of(state["columns"])), name, lines)


def _headers(filename: str, format: Format, *, whole: bool) -> dict[str, str]:
    return {
        "Content-Type": format.media_type,
        "Content-Disposition": disposition.attachment(filename if whole else disposition.partial(filename)),
        "Cache-Control": "no-store, no-transform",
        "Accept-Ranges": "none",
        "Content-Encoding": "identity",  # or a proxy that compresses holds it back
        "X-Content-Type-Options": "nosniff",
        "X-Accel-Buffering": "no",
        **({} if whole else {"Narrowboat-Partial": "true"}),
    }


async def _made_first(context: Context, make: Callable[[Path], Path], headers: dict[str, str]) -> Response:
    """A file with a length, so it is made first. make: given a folder, makes the file in it, in a thread."""
    file = await context.converting.run(_made, make, context.nb.folder)
    size = os.fstat(file.fileno()).st_size
    body = in_threads(context.reading, of_open(file, Span(0, size)))
    return StreamingResponse(body, 200, {**headers, "Content-Length": str(size)})


def _made(make: Callable[[Path], Path], beside: Path) -> BinaryIO:
    """The file, open and without a name any more: nothing is left of it, whoever leaves before its end."""
    _sweep(beside)
    with storing(beside), tempfile.TemporaryDirectory(prefix=PREFIX, dir=beside) as folder:
        return open(make(Path(folder)), "rb", buffering=0)


def _sweep(beside: Path) -> None:
    """Remove what processes left that were killed while they made a file."""
    for left in beside.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - DAY:
                shutil.rmtree(left, ignore_errors=True)
