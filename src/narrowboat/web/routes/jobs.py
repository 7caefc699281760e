"""What can be started, how many rows it would deliver, and starting it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from narrowboat.errors import CannotNotify, DeadlinePassed, JobFailed, NarrowboatError, NotAllowed
from narrowboat.jobs.definition import Definition, delivering
from narrowboat.jobs.output import Output
from narrowboat.web import schemas, views
from narrowboat.web.access import Action, User, check_job
from narrowboat.web.answers import QUERY, TEXT, json_of, problems_of
from narrowboat.web.context import Context, Here, Who, address
from narrowboat.web.query import asked, default_format
from narrowboat.web.schemas import StartBody

log = logging.getLogger("narrowboat.web")
router = APIRouter(tags=["jobs"])
T = TypeVar("T")

COUNTING = 10.0
"""Seconds that a question to a source may take."""
LOCATION = {"Location": {**TEXT, "description": "Where the run is."}}


@router.get("/jobs", operation_id="listJobs", responses={**json_of(schemas.Jobs, "The jobs."), **problems_of()})
async def list_jobs(here: Here, user: Who) -> Response:
    """The jobs that you may know of, with their parameters and formats."""
    seen = [job for job in here.nb.jobs.values() if user.may(Action.SEE, job.name)]
    return JSONResponse(
        schemas.Jobs(jobs=[views.job(job, user, notify=_can_tell(here, user, job.name)) for job in seen])
    )


@router.get(
    "/jobs/{job}/count",
    operation_id="countRows",
    responses={**json_of(schemas.Count, "The count."), **problems_of(404, 504)},
    openapi_extra=QUERY,
)
async def count_rows(job: str, request: Request, here: Here, user: Who) -> Response:
    """How many rows a run would deliver now. The query is that of an export: parameters, `page`, `page_size`."""
    found = delivering(check_job(user, here.nb.jobs, job, Action.START))
    params, output = asked(request.query_params, default_format(found))
    counted = await _ask_source(here, lambda: found.count_rows(params, output, user.requester))
    rows, estimated = (counted.rows, counted.estimated) if counted else (None, False)
    return JSONResponse(schemas.Count(rows=rows, estimated=estimated))


@router.get(
    "/jobs/{job}/columns",
    operation_id="listColumns",
    responses={**json_of(schemas.Columns, "The columns."), **problems_of(404, 504)},
    openapi_extra=QUERY,
)
async def list_columns(job: str, request: Request, here: Here, user: Who) -> Response:
    """The columns that a run may deliver, to choose of. The query holds the job's parameters."""
    found = delivering(check_job(user, here.nb.jobs, job, Action.START))
    params, _ = asked(request.query_params, default_format(found))
    columns = await _ask_source(here, lambda: found.columns(params, user.requester))
    return JSONResponse(schemas.Columns(columns=[views.column(one) for one in columns]))


@router.get(
    "/jobs/{job}/advice",
    operation_id="showAdvice",
    responses={**json_of(schemas.Advice, "Indexes that are missing."), **problems_of(404, 504)},
    openapi_extra=QUERY,
)
async def show_advice(job: str, request: Request, here: Here, user: Who) -> Response:
    """Indexes that a run would need and its tables lack, with the statements that make them. For operators.

    The query is that of an export. Nothing is run: copy the statement.
    """
    found = delivering(check_job(user, here.nb.jobs, job, Action.START))
    if not user.sees_all:
        raise NotAllowed("Only an operator may see what the tables lack.")
    params, output = asked(request.query_params, default_format(found))
    missing = await _ask_source(here, lambda: found.missing_indexes(params, output, user.requester))
    told = [schemas.MissingIndex(columns=list(m.columns), because=m.because, statement=m.statement) for m in missing]
    return JSONResponse(schemas.Advice(indexes=told))


async def _ask_source(here: Context, question: Callable[[], T]) -> T:
    """Ask the source, but not for long. The job's own code runs here, so it may raise anything."""
    import asyncio

    try:
        async with asyncio.timeout(COUNTING):
            return await here.counting.abandon(question)
    except NarrowboatError:
        raise
    except TimeoutError:
        raise DeadlinePassed(f"The source took longer than {COUNTING:g} s. Start the run; it has more time.") from None
    except Exception as error:
        raise JobFailed(f"{type(error).__name__}: {error}") from error


@router.post(
    "/jobs/{job}/runs",
    operation_id="startRun",
    status_code=202,
    responses={
        **json_of(schemas.Started, "The run: new, joined or repeated.", status=202, headers=LOCATION),
        **problems_of(400, 404, 413, 429, 501),
    },
)
async def start_run(
    job: str,
    request: Request,
    here: Here,
    user: Who,
    body: StartBody | None = None,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Start a run, or join the identical one of yours that is under way. Answered at once; follow it by its events.

    With an `Idempotency-Key` a request can be sent again without starting twice.
    """
    found, body = delivering(check_job(user, here.nb.jobs, job, Action.START)), body or StartBody()
    submitted = await here.threads.run(
        here.nb.start,
        job,
        body.params,
        Output.parse({"format": default_format(found), **body.output}),
        owner=user.id,
        attributes=user.attributes,
        idempotency_key=idempotency_key,
        not_before=body.not_before.timestamp() if body.not_before else 0.0,
        priority=_priority(user, found, body.priority),
        notify=_address(here, user, job) if body.notify else (),
        background=body.background,
    )
    view = schemas.Started(**here.view(submitted.run, user), how=submitted.how)
    return JSONResponse(view, 202, {"Location": address(request, f"/runs/{submitted.run.id}")})


def _address(here: Context, user: User, job: str) -> tuple[str]:
    """The asking user's own: a request names none, or this would be a relay for anybody's mail."""
    if not user.email:
        raise CannotNotify("Your account has no e-mail address to tell you at.")
    if not _may_have_link(here, user, job):
        raise NotAllowed(f"The mail would hold a link for whoever has it, and you may not share {job!r}.")
    return (user.email,)


def _can_tell(here: Context, user: User, job: str) -> bool:
    return "mail" in here.nb.channels and bool(user.email) and _may_have_link(here, user, job)


def _may_have_link(here: Context, user: User, job: str) -> bool:
    """A mail is as good as a link that the user made: it may be passed on."""
    mail = here.nb.channels.get("mail")
    return not (mail and mail.link and here.nb.public_url) or user.may(Action.SHARE, job)


def _priority(user: User, job: Definition, asked: int | None) -> int | None:
    if asked is not None and asked > job.priority and not user.sees_all:
        raise NotAllowed(f"Only an operator may raise the priority above the job's own, {job.priority}.")
    return asked
