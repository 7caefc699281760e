"""Runs: list, show, follow, and ask things of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from narrowboat.errors import NoArtifact, NotAllowed, UnknownRun
from narrowboat.kernel import model
from narrowboat.kernel.model import Filter, Run, State, Submitted
from narrowboat.web import schemas, several, sse, views
from narrowboat.web.access import Action, User, check_job
from narrowboat.web.answers import TEXT, json_of, problems_of
from narrowboat.web.context import Context, Here, Key, Who
from narrowboat.web.follow import Watched
from narrowboat.web.hosted import is_brief
from narrowboat.web.paging import next_page, place
from narrowboat.web.routes.jobs import LOCATION, started
from narrowboat.web.routing import Router

router = Router("runs")


@router.get(
    "/runs",
    operation_id="listRuns",
    responses={
        **json_of(schemas.Runs, "A page of runs.", headers={"Link": {**TEXT, "description": 'rel="next", if any.'}}),
        **problems_of(),
    },
)
async def list_runs(
    request: Request,
    here: Here,
    user: Who,
    state: Annotated[list[State], Query(description="Any of these.")] = [],  # noqa: B006  # never changed
    job: Annotated[str | None, Query(pattern="^[^\\x00]*$", max_length=255)] = None,
    owner: Annotated[str | None, Query(pattern="^[^\\x00]*$", max_length=255, description="For operators.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Your runs, newest first; an operator sees everybody's."""
    which = Filter(
        owner=owner if user.sees_all else user.id,
        job=job,
        states=tuple(state),
        before=place(after) if after else None,
        limit=limit + 1,
    )
    found = list(await here.threads.run(here.nb.store.find, which))
    page, more = found[:limit], len(found) > limit
    following = f"{page[-1].created!r}_{page[-1].id}" if more else None
    seen = [here.view(run, user) for run in page if user.may(Action.SEE, run.job)]
    return JSONResponse(schemas.Runs(runs=seen, next=following), headers=next_page(request, "/runs", following))


ONE_RUN = {**json_of(schemas.Run, "The run."), **problems_of(404)}


@router.get("/runs/{run}", operation_id="showRun", responses=ONE_RUN)
async def show_run(run: str, here: Here, user: Who) -> Response:
    """A run as it is now."""
    return JSONResponse(here.view(await here.run(user, run), user))


@router.get(
    "/runs/{run}/events",
    operation_id="followRun",
    response_class=Response,
    responses={
        200: {
            "description": "Snapshots (`event: run`, data: a run as JSON, id: its version) and at the end one "
            "`event: done`. A comment at most 5 s apart.",
            "content": {sse.MEDIA_TYPE: {}},
        },
        204: {"description": "You have seen all there is; an EventSource then stays closed."},
        **problems_of(404),
    },
)
async def follow_run(
    run: str,
    request: Request,
    here: Here,
    user: Who,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", description="The last id you saw.")] = None,
    last: Annotated[
        str | None, Query(alias="last_event_id", description="The same, for a client that made a new connection.")
    ] = None,
) -> Response:
    """Follow a run by Server-Sent Events. Comes back where it was cut: no history is needed."""
    found = await here.run(user, run)
    seen = last_event_id or last
    if sse.is_over(found, seen):
        return Response(status_code=204)
    if is_brief(request):
        look = sse.look(found, seen, json.dumps(here.view(found, user)))
        return Response(sse.COME_BACK + look, headers=sse.HEADERS, media_type=sse.MEDIA_TYPE)

    events = sse.events(here.nb.follow, run, seen, partial(_text, here, user))
    return StreamingResponse(events, headers=sse.HEADERS, media_type=sse.MEDIA_TYPE)


@router.get(
    "/events",
    operation_id="followRuns",
    response_class=Response,
    responses={
        200: {
            "description": "Of each run: snapshots (`event: run`) and at its end `event: done`, data: a run as JSON; "
            "`event: gone`, data: its id, where there is none. `event: quiet` at most 5 s apart, and `event: leaving` "
            "when the server stops. Under WSGI one look at each, then `event: brief`: come back in a second.",
            "content": {sse.MEDIA_TYPE: {}},
        },
        **problems_of(),
    },
)
async def follow_runs(
    request: Request,
    here: Here,
    user: Who,
    run: Annotated[
        list[str],
        Query(min_length=1, max_length=several.MOST, description="Ids, each perhaps with `:` and the version seen."),
    ],
) -> Response:
    """Follow several runs by one connection: a browser has six of them for a server, whatever its tabs show."""
    seen = dict(several.place(one) for one in run)
    found = [one for run_id in seen if (one := await _known(here, user, run_id))]
    known = {one.id: seen[one.id] for one in found}
    gone = [run_id for run_id in seen if run_id not in known]
    if is_brief(request):
        look = several.glance([(one, seen[one.id], json.dumps(here.view(one, user))) for one in found], gone)
        return Response(look, headers=sse.HEADERS, media_type=sse.MEDIA_TYPE)
    events = several.events(here.nb.follow, known, gone, partial(_text, here, user))
    return StreamingResponse(events, headers=sse.HEADERS, media_type=sse.MEDIA_TYPE)


def _text(here: Context, user: User, watched: Watched) -> str:
    kind = user.sees_all, user.reads(watched.run.job)
    return watched.text(kind, lambda: json.dumps(here.view(watched.run, user, watched.speed.rate())))


async def _known(here: Context, user: User, run_id: str) -> Run | None:
    try:
        return await here.run(user, run_id)
    except (UnknownRun, NotAllowed):
        return None


@router.get(
    "/runs/{run}/history",
    operation_id="showHistory",
    responses={**json_of(schemas.History, "What happened, oldest first."), **problems_of(404)},
)
async def show_history(run: str, here: Here, user: Who) -> Response:
    """The transitions of a run, each with its reason."""
    await here.run(user, run)
    events = await here.threads.run(here.nb.store.events, run)
    return JSONResponse(schemas.History(events=[views.event(one) for one in events]))


@router.get(
    "/runs/{run}/rejects",
    operation_id="listRejects",
    responses={**json_of(schemas.Rejects, "A page of rejects, by source row."), **problems_of(404)},
)
async def list_rejects(
    run: str,
    request: Request,
    here: Here,
    user: Who,
    after: Annotated[int, Query(ge=0, le=2**53, description="The last row seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Response:
    """Rows that were refused, with the reason and the data. Without `download`: their numbers, columns and codes."""
    of, reader = await here.read(user, run)
    found = await here.threads.run(here.nb.store.rejects, run, after=after, limit=limit)
    following = found[-1].row if len(found) >= limit else None  # a row's last reasons may come on top
    shown = [views.reject(one, reader=reader) for one in found]
    given = JSONResponse(schemas.Rejects(rejects=shown, next=following))
    return here.downloads.note(request, given, of, by=user.id, rows=True) if reader and found else given


@router.get(
    "/runs/{run}/notices",
    operation_id="listNotices",
    responses={**json_of(schemas.Notices, "Who is told, and whether they were."), **problems_of(404)},
)
async def list_notices(run: str, here: Here, user: Who) -> Response:
    """Who is told when the run has ended, and what became of it."""
    await here.run(user, run)
    found = await here.threads.run(here.nb.outbox.of, run)
    return JSONResponse(schemas.Notices(notices=[views.notice(one, user) for one in found]))


@router.get(
    "/runs/{run}/manifest",
    operation_id="showManifest",
    responses={**json_of(schemas.Manifest, "The manifest."), **problems_of(404, 409)},
)
async def show_manifest(run: str, here: Here, user: Who) -> Response:
    """What stands in the finished file, and what it was made with."""
    found = await here.run(user, run, Action.DOWNLOAD)
    if found.artifact is None:
        raise NoArtifact(f"Run {run} is {found.state.replace('_', ' ')}; a manifest comes with its finished file.")
    return JSONResponse(dict(found.artifact.manifest))


CONTROLLED = {**json_of(schemas.Run, "The run as it is now."), **problems_of(404, 409)}


@router.post("/runs/{run}/cancel", operation_id="cancelRun", responses={**CONTROLLED, **problems_of(404, 409, 422)})
async def cancel_run(run: str, here: Here, user: Who, idempotency_key: Key = None) -> Response:
    """Cancel. What is committed is kept. Of a run that identical requests share, this first lets go of one.

    Sent again with its `Idempotency-Key`, it lets go of no second one.
    """
    return await _ask(here, user, run, model.Request.CANCEL, idempotency_key)


@router.post("/runs/{run}/pause", operation_id="pauseRun", responses=CONTROLLED)
async def pause_run(run: str, here: Here, user: Who) -> Response:
    """Pause after the chunk under way."""
    return await _ask(here, user, run, model.Request.PAUSE)


@router.post(
    "/runs/{run}/resume",
    operation_id="resumeRun",
    responses={**CONTROLLED, **problems_of(404, 409, 429)},
)
async def resume_run(run: str, here: Here, user: Who) -> Response:
    """Go on with a run that was paused, cancelled, failed or timed out."""
    return await _ask(here, user, run, model.Request.RESUME)


@router.post("/runs/{run}/background", operation_id="sendToBackground", responses=CONTROLLED)
async def send_to_background(run: str, here: Here, user: Who) -> Response:
    """Let a report go on to its end, whether somebody follows it or not."""
    await here.run(user, run, Action.CONTROL)
    found = await here.threads.run(here.nb.attendance.to_background, run)
    here.nb.follow.moved(run)
    return JSONResponse(here.view(found, user))


async def _ask(here: Context, user: User, run_id: str, request: model.Request, key: str | None = None) -> Response:
    await here.run(user, run_id, Action.CONTROL)
    found = await here.threads.run(here.nb.ask, run_id, request, by=user.id, key=key)
    here.nb.follow.moved(run_id)
    return JSONResponse(here.view(found, user))


ANOTHER = {
    **json_of(schemas.Started, "The new run, or the one that this key made before.", status=202, headers=LOCATION),
    **problems_of(404, 429),
}


@router.post("/runs/{run}/rerun", operation_id="rerunRun", status_code=202, responses=ANOTHER)
async def rerun_run(run: str, request: Request, here: Here, user: Who, idempotency_key: Key = None) -> Response:
    """The same request again, as a new run."""
    return await _another(here.nb.rerun, run, request, here, user, idempotency_key)


@router.post(
    "/runs/{run}/retry",
    operation_id="retryRun",
    status_code=202,
    responses={**ANOTHER, **problems_of(404, 409, 429)},
)
async def retry_run(run: str, request: Request, here: Here, user: Who, idempotency_key: Key = None) -> Response:
    """A new run over what this one rejected."""
    return await _another(here.nb.retry_failed, run, request, here, user, idempotency_key)


async def _another(
    make: Callable[..., Submitted], run: str, request: Request, here: Context, user: User, key: str | None
) -> Response:
    found = await startable(here, user, run)
    attributes = user.present_attributes(found)
    made = await here.threads.run(make, found, attributes=attributes, by=user.id, idempotency_key=key)
    return started(here, user, request, made)


async def startable(here: Context, user: User, run_id: str) -> Run:
    """A run that this user may have something started from. Raises UnknownRun, UnknownJob, NotAllowed."""
    found = await here.run(user, run_id, Action.START)
    check_job(user, here.nb.jobs, found.job, Action.START)
    return found
