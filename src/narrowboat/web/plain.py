"""Plain pages: problems for people who followed a link, in a browser and without our page around them."""

from __future__ import annotations

import html
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from narrowboat.errors import NarrowboatError
from narrowboat.web import problems
from narrowboat.web.context import address
from narrowboat.web.routes.pages import POLICY, look

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
<main><h1>{title}</h1><p>{detail}</p></main>
</html>
"""


def told(request: Request, error: NarrowboatError, headers: Mapping[str, str]) -> Response:
    """The answer to an error: a page where a browser asks, else the problem."""
    problem = problems.answer(request, error)
    problem.headers.update(headers)
    if not prefers_html(request.headers.get("accept", "")):
        return problem
    kept = {name: value for name, value in problem.headers.items() if not name.startswith("content-")}
    kept |= {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(_page(request, error), problem.status_code, kept)


def _page(request: Request, error: NarrowboatError) -> str:
    kind = problems.kind_of(error.code)
    detail = problems.told(error.code, str(error), insider=False)
    return PAGE.format(
        title=html.escape(kind.title), detail=html.escape(detail), style=html.escape(address(request, look()))
    )


def prefers_html(accept: str) -> bool:
    """Whether a client that says this would rather have HTML than JSON (RFC 9110, 12.5.1)."""
    weights = dict(map(_weight, accept.lower().split(",")))
    wanted = weights.get("text/html", 0.0)
    return wanted > 0 and wanted >= max(
        weights.get("application/problem+json", 0.0), weights.get("application/json", 0.0)
    )


def _weight(part: str) -> tuple[str, float]:
    kind, *parameters = (one.strip() for one in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return kind, float(value)
            except ValueError:
                return kind, 0.0
    return kind, 1.0
