"""Paging: lists newest first, a page at a time, each with the place where the next one begins."""

from __future__ import annotations

import math
import re

from starlette.requests import Request

from narrowboat.errors import BadParameter
from narrowboat.web.context import address

NO_PAGE = "after must be the `next` of another page."


def place(after: str) -> tuple[float, str]:
    """Where a page begins: the moment and the id of the last one before it. Raises BadParameter."""
    moment, _, last = after.partition("_")
    try:
        at = float(moment)
    except ValueError:
        at = math.nan
    if not math.isfinite(at) or not re.fullmatch("[0-9A-Za-z_-]{1,64}", last):
        raise BadParameter(NO_PAGE)  # not every database takes every text
    return at, last


def next_page(request: Request, path: str, following: str | None) -> dict[str, str]:
    """The header that leads to the next page, if there is one."""
    if following is None:
        return {}
    query = request.url.include_query_params(after=following).query
    return {"Link": f'<{address(request, path)}?{query}>; rel="next"'}
