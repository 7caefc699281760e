"""Answers: how OpenAPI speaks of what routes answer, problems included."""

from __future__ import annotations

from typing import Any, TypeAlias

from fastapi import FastAPI

from narrowboat.web import import_schemas, operation_schemas, problems, schemas

Responses: TypeAlias = dict[int | str, dict[str, Any]]
Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"schema": {"type": "string"}}
FILE_HEADERS: Schema = {
    "ETag": {**TEXT, "description": "Id of the file: run and generation, the same while it grows and when finished."},
    "Content-Disposition": {**TEXT, "description": "The file's name (RFC 6266)."},
    "Accept-Ranges": TEXT,
}
PROBLEM_HEADERS: dict[int, Schema] = {
    401: {"WWW-Authenticate": TEXT},
    405: {"Allow": TEXT},
    416: {"Content-Range": {**TEXT, "description": "The size, where it is known."}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
    503: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}
QUERY: Schema = {
    "parameters": [
        {"name": "columns", "in": "query", "description": "Names in the wanted order, by commas.", **TEXT},
        {"name": "page", "in": "query", "description": "One page, from 1; needs `page_size`.", **TEXT},
        {"name": "pages", "in": "query", "description": "Several: `1-3,7`; needs `page_size`.", **TEXT},
        {"name": "page_size", "in": "query", "schema": {"type": "integer", "minimum": 1}, "description": "Rows."},
        {
            "name": "parameters",
            "in": "query",
            "style": "form",
            "explode": True,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": "The job's parameters by name, `label.COLUMN` and `option.NAME`.",
        },
    ]
}
"""The query of an export's address."""
CONDITIONS: Schema = {
    "parameters": [
        {"name": "Range", "in": "header", "description": "One range of bytes.", **TEXT},
        {"name": "If-Range", "in": "header", "description": "The ETag of the file that the range is of.", **TEXT},
        {"name": "If-None-Match", "in": "header", "description": "ETags of files that you have.", **TEXT},
    ]
}
"""The headers of a download."""
EVERYWHERE = (401, 403, 422, 500, 503)
"""What any route may answer."""


def reference(shape: type) -> Schema:
    """A schema by name."""
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def json_of(shape: type, description: str, *, status: int = 200, headers: Schema | None = None) -> Responses:
    """A JSON answer."""
    content = {"application/json": {"schema": reference(shape)}}
    return {status: {"description": description, "content": content, **({"headers": headers} if headers else {})}}


def problems_of(*statuses: int) -> Responses:
    """The problems that a route may answer with, beside those that any may."""
    content = {problems.MEDIA_TYPE: {"schema": reference(schemas.Problem)}}
    return {
        status: {
            "description": problems.phrase(status),
            "content": content,
            **({"headers": headers} if (headers := PROBLEM_HEADERS.get(status)) else {}),
        }
        for status in sorted({*EVERYWHERE, *statuses})
    }


def page_or_problem(*statuses: int) -> Responses:
    """The same problems, which a browser is shown as a page."""
    found = problems_of(*statuses)
    for answer in found.values():
        answer["content"] = {**answer["content"], "text/html": TEXT}
    return found


def file(description: str, *, headers: Schema | None = None) -> dict[str, Any]:
    """A binary answer."""
    return {
        "description": description,
        "headers": {**FILE_HEADERS, **(headers or {})},
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/*", "text/*")},
    }


def files_of(*statuses: int) -> Responses:
    """What a route that gives files answers."""
    length = {"Content-Length": {"schema": {"type": "integer"}, "description": "Only of a finished file."}}
    digest = {"Repr-Digest": {**TEXT, "description": "sha-256 of a finished file (RFC 9530)."}}
    return {
        200: file(
            "The file. While it grows: chunked, as it is committed; if the run does not succeed, the connection is "
            "cut without a final chunk, so that nobody takes it for whole.",
            headers={**length, **digest, "Narrowboat-Partial": {**TEXT, "description": "`true`: not all rows."}},
        ),
        206: file(
            "A part of the file. While it grows, an open range is answered with the last position "
            "9007199254740991 (RFC 8673).",
            headers={"Content-Range": TEXT},
        ),
        302: {
            "description": "It is kept elsewhere: download it there, within minutes. Or it is not finished yet, and "
            "cannot be sent while it grows: wait again, there.",
            "headers": {"Location": TEXT},
        },
        304: {"description": "The file that the client has."},
        **problems_of(404, 409, 416, *statuses),
    }


class Api(FastAPI):
    """FastAPI, but for the schemas of the answers: they are made when somebody first asks for them."""

    shapes: tuple[type, ...] = schemas.ANSWERS + import_schemas.ANSWERS + operation_schemas.ANSWERS

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if not self.openapi_schema:
            document = super().openapi()
            document.setdefault("components", {}).setdefault("schemas", {}).update(_answer_schemas(self.shapes))
        return self.openapi_schema or {}


def _answer_schemas(shapes: tuple[type, ...]) -> dict[str, Any]:
    from pydantic import TypeAdapter

    found: dict[str, Any] = {}
    for shape in shapes:
        schema = TypeAdapter[Any](shape).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
        found.update(schema.pop("$defs", {}))
        found[shape.__name__] = schema
    return found
