"""The file of a run, and an export's own address, which gives a file straight away."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from narrowboat.data.formats import format_of
from narrowboat.errors import UnknownFormat, UnknownJob, UnknownRun
from narrowboat.jobs.definition import Delivering, delivering
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import NewRun, Run
from narrowboat.web import converted, download, ranges, waiting
from narrowboat.web.access import Action, User, check_job
from narrowboat.web.answers import CONDITIONS, QUERY, file, files_of, problems_of
from narrowboat.web.context import Context, Here, Who, address
from narrowboat.web.problems import answer_for
from narrowboat.web.query import asked, chosen
from narrowboat.web.routing import Router

router = Router("files")

AT_ONCE = 0.3
"""Seconds to wait before a 200: so errors that come early have their own status, and small files a length."""


@router.head("/runs/{run}/artifact", include_in_schema=False)
@router.get(
    "/runs/{run}/artifact",
    operation_id="downloadArtifact",
    response_class=Response,
    responses=files_of(),
    openapi_extra=CONDITIONS,
)
async def download_artifact(
    run: str,
    request: Request,
    here: Here,
    user: Who,
    partial: Annotated[
        bool, Query(description="What is committed by now as a valid file, whatever becomes of the run.")
    ] = False,
    turn: Annotated[int, Query(ge=0, le=waiting.MOST, include_in_schema=False)] = 0,
    whole: Annotated[bool, Query(include_in_schema=False)] = False,
    file_format: Annotated[
        str | None, Query(alias="format", description="Of a report: its rows so far as such a file; `option.NAME` too.")
    ] = None,
) -> Response:
    """The file of a run: finished with its length, or growing as it is committed. Range and If-Range resume it.

    What cannot be sent while it grows is waited for, by short waits with a redirect between them.
    """
    found = await here.run(user, run, Action.DOWNLOAD)
    if file_format is not None:
        given = await converted.respond(here, request, found, chosen(request.query_params, file_format))
    elif partial:
        given = await download.partial(here, request, found)
    else:
        given = await download.respond(here, request, found, whole=whole, turn=turn)
    return here.downloads.note(request, given, found, by=user.id)


@router.head("/runs/{run}/artifact.{file_format}", include_in_schema=False)
@router.get(
    "/runs/{run}/artifact.{file_format}",
    operation_id="downloadRows",
    response_class=Response,
    responses={200: file("The rows, as a file."), **problems_of(404, 409, 501)},
)
async def download_rows(run: str, file_format: str, request: Request, here: Here, user: Who) -> Response:
    """What there is of a report in another format: `artifact.csv`, `artifact.xlsx`. `option.NAME` as of an export.

    While rows are missing, the name ends in `-partial` and `Narrowboat-Partial` is `true`. Of an import it is the rows
    that it refused, as `artifact.csv` or `artifact.xlsx`.
    """
    found = await here.run(user, run, Action.DOWNLOAD)
    given = await converted.respond(here, request, found, chosen(request.query_params, file_format))
    return here.downloads.note(request, given, found, by=user.id)


@router.head("/exports/{file}", include_in_schema=False)
@router.get(
    "/exports/{file}",
    operation_id="exportFile",
    response_class=Response,
    responses=files_of(429, 501, 504, 507),
    openapi_extra={"parameters": QUERY["parameters"] + CONDITIONS["parameters"]},
)
async def export_file(file: str, request: Request, here: Here, user: Who) -> Response:
    """An export as a file: `/exports/leads.xlsx?city=Lagos`. Starts a run, or joins your identical one under way.

    The query holds the job's parameters, and `columns`, `page` or `pages` with `page_size`, `label.COLUMN`,
    `option.NAME`. `Content-Location` names the run's own file, by which a download that was cut can be resumed; an
    If-Range with the ETag does so too.
    """
    job, output, params = _asked(here, request, user, file)
    new = job.request(params, output, owner=user.id, attributes=user.attributes)
    if request.method == "HEAD":
        return download.without_body(200, download.plain_headers(download.planned(job, output)))
    resumed = await _resumed(here, request, user, new)
    run = resumed or await _started(here, user, job, params, output)
    if run.error_code and not run.artifact and (run.ended or not run.counters.bytes):
        return answer_for(request, run.error_code, run.error, run=run.id)
    found = await download.respond(here, request, run, whole=resumed is None)
    found.headers["Content-Location"] = address(request, f"/runs/{run.id}/artifact")
    return here.downloads.note(request, found, run, by=user.id)


def _asked(here: Context, request: Request, user: User, file: str) -> tuple[Delivering, Output, dict[str, str]]:
    """The longest name of a job that `file` begins with; a format may have dots too.

    A job that this user may not know of is as if it were not there: the answer's words tell nothing of it.
    """
    seen = (name for name in here.nb.jobs if file.startswith(f"{name}.") and user.may(Action.SEE, name))
    name = max(seen, key=len, default=None)
    if name is None:
        ending = format_of(file)
        check_job(user, here.nb.jobs, file.removesuffix(f".{ending}") if ending else file, Action.START)
        raise UnknownFormat(f"Say which format: {file}.xlsx, for example.")
    job = delivering(check_job(user, here.nb.jobs, name, Action.START))
    check_job(user, here.nb.jobs, name, Action.DOWNLOAD)
    params, output = asked(request.query_params, file.removeprefix(f"{name}."))
    return job, output, params


async def _resumed(here: Context, request: Request, user: User, asked: NewRun) -> Run | None:
    """The run of this same request that a client wants the rest of, by the ETag in its If-Range."""
    tagged = ranges.run_of(request.headers.get("if-range")) if "range" in request.headers else None
    if tagged is None:
        return None
    try:
        run = await here.run(user, tagged[0], Action.DOWNLOAD)
    except (UnknownRun, UnknownJob):
        return None
    same = (run.job, run.params, run.generation) == (asked.job, asked.params, tagged[1])
    return run if same else None


async def _started(here: Context, user: User, job: Delivering, params: dict[str, str], output: Output) -> Run:
    submitted = await here.threads.run(
        here.nb.start, job.name, params, output, owner=user.id, attributes=user.attributes
    )
    return await here.nb.follow.settled(submitted.run.id, AT_ONCE)
