"""Imports of narrowboat.toml: what `[imports.NAME]` and the tables in it say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from narrowboat.app import Narrowboat
from narrowboat.cli.keys import attribute, check, text, texts
from narrowboat.data.columns import Type
from narrowboat.data.records import Field, Lookup, PhoneNumber, Rules
from narrowboat.data.records.cells import CONVERTERS
from narrowboat.data.records.manners import Manners
from narrowboat.data.targets import table
from narrowboat.errors import BadConfiguration

IMPORT = {
    "into": str,
    "table": str,
    "fields": dict,
    "unique": list,
    "mode": str,
    "undo": bool,
    "title": str,
    "description": str,
    "region": str,
    "decimal_comma": bool,
    "day_first": bool,
    "preview": int,
    "queue": str,
    "priority": int,
    "time_limit": (int, float),
    "limit": int,
    "notify": list,
}
RULES = {"min": (int, float, date), "max": (int, float, date), "min_length": int, "max_length": int, "pattern": str}
FIELD = {
    "type": str,
    "required": bool,
    "label": str,
    "aliases": list,
    "values": dict,
    "default": (str, int, float, bool),
    "lookup": dict,
    "phone": bool,
    "requester": str,
    **RULES,
}
LOOKUP = {"table": str, "by": str, "gives": str, "where": dict}
PASSED_ON = ("title", "description", "mode", "undo", "preview", "queue", "priority", "time_limit", "limit")
"""Keys of an import that are options of `Narrowboat.importer` by the same name."""
MANNERS = ("region", "decimal_comma", "day_first")


def register(nb: Narrowboat, name: str, given: Any, sources: Mapping[str, str]) -> None:
    """Add the import. Raises BadConfiguration, naming the key that is wrong."""
    where = f"imports.{name}"
    check(given, IMPORT, where)
    if given.get("into") not in sources:
        raise BadConfiguration(f"{where}.into must be one of sources: {', '.join(sources) or 'there are none'}.")
    for key in ("table", "fields"):
        if not given.get(key):
            raise BadConfiguration(f"{where} needs {key}.")
    manners = Manners(**{key: given[key] for key in MANNERS if key in given})
    try:
        nb.importer(
            name,
            row=[_field(key, value, manners, f"{where}.fields.{key}") for key, value in given["fields"].items()],
            into=table(sources[given["into"]], given["table"]),
            unique=[_key(key, f"{where}.unique") for key in given.get("unique", ())],
            manners=manners,
            notify=texts(given, "notify", where),
            **{key: given[key] for key in PASSED_ON if key in given},
        )
    except BadConfiguration as error:
        raise BadConfiguration(str(error) if where in str(error) else f"{where}: {error}") from error


def _key(given: Any, where: str) -> str | list[str]:
    """A column's name, or the names of several that together are the key."""
    return [text(name, where) for name in given] if isinstance(given, list) else text(given, where)


def _field(name: str, given: Any, manners: Manners, where: str) -> Field:
    """`phone = "text"`, `phone = {phone = true, aliases = ["Mobile"]}`, `tenant = "requester.tenant"`."""
    if isinstance(given, str):
        given = {"requester": attribute(given, where)} if given.startswith("requester.") else {"type": given}
    check(given, FIELD, where)
    kind = given.get("type", "text" if given.get("phone") else "any")
    if kind not in CONVERTERS:
        raise BadConfiguration(f"{where}.type must be one of {', '.join(CONVERTERS)}.")
    return Field(
        name,
        Type(kind),
        required=given.get("required", False),
        label=given.get("label", ""),
        aliases=texts(given, "aliases", where),
        values=given.get("values", {}),
        default=given.get("default"),
        requester=given.get("requester", ""),
        lookup=_lookup(given["lookup"], f"{where}.lookup") if "lookup" in given else None,
        check=_check(given, manners, where),
    )


def _check(given: Mapping[str, Any], manners: Manners, where: str) -> Callable[[Any], Any] | None:
    rules = {key: given[key] for key in RULES if key in given}
    if given.get("phone"):
        if rules:
            raise BadConfiguration(f"{where}: a telephone number has its own rules. Leave out {', '.join(rules)}.")
        return PhoneNumber(manners.region).parse
    return Rules(**rules) if rules else None


def _lookup(given: Any, where: str) -> Lookup:
    check(given, LOOKUP, where)
    if not {"table", "by"} <= given.keys():
        raise BadConfiguration(f"{where} needs table and by.")
    rows = {column: attribute(value, f"{where}.where.{column}") for column, value in given.get("where", {}).items()}
    return Lookup(**{**given, "where": rows})
