"""What those who run the server ask: is it well, how much is there to do."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from narrowboat.errors import NotAllowed
from narrowboat.web import overview, problems, schemas
from narrowboat.web.access import User
from narrowboat.web.answers import TEXT, json_of, problems_of
from narrowboat.web.context import Here, Who

router = APIRouter(tags=["operations"])


@router.get(
    "/health",
    operation_id="showHealth",
    responses={**json_of(schemas.Health, "It can serve."), **problems_of()},
)
async def show_health(here: Here) -> Response:
    """Whether this process reaches its store; 503 if not. For load balancers: nobody needs to sign in."""
    await here.threads.run(lambda: here.nb.store.versions([""]))
    found = here.nb.dispatcher.health() if here.nb.dispatcher else {}
    supervising = bool(found.get("supervising"))
    return JSONResponse(
        schemas.Health(status="ok", supervising=supervising, workers=len(found.get("workers", ()))),
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
    responses={**json_of(schemas.Operations, "The figures."), **problems_of()},
)
async def show_operations(here: Here, user: Who) -> Response:
    """Queues, leases, outcomes, processes and disk at a glance. For operators: users that see everything."""
    _check_operator(user)
    return JSONResponse(await here.threads.run(overview.of, here.nb), headers={"Cache-Control": "no-store"})


def _check_operator(user: User) -> None:
    if not user.sees_all:
        raise NotAllowed("Only an operator may see the figures of all jobs.")


@router.get("/errors", include_in_schema=False)
async def show_errors() -> Response:
    """What the `type` of a problem leads to."""
    return problems.page()
