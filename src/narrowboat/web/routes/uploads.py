"""Uploads: files that people send, in chunks (tus 1.0) or at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from narrowboat.errors import NotAllowed
from narrowboat.uploads import Upload
from narrowboat.web import import_schemas as schemas
from narrowboat.web import tus, views
from narrowboat.web.access import Action, User
from narrowboat.web.answers import TEXT, json_of, problems_of
from narrowboat.web.context import Context, Here, Who, address
from narrowboat.web.routing import Router
from narrowboat.web.uploading import Receiving

router = Router("uploads")

COUNT = {"schema": {"type": "integer"}}
LOCATION = {"Location": {**TEXT, "description": "Where the upload is."}}
STANDING = {
    "Tus-Resumable": TEXT,
    "Upload-Offset": {**COUNT, "description": "Bytes that are durably here."},
    "Upload-Length": {**COUNT, "description": "Bytes that it will have."},
    "Upload-Expires": {**TEXT, "description": "When it is removed, unless a run needs it."},
}
ABILITIES = dict.fromkeys(tus.abilities(0), TEXT)


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, **TEXT}


def _body(*kinds: str) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"content": dict.fromkeys(kinds, binary)}


FORM = {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}}
CREATION = {
    "parameters": [
        _header("Upload-Length", "Bytes of the whole file: it then comes in chunks."),
        _header("Upload-Metadata", "`filename` and the name in base64."),
        _header("Upload-Checksum", "Of the bytes that come with this request: `sha256` (or `sha1`) and base64."),
    ],
    "requestBody": {"content": {"multipart/form-data": FORM, **_body(tus.CHUNK, "application/*")["content"]}},
}
CHUNK = {
    "parameters": [
        _header("Upload-Offset", "Where these bytes begin: what `Upload-Offset` was told to be."),
        _header("Upload-Checksum", "Of these bytes: `sha256` (or `sha1`) and base64."),
    ],
    "requestBody": _body(tus.CHUNK),
}


def may_upload(here: Context, user: User) -> None:
    """Raises NotAllowed for who could not import anything."""
    imports = [job.name for job in here.nb.jobs.values() if job.kind == "import"]
    if not any(user.may(Action.START, name) for name in imports):
        raise NotAllowed("There is no import here that you may start.")


async def _to_change(here: Context, user: User, upload: str) -> Upload:
    """An upload of theirs, if they may send files. Raises NotAllowed, UnknownUpload."""
    may_upload(here, user)
    return await here.threads.run(here.nb.uploads.find, upload, user.id)


def _receiving(here: Context) -> Receiving:
    return Receiving(here.nb.uploads, here.reading)


def _json(upload: Upload, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(views.upload(upload), status, {**tus.standing(upload), **(headers or {})})


@router.options(
    "/uploads",
    operation_id="showUploading",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "What is spoken here.", "headers": ABILITIES}, **problems_of()},
)
async def show_uploading(here: Here, user: Who) -> Response:
    """What this server can of tus, and how large a file may be."""
    return Response(status_code=204, headers=tus.abilities(here.nb.uploads.limits.file))


@router.get(
    "/uploads",
    operation_id="listUploads",
    responses={**json_of(schemas.Uploads, "Your uploads, newest first."), **problems_of()},
)
async def list_uploads(here: Here, user: Who) -> Response:
    """Your files that are here, or on their way."""
    found = await here.threads.run(here.nb.uploads.of_owner, user.id)
    return JSONResponse(schemas.Uploads(uploads=[views.upload(one) for one in found]))


@router.post(
    "/uploads",
    operation_id="createUpload",
    status_code=201,
    responses={
        **json_of(schemas.Upload, "The upload.", status=201, headers={**LOCATION, **STANDING}),
        **problems_of(409, 411, 412, 413, 415, 460, 507),
    },
    openapi_extra=CREATION,
)
async def create_upload(
    request: Request,
    here: Here,
    user: Who,
    name: Annotated[str, Query(max_length=1000, description="Of a file that is the bare body.")] = "",
) -> Response:
    """A file: by a form, as the bare body, or (with `Upload-Length`) to come in chunks."""
    may_upload(here, user)
    tus.check_version(request.headers)
    if "upload-length" not in request.headers and "tus-resumable" not in request.headers:
        return _created(request, await _receiving(here).whole(user.id, name, request))
    length, checksum = (
        tus.number(request.headers, "upload-length"),
        tus.checksum(request.headers.get("upload-checksum")),
    )
    called = tus.filename(request.headers.get("upload-metadata", ""))
    made = await here.threads.run(here.nb.uploads.create, user.id, called or name, length)
    if request.headers.get("content-type") == tus.CHUNK and not made.complete:
        made = await _receiving(here).append(made, 0, request, checksum)
    return _created(request, made)


@router.put(
    "/uploads/{name}",
    operation_id="putUpload",
    status_code=201,
    responses={
        **json_of(schemas.Upload, "The upload.", status=201, headers={**LOCATION, **STANDING}),
        **problems_of(404, 409, 411, 413, 507),
    },
    openapi_extra={"requestBody": _body("application/*")},
)
async def put_upload(name: str, request: Request, here: Here, user: Who) -> Response:
    """A file as the bare body, under its name: `curl -T customers.xlsx …/uploads/`. Each is a new upload."""
    may_upload(here, user)
    return _created(request, await _receiving(here).whole(user.id, name, request))


def _created(request: Request, made: Upload) -> Response:
    return _json(made, 201, {"Location": address(request, f"/uploads/{made.id}")})


@router.head("/uploads/{upload}", include_in_schema=False)
@router.get(
    "/uploads/{upload}",
    operation_id="showUpload",
    responses={**json_of(schemas.Upload, "The upload.", headers=STANDING), **problems_of(404, 412)},
)
async def show_upload(upload: str, request: Request, here: Here, user: Who) -> Response:
    """An upload: how much of it is here."""
    tus.check_version(request.headers)
    return _json(await here.threads.run(here.nb.uploads.find, upload, user.id))


@router.patch(
    "/uploads/{upload}",
    operation_id="continueUpload",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "They are durably here.", "headers": STANDING},
        **problems_of(404, 409, 412, 413, 415, 460, 507),
    },
    openapi_extra=CHUNK,
)
async def continue_upload(upload: str, request: Request, here: Here, user: Who) -> Response:
    """Send the next bytes. Where the connection is cut, those that came are kept: ask for `Upload-Offset`, go on."""
    tus.check_version(request.headers)
    if request.headers.get("content-type") != tus.CHUNK:
        raise HTTPException(415, f"The Content-Type of a chunk is {tus.CHUNK}.")
    at, checksum = tus.number(request.headers, "upload-offset"), tus.checksum(request.headers.get("upload-checksum"))
    found = await _to_change(here, user, upload)
    return Response(status_code=204, headers=tus.standing(await _receiving(here).append(found, at, request, checksum)))


@router.delete(
    "/uploads/{upload}",
    operation_id="removeUpload",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "It is gone."}, **problems_of(404, 409, 412)},
)
async def remove_upload(upload: str, request: Request, here: Here, user: Who) -> Response:
    """Remove an upload that no run needs."""
    tus.check_version(request.headers)
    await here.threads.run(here.nb.uploads.remove, await _to_change(here, user, upload))
    return Response(status_code=204, headers=tus.RESUMABLE)


@router.post(
    "/uploads/{upload}",
    operation_id="overrideUpload",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "As of what it stands for."},
        **problems_of(404, 405, 409, 412, 413, 415, 460, 507),
    },
    openapi_extra={
        "parameters": [_header("X-HTTP-Method-Override", "`PATCH` or `DELETE`."), *CHUNK["parameters"]],
        "requestBody": CHUNK["requestBody"],
    },
)
async def override_upload(upload: str, request: Request, here: Here, user: Who) -> Response:
    """PATCH and DELETE for clients, or proxies, that know only POST; the protocol asks for it."""
    match request.headers.get("x-http-method-override"):
        case "PATCH":
            return await continue_upload(upload, request, here, user)
        case "DELETE":
            return await remove_upload(upload, request, here, user)
        case _:
            raise HTTPException(405, headers={"Allow": "GET, HEAD, PATCH, DELETE"})
