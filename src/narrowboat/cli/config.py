"""narrowboat.toml: a server without a line of Python. Every key is checked; an unknown one is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrowboat.app import Narrowboat
from narrowboat.cli.keys import check, text, texts
from narrowboat.data.columns import Column, Type
from narrowboat.data.room import MB
from narrowboat.data.sink import Sink
from narrowboat.data.sinks import S3, Folder
from narrowboat.data.sources import Query, query, table
from narrowboat.errors import BadConfiguration
from narrowboat.jobs.export import Export
from narrowboat.jobs.parameters import PARSERS, Parameter
from narrowboat.people.requester import NOBODY, Requester

if TYPE_CHECKING:
    from narrowboat.notify import Channel
    from narrowboat.uploads import UploadLimits

TOP = {
    "database": str,
    "folder": str,
    "workers": int,
    "retention_days": (int, float),
    "audit_retention_days": (int, float),
    "public_url": str,
    "users": dict,
    "sink": dict,
    "uploads": dict,
    "sources": dict,
    "exports": dict,
    "imports": dict,
    "notices": dict,
}
SINK = {
    "bucket": str,
    "prefix": str,
    "endpoint": str,
    "region": str,
    "path_style": bool,
    "encryption": str,
    "kms_key": str,
    "checksum": str,
    "redirect": bool,
    "link_seconds": int,
    "keep_local_hours": (int, float),
    "quota_mb": (int, float),
    "keep_free_mb": (int, float),
}
BYTES = {"quota_mb": "quota", "keep_free_mb": "keep_free"}
"""Keys of a sink that are given in megabytes, and its options that are in bytes."""
UPLOADS = {
    "file_mb": (int, float),
    "single_mb": (int, float),
    "user_mb": (int, float),
    "total_mb": (int, float),
    "keep_hours": (int, float),
}
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
PARAMETER = {"type": str, "required": bool, "choices": list}
COLUMN = {"type": str, "zone": str, "currency": str, "scale": int}
PASSED_ON = ("description", "queue", "priority", "time_limit", "limit", "consistent")
"""Keys of an export that are options of `jobs.export.Export` by the same name."""


def read(path: Path) -> Narrowboat:
    """The Narrowboat that a TOML file describes. Raises BadConfiguration, naming the key that is wrong."""
    try:
        config = tomllib.loads(path.read_text())
    except OSError as error:
        raise BadConfiguration(f"Cannot read {path}: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{path} is not TOML: {error}.") from error
    try:
        return build(config, path.resolve())
    except BadConfiguration as error:
        raise BadConfiguration(f"{path}: {error}") from error


def build(config: Mapping[str, Any], path: Path) -> Narrowboat:
    """The Narrowboat of a parsed file. Relative paths in it are relative to the file."""
    check(config, TOP, "")
    check(config.get("users", {}), {}, "users")
    url = _beside(config.get("database", "sqlite:///narrowboat.db"), path)
    channels = {name: _channel(given, f"notices.{name}") for name, given in config.get("notices", {}).items()}
    nb = Narrowboat(
        url,
        folder=path.parent / config["folder"] if "folder" in config else None,
        sink=_sink(config.get("sink", {})),
        uploads=_uploads(config["uploads"]) if "uploads" in config else None,
        workers=config.get("workers", 1),
        retention=config.get("retention_days", 7) * 86400.0,
        audit_retention=config.get("audit_retention_days", 365) * 86400.0,
        users="users" in config,
        public_url=config.get("public_url"),
        mail=channels.pop("mail", None),
        channels=channels,
        target=str(path),
    )
    sources = {name: _beside(text(url, f"sources.{name}"), path) for name, url in config.get("sources", {}).items()}
    for name, export in config.get("exports", {}).items():
        made = _export(name, export, sources)
        nb.register(made, notify=texts(export, "notify", f"exports.{name}"))
    if "imports" in config:
        from narrowboat.cli.imports import register

        for name, given in config["imports"].items():
            register(nb, name, given, sources)
    return nb


def _sink(given: Any) -> Sink:
    """A bucket, if one is named; else the folder."""
    check(given, SINK, "sink")
    options = {name: value for name, value in given.items() if name not in ("keep_local_hours", *BYTES)}
    options |= {option: int(given[name] * MB) for name, option in BYTES.items() if name in given}
    if "keep_local_hours" in given:
        options["keep_local"] = given["keep_local_hours"] * 3600.0
    if "bucket" in given:
        return S3(**options)
    if meaningless := sorted(set(given) - set(BYTES)):
        raise BadConfiguration(f"sink.{meaningless[0]} needs sink.bucket: without a bucket, files stay in the folder.")
    return Folder(**options)


def _uploads(given: Any) -> UploadLimits:
    from narrowboat.uploads import UploadLimits

    check(given, UPLOADS, "uploads")
    if wrong := [name for name, value in given.items() if value <= 0]:
        raise BadConfiguration(f"uploads.{wrong[0]} must be more than 0.")
    sizes = {name.removesuffix("_mb"): int(value * MB) for name, value in given.items() if name != "keep_hours"}
    keep = {"keep": given["keep_hours"] * 3600.0} if "keep_hours" in given else {}
    return UploadLimits()._replace(**sizes, **keep)


def _channel(given: Any, where: str) -> Channel:
    from narrowboat.cli import notices

    check(given, notices.NOTICE, where)
    for state, told in given.get("texts", {}).items():
        check(told, notices.TEXT, f"{where}.texts.{state}")
    try:
        return notices.channel(given)
    except BadConfiguration as error:
        raise BadConfiguration(f"{where}: {error}") from error


def _beside(url: str, path: Path) -> str:
    """`sqlite:///crm.db` means a file beside the TOML, wherever the server was started."""
    scheme, separator, place = url.partition("sqlite:///")
    return f"sqlite:///{path.parent / place}" if separator and not scheme else url


def _export(name: str, given: Any, sources: Mapping[str, str]) -> Export:
    where = f"exports.{name}"
    check(given, EXPORT, where)
    if ("table" in given) == ("query" in given):
        raise BadConfiguration(f"{where} needs a table or a query, one of them.")
    if given.get("source") not in sources:
        raise BadConfiguration(f"{where}.source must be one of sources: {', '.join(sources) or 'there are none'}.")
    parameters = tuple(
        _parameter(key, value, f"{where}.parameters.{key}") for key, value in given.get("parameters", {}).items()
    )
    return Export(
        name=name,
        function=_function(given, sources[given["source"]], where),
        parameters=parameters,
        requester="requester" if "where" in given else None,
        title=given.get("title", name),
        formats=texts(given, "formats", where),
        **{key: given[key] for key in PASSED_ON if key in given},
    )


def _parameter(name: str, given: Any, where: str) -> Parameter:
    """`city = "str"`, or `city = {type = "str", required = true, choices = ["Accra", "Tema"]}`."""
    given = {"type": given} if isinstance(given, str) else given
    check(given, PARAMETER, where)
    types = {known.__name__: known for known in PARSERS}
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

    rows = _rows(given, where)

    def read(requester: Requester = NOBODY, **asked: Any) -> Query:
        parameters = asked | {name: _of(requester, known) for name, known in rows.items()}
        if "query" in given:
            found = query(url, given["query"], parameters, key=key)
        else:
            found = table(url, given["table"], key=key).where(**parameters)
        chosen = names or (tuple(column.name for column in found.shape().columns) if types else ())
        return found.columns(*(types.get(name, name) for name in chosen)).rename(labels)

    return read


def _rows(given: Mapping[str, Any], where: str) -> dict[str, str]:
    """`where = {tenant = "requester.tenant"}`: attribute of the requester by column."""
    found = {}
    for name, value in given.get("where", {}).items():
        at = f"{where}.where.{name}"
        of, _, attribute = text(value, at).partition(".")
        if of != "requester" or not attribute:
            raise BadConfiguration(f"{at} must be something about who asks, such as 'requester.{name}', not {value!r}.")
        if name in given.get("parameters", {}):
            raise BadConfiguration(f"{at} is a parameter too; what the requester is cannot be chosen.")
        found[name] = attribute
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
