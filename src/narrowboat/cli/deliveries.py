"""Exports and reports of narrowboat.toml: what `[exports.NAME]` and `[reports.NAME]` say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from narrowboat.app import Narrowboat
from narrowboat.cli.keys import attribute, check, texts
from narrowboat.data.columns import Column, Type, choose
from narrowboat.data.sources import Database, Query, query, table
from narrowboat.errors import BadConfiguration
from narrowboat.jobs.delivery import REPORT_FIRST, REPORT_LIMIT, REPORT_SECONDS, REPORT_UNFOLLOWED
from narrowboat.jobs.export import Export
from narrowboat.jobs.parameters import Parameter, parsers
from narrowboat.jobs.report import Report
from narrowboat.people.requester import NOBODY, Requester

EXPORT = {
    "source": str,
    "table": str,
    "query": str,
    "key": list,
    "title": str,
    "description": str,
    "formats": list,
    "columns": list,
    "labels": dict,
    "types": dict,
    "parameters": dict,
    "where": dict,
    "queue": str,
    "priority": int,
    "time_limit": (int, float),
    "limit": int,
    "consistent": bool,
    "notify": list,
}
REPORT = {**EXPORT, "unfollowed": (int, float, bool)}
PARAMETER = {"type": str, "required": bool, "choices": list}
COLUMN = {"type": str, "zone": str, "currency": str, "scale": int}
PASSED_ON = ("description", "queue", "priority", "time_limit", "limit", "consistent")
"""Keys that are options of `jobs.delivery.Terms` by the same name."""


def register(nb: Narrowboat, kind: str, name: str, given: Any, sources: Mapping[str, str]) -> None:
    """Add what stands under `exports` or `reports`. Raises BadConfiguration, naming the key that is wrong."""
    where, is_report = f"{kind}.{name}", kind == "reports"
    check(given, REPORT if is_report else EXPORT, where)
    terms = _terms(given, sources, where)
    job = Report(name, **(_watched(given, where) | terms)) if is_report else Export(name, **terms)
    nb.register(job, notify=texts(given, "notify", where))


def _watched(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What is usual for a report, and how long it goes on while nobody follows it."""
    unfollowed = given.get("unfollowed", REPORT_UNFOLLOWED)
    if unfollowed is True:
        raise BadConfiguration(f"{where}.unfollowed must be seconds, or false: it goes on to its end.")
    return {
        "time_limit": REPORT_SECONDS,
        "limit": REPORT_LIMIT,
        "block_rows": REPORT_FIRST,
        "unfollowed": None if unfollowed is False else float(unfollowed),
    }


def _terms(given: Mapping[str, Any], sources: Mapping[str, str], where: str) -> dict[str, Any]:
    if ("table" in given) == ("query" in given):
        raise BadConfiguration(f"{where} needs a table or a query, one of them.")
    if given.get("source") not in sources:
        raise BadConfiguration(f"{where}.source must be one of sources: {', '.join(sources) or 'there are none'}.")
    parameters = tuple(
        _parameter(key, value, f"{where}.parameters.{key}") for key, value in given.get("parameters", {}).items()
    )
    return {
        "function": _function(given, sources[given["source"]], where),
        "parameters": parameters,
        "requester": "requester" if "where" in given else None,
        "title": given.get("title", where.partition(".")[2]),
        "formats": texts(given, "formats", where),
        **{key: given[key] for key in PASSED_ON if key in given},
    }


def _parameter(name: str, given: Any, where: str) -> Parameter:
    """`city = "str"`, or `city = {type = "str", required = true, choices = ["Accra", "Tema"]}`."""
    given = {"type": given} if isinstance(given, str) else given
    check(given, PARAMETER, where)
    types = {known.__name__: known for known in parsers()}
    if given.get("type", "str") not in types:
        raise BadConfiguration(f"{where}.type must be one of {', '.join(types)}.")
    required = given.get("required", False)
    choices = tuple(given.get("choices", ()))
    return Parameter(name, types[given.get("type", "str")], required, not required, choices=choices)


def _function(given: Mapping[str, Any], url: str, where: str) -> Callable[..., Query]:
    """What the export reads: parameters are the statement's, or conditions on columns of their names.

    What `where` says is the same, but comes from the requester, and no client can send it.
    """
    key, names, labels = texts(given, "key", where), texts(given, "columns", where), given.get("labels", {})
    types = {
        column: _column(column, kind, f"{where}.types.{column}") for column, kind in given.get("types", {}).items()
    }

    database, rows = Database(url), _rows(given, where)

    def read(requester: Requester = NOBODY, **asked: Any) -> Query:
        parameters = asked | {name: _of(requester, known) for name, known in rows.items()}
        if "query" in given:
            found = query(database, given["query"], parameters, key=key)
        else:
            found = table(database, given["table"], key=key).where(**parameters)
        chosen = names
        if types:
            there = found.shape().columns
            choose(there, types)
            chosen = names or tuple(column.name for column in there)
        return found.columns(*(types.get(name, name) for name in chosen)).rename(labels)

    return read


def _rows(given: Mapping[str, Any], where: str) -> dict[str, str]:
    """`where = {tenant = "requester.tenant"}`: attribute of the requester by column."""
    found = {}
    for name, value in given.get("where", {}).items():
        at = f"{where}.where.{name}"
        known = attribute(value, at)
        if name in given.get("parameters", {}):
            raise BadConfiguration(f"{at} is a parameter too; what the requester is cannot be chosen.")
        found[name] = known
    return found


def _of(requester: Requester, known: str) -> Any:
    return requester.id if known == "id" else requester.attributes[known]


def _column(name: str, given: Any, where: str) -> Column:
    """`born = "date"`, or `paid = {type = "money", currency = "GHS"}`."""
    given = {"type": given} if isinstance(given, str) else given
    check(given, COLUMN, where)
    kind = given.get("type", "any")
    if kind not in tuple(Type):
        raise BadConfiguration(f"{where}.type must be one of {', '.join(Type)}.")
    return Column(name, Type(kind), zone=given.get("zone"), currency=given.get("currency"), scale=given.get("scale"))
