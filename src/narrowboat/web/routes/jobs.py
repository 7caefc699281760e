"""What can be started, how many rows it would deliver, and starting it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from narrowboat.errors import BadParameter, CannotNotify, DeadlinePassed, JobFailed, NarrowboatError, NotAllowed
from narrowboat.jobs.definition import Definition, delivering
from narrowboat.jobs.importer import Import, importing
from narrowboat.jobs.output import Output
from narrowboat.jobs.preview import advice
from narrowboat.kernel.model import Submitted
from narrowboat.web import schemas, views
from narrowboat.web.access import Action, User, check_job
from narrowboat.web.answers import QUERY, TEXT, json_of, problems_of
from narrowboat.web.context import Context, Here, Key, Who, address
from narrowboat.web.query import asked, default_format
from narrowboat.web.routing import Router
from narrowboat.web.schemas import StartBody

log = logging.getLogger("narrowboat.web")
router = Router("jobs")
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
    counted = await ask_job(here, lambda: found.count_rows(params, output, user.requester))
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
    columns = await ask_job(here, lambda: found.columns(params, user.requester))
    return JSONResponse(schemas.Columns(columns=[views.column(one) for one in columns]))


@router.get(
    "/jobs/{job}/advice",
    operation_id="showAdvice",
    responses={**json_of(schemas.Advice, "Indexes that are missing."), **problems_of(404, 504)},
    openapi_extra=QUERY,
)
async def show_advice(job: str, request: Request, here: Here, user: Who) -> Response:
    """Indexes that a run would need and its tables lack, with the statements that make them. For operators.

    The query is that of an export. Nothing is run: copy the statement. Of an import: what its target says.
    """
    known = check_job(user, here.nb.jobs, job, Action.START)
    if not user.sees_all:
        raise NotAllowed("Only an operator may see what the tables lack.")
    if isinstance(known, Import):
        return JSONResponse(schemas.Advice(indexes=[], warnings=list(await ask_job(here, partial(advice, known)))))
    found = delivering(known)
    params, output = asked(request.query_params, default_format(found))
    missing = await ask_job(here, lambda: found.missing_indexes(params, output, user.requester))
    told = [schemas.MissingIndex(columns=list(m.columns), because=m.because, statement=m.statement) for m in missing]
    return JSONResponse(schemas.Advice(indexes=told, warnings=[]))


async def ask_job(here: Context, question: Callable[[], T], *, seconds: float = COUNTING) -> T:
    """Ask the source, but not for long. The job's own code runs here, so it may raise anything."""
    import asyncio

    try:
        async with asyncio.timeout(seconds):
            return await here.counting.abandon(question)
    except NarrowboatError:
        raise
    except TimeoutError:
        raise DeadlinePassed(f"The source took longer than {seconds:g} s. Start the run; it has more time.") from None
    except Exception as error:
        raise JobFailed(f"{type(error).__name__}: {error}") from error


@router.post(
    "/jobs/{job}/runs",
    operation_id="startRun",
    status_code=202,
    responses={
        **json_of(schemas.Started, "The run: new, joined or repeated.", status=202, headers=LOCATION),
        **json_of(schemas.Started, "The run in which this file was imported before.", headers=LOCATION),
        **problems_of(400, 404, 409, 413, 429, 501, 507),
    },
)
async def start_run(
    job: str,
    request: Request,
    here: Here,
    user: Who,
    body: StartBody | None = None,
    idempotency_key: Key = None,
) -> Response:
    """Start a run, or join the identical one of yours that is under way. Answered at once; follow it by its events.

    With an `Idempotency-Key` a request can be sent again without starting twice.
    """
    known, body = check_job(user, here.nb.jobs, job, Action.START), body or StartBody()
    if isinstance(known, Import) or body.input:
        return await _start_import(known, request, here, user, body, idempotency_key)
    found = delivering(known)
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
    return started(here, user, request, submitted)


async def _start_import(
    job: Definition, request: Request, here: Context, user: User, body: StartBody, key: str | None
) -> Response:
    found = importing(job)
    if body.input is None or body.params or body.output:
        raise BadParameter("An import is started with `input` and without `params` and `output`.")
    choices = body.input.model_dump(exclude={"upload"})
    upload = await here.threads.run(here.nb.uploads.complete, body.input.upload, user.id)
    submitted = await here.threads.run(
        here.nb.import_upload,
        found.name,
        upload,
        owner=user.id,
        attributes=user.attributes,
        idempotency_key=key,
        not_before=body.not_before.timestamp() if body.not_before else 0.0,
        priority=_priority(user, found, body.priority),
        notify=_address(here, user, found.name) if body.notify else (),
        **choices,
    )
    return started(here, user, request, submitted)


def started(here: Context, user: User, request: Request, submitted: Submitted) -> Response:
    """The answer to a start: 202, but 200 where all was done before."""
    view = schemas.Started(**here.view(submitted.run, user), how=submitted.how)
    status = 200 if submitted.how == "known" else 202
    return JSONResponse(view, status, {"Location": address(request, f"/runs/{submitted.run.id}")})


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
