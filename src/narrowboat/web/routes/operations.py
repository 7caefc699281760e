"""What those who run the server ask: is it well, how much is there to do."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from fastapi import Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from narrowboat.errors import BadParameter, NotAllowed
from narrowboat.people.audit import Which
from narrowboat.web import operation_schemas, overview, problems, schemas, views
from narrowboat.web.access import User
from narrowboat.web.answers import TEXT, json_of, problems_of
from narrowboat.web.context import Here, Who
from narrowboat.web.paging import NO_PAGE, next_page, place
from narrowboat.web.routing import Router

router = Router("operations")

Filtering: TypeAlias = Annotated[str | None, Query(pattern="^[^\\x00]*$", max_length=255)]


@router.get(
    "/health",
    operation_id="showHealth",
    responses={**json_of(operation_schemas.Health, "It can serve."), **problems_of()},
)
async def show_health(here: Here) -> Response:
    """Whether this process reaches its store; 503 if not. For load balancers: nobody needs to sign in."""
    await here.threads.run(lambda: here.nb.store.versions([""]))
    found = here.nb.dispatcher.health() if here.nb.dispatcher else {}
    supervising = bool(found.get("supervising"))
    return JSONResponse(
        operation_schemas.Health(status="ok", supervising=supervising, workers=len(found.get("workers", ()))),
        headers={"Cache-Control": "no-store"},
    )


@router.get(
    "/metrics",
    operation_id="showMetrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text format.", "content": {"text/plain": TEXT}}, **problems_of()},
)
async def show_metrics(here: Here, user: Who) -> Response:
    """Figures for Prometheus. For operators: users that see everything."""
    _check_operator(user)
    from narrowboat import metrics

    return Response(await here.threads.run(metrics.render, here.nb), media_type=metrics.MEDIA_TYPE)


@router.get(
    "/operations",
    operation_id="showOperations",
    responses={**json_of(operation_schemas.Operations, "The figures."), **problems_of()},
)
async def show_operations(here: Here, user: Who) -> Response:
    """Queues, leases, outcomes, processes and disk at a glance. For operators: users that see everything."""
    _check_operator(user)
    return JSONResponse(await here.threads.run(overview.of, here.nb), headers={"Cache-Control": "no-store"})


def _check_operator(user: User) -> None:
    if not user.sees_all:
        raise NotAllowed("Only an operator may see the figures of all jobs.")


@router.get(
    "/audit",
    operation_id="listAudit",
    responses={
        **json_of(
            schemas.Audit, "A page of entries.", headers={"Link": {**TEXT, "description": 'rel="next", if any.'}}
        ),
        **problems_of(),
    },
)
async def list_audit(
    request: Request,
    here: Here,
    user: Who,
    by: Filtering = None,
    action: Filtering = None,
    about: Filtering = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Who did what, newest first. For operators."""
    if not user.sees_all:
        raise NotAllowed("Only an operator may read the audit log.")
    which = Which(by=by, action=action, about=about, before=_place(after) if after else None, limit=limit + 1)
    found = list(await here.threads.run(here.nb.audit.find, which))
    page, more = found[:limit], len(found) > limit
    following = f"{page[-1].at!r}_{page[-1].id}" if more else None
    entries = [views.entry(one) for one in page]
    return JSONResponse(schemas.Audit(entries=entries, next=following), headers=next_page(request, "/audit", following))


def _place(after: str) -> tuple[float, int]:
    at, entry = place(after)
    if not re.fullmatch("[0-9]{1,18}", entry):
        raise BadParameter(NO_PAGE)
    return at, int(entry)


@router.get("/errors", include_in_schema=False)
async def show_errors() -> Response:
    """What the `type` of a problem leads to."""
    return problems.page()
