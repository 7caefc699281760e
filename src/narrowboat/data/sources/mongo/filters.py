"""Conditions as MongoDB's filters, and projections that fetch no more than is delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, Final

from narrowboat.data.sources.conditions import Condition
from narrowboat.errors import BadParameter

_OPERATORS: Final = {"=": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_LISTS: Final = {"in": "$in", "not in": "$nin"}


def matching(filters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All of the filters at once."""
    wanted = [dict(one) for one in filters if one]
    return {"$and": wanted} if len(wanted) > 1 else next(iter(wanted), {})


def compared(condition: Condition) -> dict[str, Any]:
    """A condition as a filter. A missing field counts as null. Raises BadParameter for what MongoDB has not."""
    path, operator, values = condition
    if path.startswith("$"):
        raise BadParameter(f"A field cannot be called {path!r}. Operators are given to find(), not to where().")
    # With its operator spelled out, a value can never be taken for one.
    if operator in ("is null", "is not null"):
        return {path: {"$eq" if operator == "is null" else "$ne": None}}
    if operator in _LISTS:
        return {path: {_LISTS[operator]: list(values)}}
    if operator not in _OPERATORS:
        raise BadParameter(f"MongoDB has no {operator!r}. Give a $regex to find().")
    return {path: {_OPERATORS[operator]: values[0]}}


def projection(paths: Iterable[str]) -> dict[str, Any]:
    """What to ask for so that all the paths come. MongoDB refuses a path beside one that it is a part of."""
    wanted = {".".join(takewhile(lambda part: not part.isdigit(), path.split("."))) for path in paths}
    return {path: 1 for path in sorted(wanted) if not any(path.startswith(f"{other}.") for other in wanted)}
