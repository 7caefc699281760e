"""Query: a job's parameters and the choices about the file, side by side in an address."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import QueryParams

from narrowboat.errors import BadParameter
from narrowboat.jobs.definition import Delivering
from narrowboat.jobs.output import RESERVED, Output

GROUPS = {"label.": "labels", "option.": "options"}
"""`label.COLUMN=…` and `option.NAME=…`: no parameter has a dot in its name."""


def asked(query: QueryParams, file_format: str) -> tuple[dict[str, str], Output]:
    """Parameters and output of a query string. Raises BadParameter."""
    params: dict[str, str] = {}
    choices: dict[str, Any] = {"format": file_format}
    for name, value in _single(query).items():
        group = next((key for start, key in GROUPS.items() if name.startswith(start)), None)
        if group:
            choices.setdefault(group, {})[name.partition(".")[2]] = value
        elif name in RESERVED:
            choices[name] = value
        else:
            params[name] = value
    if "page" in choices:
        if "pages" in choices:
            raise BadParameter("Give page or pages, not both.")
        choices["pages"] = choices.pop("page")
    return params, Output.parse(choices)


def chosen(query: QueryParams, file_format: str) -> Output:
    """The format of a download and its options. Raises BadParameter."""
    options = {
        name.removeprefix("option."): value for name, value in _single(query).items() if name.startswith("option.")
    }
    return Output(format=file_format, options=options)


def _single(query: QueryParams) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in query.multi_items():
        if name in found:
            raise BadParameter(f"{name!r} is given twice.")
        found[name] = value
    return found


def default_format(job: Delivering) -> str:
    """The format of a job when nobody says another."""
    return job.formats[0] if job.formats else Output().format
