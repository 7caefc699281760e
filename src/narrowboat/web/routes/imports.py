"""Imports: what a file holds before it is imported, what became of it, and what may follow."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from narrowboat.errors import BadParameter
from narrowboat.jobs import example, preview
from narrowboat.jobs.importer import ACCOUNTED, Import, importing
from narrowboat.jobs.input import Input
from narrowboat.web import disposition, import_schemas, schemas, views
from narrowboat.web.access import Action, User, check_job
from narrowboat.web.answers import file, json_of, problems_of
from narrowboat.web.context import Context, Here, Key, Who
from narrowboat.web.import_schemas import ResubmitBody
from narrowboat.web.problems import told
from narrowboat.web.routes.jobs import LOCATION, ask_job, started
from narrowboat.web.routes.runs import startable
from narrowboat.web.routing import Router

router = Router("imports")

READING = 60.0
"""Seconds that a preview may take; reading the file has less."""
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def _import(here: Context, user: User, name: str) -> Import:
    return importing(check_job(user, here.nb.jobs, name, Action.START))


@router.get(
    "/uploads/{upload}/preview",
    operation_id="previewUpload",
    responses={**json_of(import_schemas.Preview, "What would be read."), **problems_of(404, 409, 501, 504)},
)
async def preview_upload(
    upload: str,
    here: Here,
    user: Who,
    job: Annotated[str, Query(max_length=255, description="The import.")],
    sheet: Annotated[str | None, Query(max_length=255, description="By its name; else the first.")] = None,
    header: Annotated[int | None, Query(ge=1, le=2**24, description="The row of the names; else found.")] = None,
    mapping: Annotated[
        str, Query(max_length=20_000, description='Header to field, as JSON: `{"Phone No": "phone", "Note": null}`.')
    ] = "{}",
    guess: Annotated[bool, Query(description="Take what only looks like a field for it.")] = False,
) -> Response:
    """The first rows of a file as an import would read them, and what it takes each column for. Starts nothing."""
    found = _import(here, user, job)
    kept = await here.threads.run(here.nb.uploads.complete, upload, user.id)
    path = str(here.nb.uploads.path(kept))
    given = Input(path, kept.sha256 or "", kept.name, sheet or 0, header, _mapping(mapping), guess)
    made = await ask_job(here, partial(preview.preview, found, given, user.requester), seconds=READING)
    return JSONResponse(views.preview(made))


def _mapping(text: str) -> dict[str, str | None]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(field, str | None) for field in found.values()):
        raise BadParameter("mapping must be a JSON object of headers and the names of fields, or null.")
    return found


@router.get(
    "/jobs/{job}/example.{extension}",
    operation_id="downloadExample",
    response_class=Response,
    responses={200: file("The file."), **problems_of(404)},
)
async def download_example(job: str, extension: str, here: Here, user: Who) -> Response:
    """A file to fill in, `xlsx` or `csv`: the header, a sample row, and in a workbook what each column takes."""
    found = _import(here, user, job)
    made = await here.reading.run(example.example, found, extension)
    name = disposition.attachment(f"{job}-example.{extension}")
    return Response(made, headers={"Content-Disposition": name}, media_type=MEDIA_TYPES[extension])


@router.get(
    "/runs/{run}/report",
    operation_id="showReport",
    responses={
        **json_of(import_schemas.Report, "The report; with `view=compatible` the members that its description names."),
        **problems_of(404),
    },
)
async def show_report(
    run: str,
    request: Request,
    here: Here,
    user: Who,
    view: Annotated[
        Literal["full", "compatible"],
        Query(description="`compatible`: `success`, `message`, `total_…`, `failed_…`, as simple imports answer."),
    ] = "full",
    rejects: Annotated[int, Query(ge=0, le=1000, description="Refused rows to show, at most.")] = 100,
) -> Response:
    """What became of the rows of an import: totals, and the first refused ones with their problems.

    Without `download`, refused rows have their numbers, columns and codes alone.
    """
    found, reader = await here.read(user, run)
    if found.kind not in ACCOUNTED:
        raise BadParameter(f"Run {run} is no import, so it has no such report.")
    code = found.error_code
    error = told(code, found.error, insider=user.sees_all, reader=reader) if code else None
    shown, plain = found._replace(error=error), view == "compatible"
    made: dict[str, Any] = await here.threads.run(here.nb.account, shown, plain=plain, reader=reader)
    if not plain:
        made["rejects"] = made["rejects"][:rejects]
    given = JSONResponse(made)
    tells = reader and (plain or made["rejects"])
    return here.downloads.note(request, given, found, by=user.id, rows=True) if tells else given


FOLLOWING = {
    **json_of(schemas.Started, "The new run, or the one that this key made before.", status=202, headers=LOCATION),
    **json_of(schemas.Started, "The run that did this before.", headers=LOCATION),
    **problems_of(400, 404, 409, 413, 429, 507),
}


@router.post("/runs/{run}/resubmit", operation_id="resubmitRows", status_code=202, responses=FOLLOWING)
async def resubmit_rows(
    run: str, body: ResubmitBody, request: Request, here: Here, user: Who, idempotency_key: Key = None
) -> Response:
    """Import refused rows that were put right: a run over these rows alone, which report under their old numbers."""
    found = await startable(here, user, run)
    rows = [row.model_dump() for row in body.rows]
    submitted = await here.threads.run(
        here.nb.resubmit,
        found,
        rows,
        owner=user.id,
        attributes=user.present_attributes(found),
        dry_run=body.dry_run,
        idempotency_key=idempotency_key,
    )
    return started(here, user, request, submitted)


@router.post("/runs/{run}/undo", operation_id="undoRun", status_code=202, responses=FOLLOWING)
async def undo_run(run: str, request: Request, here: Here, user: Who, idempotency_key: Key = None) -> Response:
    """Take an import back, by a run of its own; records that were changed since are left, and reported."""
    found = await startable(here, user, run)
    attributes = user.present_attributes(found)
    submitted = await here.threads.run(
        here.nb.undo, found, owner=user.id, attributes=attributes, idempotency_key=idempotency_key
    )
    return started(here, user, request, submitted)
