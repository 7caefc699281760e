"""Problems: every answer that is not a success, as RFC 9457 application/problem+json with a stable code."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from narrowboat import errors
from narrowboat.errors import NarrowboatError

log = logging.getLogger("narrowboat.web")

MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """What holds for every problem with one code."""

    status: int
    title: str


KINDS: Mapping[type[NarrowboatError], Kind] = {
    NarrowboatError: Kind(500, "Something went wrong"),
    errors.BadConfiguration: Kind(500, "The server is not set up for this"),
    errors.BadParameter: Kind(422, "A parameter is missing or wrong"),
    errors.MissingExtra: Kind(501, "The server lacks a library for this"),
    errors.UnknownJob: Kind(404, "There is no such job"),
    errors.UnknownRun: Kind(404, "There is no such run"),
    errors.UnknownLink: Kind(404, "There is no such link"),
    errors.LinkExpired: Kind(410, "This link has expired"),
    errors.NoArtifact: Kind(409, "There is no file to download"),
    errors.NotFinished: Kind(503, "The file is not finished yet"),
    errors.NotSignedIn: Kind(401, "Sign in first"),
    errors.SignInFailed: Kind(401, "Signing in failed"),
    errors.TooManyAttempts: Kind(429, "Too many attempts"),
    errors.UnknownUser: Kind(404, "There is no such user"),
    errors.UnknownToken: Kind(404, "There is no such token"),
    errors.NameTaken: Kind(409, "The name is taken"),
    errors.NotAllowed: Kind(403, "This is not allowed"),
    errors.MissingAttribute: Kind(403, "Something about you is missing"),
    errors.TooManyRuns: Kind(429, "Too many runs at once"),
    errors.IdempotencyConflict: Kind(422, "The idempotency key was used for another request"),
    errors.IllegalTransition: Kind(409, "The run's state does not allow this"),
    errors.NotReversible: Kind(409, "This cannot be taken back"),
    errors.NothingToRetry: Kind(409, "There is nothing to retry"),
    errors.LeaseLost: Kind(503, "Another worker took over"),
    errors.SourceUnavailable: Kind(503, "The data source cannot be reached"),
    errors.SourceFailed: Kind(500, "The data source refused the request"),
    errors.MissingColumns: Kind(422, "The file lacks columns"),
    errors.UnusableFile: Kind(422, "The file cannot be imported"),
    errors.TargetUnavailable: Kind(503, "The data's destination cannot be reached"),
    errors.TargetFailed: Kind(500, "The data's destination refused the request"),
    errors.SinkUnavailable: Kind(503, "Where files are kept cannot be reached"),
    errors.SinkFailed: Kind(500, "The file could not be kept"),
    errors.NoResumeKey: Kind(422, "The source cannot be read in pieces"),
    errors.UnknownColumn: Kind(422, "There is no such column"),
    errors.UnknownFormat: Kind(422, "There is no such format"),
    errors.NotRepresentable: Kind(422, "The data do not fit the format"),
    errors.StorageFull: Kind(507, "The server's disk is full"),
    errors.JobFailed: Kind(500, "The job failed"),
    errors.DeadlinePassed: Kind(504, "It took too long"),
    errors.NobodyFollows: Kind(504, "Nobody followed it any more"),
    errors.Poisoned: Kind(500, "The run made worker after worker die"),
    errors.StoreUnavailable: Kind(503, "The database of runs cannot be reached"),
    errors.CannotNotify: Kind(400, "Nobody can be told when it is done"),
    errors.NotDelivered: Kind(502, "A notice was not delivered"),
    errors.UnknownUpload: Kind(404, "There is no such upload"),
    errors.UploadConflict: Kind(409, "The upload goes on elsewhere"),
    errors.UploadIncomplete: Kind(409, "The upload is not complete"),
    errors.UploadInUse: Kind(409, "The upload is in use"),
    errors.UploadTooLarge: Kind(413, "That is too much to upload"),
    errors.WrongChecksum: Kind(460, "The bytes are not those that were sent"),
    errors.FileBroken: Kind(422, "The file is damaged"),
    errors.FileNotSupported: Kind(422, "Files of this kind cannot be read"),
    errors.FileEncrypted: Kind(422, "The file is protected by a password"),
    errors.FileTooLarge: Kind(422, "The file is too large"),
    errors.FileTookTooLong: Kind(422, "Reading the file took too long"),
    errors.UnknownSheet: Kind(422, "There is no such sheet"),
    errors.NoHeader: Kind(422, "No row can be the header"),
}
"""The one table from an error's class to its status."""

HTTP_CODES: Mapping[int, str] = {
    400: "bad-request",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    411: "length-required",
    412: "precondition-failed",
    413: "too-large",
    415: "unsupported-media-type",
    416: "range-not-satisfiable",
    500: "internal",
}
"""Codes of what HTTP itself refuses, before any of our errors."""

RETRY_AFTER: Mapping[int, int] = {503: 5}
"""Seconds after which trying again makes sense, by status."""

_BY_CODE = {cls.code: cls for cls in KINDS}


def phrase(status: int) -> str:
    """What a status is called. 460 is the tus protocol's own."""
    return "Checksum Mismatch" if status == 460 else HTTPStatus(status).phrase


def kind_of(code: str | None) -> Kind:
    """What holds for an error with this code."""
    return KINDS[_BY_CODE.get(code or "", NarrowboatError)]


def told(code: str | None, message: str | None, *, insider: bool, reader: bool = True) -> str:
    """The message of an error as this person may know it. reader: they may have the rows that it may quote."""
    title = kind_of(code).title
    if instead := errors.outside(code, insider=insider, reader=reader):
        return f"{title}. {instead}"
    return message or title


def problem(
    request: Request,
    code: str,
    status: int,
    detail: str,
    *,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """The answer. `more` are further members, as RFC 9457 allows."""
    root = request.scope.get("root_path", "").rstrip("/")
    body = {
        "type": f"{root}/errors#{code}",
        "title": title or phrase(status),
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        **more,
    }
    all_headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(json.dumps(body, ensure_ascii=False), status, all_headers, MEDIA_TYPE)


def answer(request: Request, error: NarrowboatError) -> Response:
    """The answer to one of our own errors."""
    if kind_of(error.code).status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    seconds = error.retry_after if isinstance(error, errors.TooManyRuns | errors.TooManyAttempts) else None
    return answer_for(request, error.code, str(error), retry_after=seconds)


def answer_for(
    request: Request, code: str | None, message: str | None, *, retry_after: int | None = None, **more: Any
) -> Response:
    """The answer to an error that is known by its code and message, such as that of a run."""
    kind = kind_of(code)
    insider = bool(getattr(getattr(request.state, "user", None), "sees_all", False))
    detail = told(code, message, insider=insider)
    headers = dict(_headers(request, kind.status, retry_after))
    return problem(request, code or "error", kind.status, detail, title=kind.title, headers=headers, **more)


def _headers(request: Request, status: int, retry_after: int | None) -> Iterator[tuple[str, str]]:
    if seconds := retry_after or RETRY_AFTER.get(status):
        yield "Retry-After", str(seconds)
    if status == 401:
        state = getattr(request.scope.get("app"), "state", None)
        yield "WWW-Authenticate", getattr(state, "challenge", 'Session realm="narrowboat"')


async def on_narrowboat_error(request: Request, error: Exception) -> Response:
    """Exception handler for our errors."""
    assert isinstance(error, NarrowboatError)  # noqa: S101  # registered for this class
    return answer(request, error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Exception handler for what the framework or the host's callable refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class
    status = error.status_code
    code = HTTP_CODES.get(status, f"http-{status}")
    detail = {404: "There is nothing at this address.", 405: f"{request.method} is not possible here."}.get(status)
    return problem(request, code, status, detail or str(error.detail), headers=error.headers)


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """Exception handler for a query, header or body that does not fit."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class
    found = [{"where": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
    detail = "; ".join(f"{one['where']}: {one['message']}" for one in found)
    kind = KINDS[errors.BadParameter]
    return problem(request, errors.BadParameter.code, kind.status, detail, title=kind.title, errors=found)


async def on_crash(request: Request, error: Exception) -> Response:
    """Exception handler for everything else. What happened stands in the log alone."""
    return problem(request, "internal", 500, "The server made a mistake; its log says which.")


def page() -> Response:
    """What the `type` of a problem leads to: a line on each code."""
    entries = {code: (status, phrase(status), "") for status, code in HTTP_CODES.items()}
    entries |= {cls.code: (kind.status, kind.title, (cls.__doc__ or "").strip()) for cls, kind in KINDS.items()}
    listed = "".join(
        f"<dt id={code}><code>{code}</code> ({status})<dd>{html.escape(title)}. {html.escape(text)}"
        for code, (status, title, text) in sorted(entries.items())
    )
    text = f"<!doctype html><html lang=en><meta charset=utf-8><title>Problems</title><dl>{listed}</dl>"
    return HTMLResponse(text, headers={"Content-Security-Policy": "default-src 'none'"})
