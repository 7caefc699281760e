"""The rows of a report: a page of them, or all as they come."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from narrowboat.errors import NotFinished
from narrowboat.kernel.model import Run
from narrowboat.web import compression, rows, schemas, sse
from narrowboat.web.access import Action
from narrowboat.web.answers import json_of, problems_of
from narrowboat.web.context import Context, Here, Who
from narrowboat.web.hosted import is_brief
from narrowboat.web.lines import Lines
from narrowboat.web.routing import Router

router = Router("reports")
STREAMED = {"description": "All rows, as they come."}


@router.get(
    "/runs/{run}/rows",
    operation_id="listRows",
    response_class=Response,
    responses={
        **json_of(
            schemas.RowsPage,
            "A page of rows, also while the run goes on. By `Accept: application/x-ndjson` all rows as they come, a "
            "line each, between an object with the columns and one with `done`; by `text/event-stream` the same as "
            "events.",
        ),
        204: {"description": "You have seen all there is; an EventSource then stays closed."},
        **problems_of(404, 409),
    },
)
async def list_rows(
    run: str,
    request: Request,
    here: Here,
    user: Who,
    first: Annotated[int, Query(alias="from", ge=0, le=2**53, description="The first row wanted, from 0.")] = 0,
    count: Annotated[int, Query(ge=1, le=rows.MOST, description="Rows of a page, at most.")] = 100,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", description="The last id you saw.")] = None,
    last: Annotated[
        str | None, Query(alias="last_event_id", description="The same, for a client that made a new connection.")
    ] = None,
) -> Response:
    """Rows of a report by their number, also while it goes on. A large page ends early: go on behind its last row."""
    found = await here.run(user, run, Action.DOWNLOAD)
    lines = Lines(here.nb.store, here.nb.run_folder(run), here.nb.jobs.get(found.job), found)
    if sse.MEDIA_TYPE in accept:
        given = _events(here, request, found, lines, first, last_event_id or last)
    elif rows.NDJSON in accept:
        given = _ndjson(here, request, found, lines, first)
    else:
        content = await here.reading.run(_page, lines, first, count, compression.is_taken(request))
        given = Response(content, headers=compression.headers(request), media_type="application/json")
    return here.downloads.note(request, given, found, by=user.id, rows=True)


def _page(lines: Lines, first: int, count: int, compressed: bool) -> bytes:
    content = rows.page(lines.read(first, count, rows.ROOM), first)
    return compression.packed(content) if compressed else content


def _events(here: Context, request: Request, run: Run, lines: Lines, first: int, seen: str | None) -> Response:
    if rows.is_over(run, seen):
        return Response(status_code=204)
    place = rows.place(seen)
    begin = first if place is None else place[1] if place[0] == run.generation else 0
    stream = rows.Stream(here, lines, run, begin)
    events = rows.events(stream, run.id, place, brief=is_brief(request))
    return StreamingResponse(events, headers=sse.HEADERS, media_type=sse.MEDIA_TYPE)


def _ndjson(here: Context, request: Request, run: Run, lines: Lines, first: int) -> Response:
    if is_brief(request) and not run.ended:
        raise NotFinished(f"Run {run.id} is {run.state}, and this server cannot stream. Ask for pages of its rows.")
    content = rows.ndjson(rows.Stream(here, lines, run, first), run.id)
    return StreamingResponse(content, headers=sse.HEADERS, media_type=rows.NDJSON)
