"""narrowboat.toml: a server without a line of Python. Every key is checked; an unknown one is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrowboat.app import Narrowboat
from narrowboat.cli import deliveries
from narrowboat.cli.keys import check, text
from narrowboat.data.room import MB
from narrowboat.data.sink import Sink
from narrowboat.data.sinks import S3, Folder
from narrowboat.errors import BadConfiguration

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
    "reports": dict,
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


def read(path: Path) -> Narrowboat:
    """The Narrowboat that a TOML file describes. Raises BadConfiguration, naming the key that is wrong."""
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfiguration(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
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
    _register(nb, config, path)
    return nb


def _register(nb: Narrowboat, config: Mapping[str, Any], path: Path) -> None:
    """The jobs of the file. Raises BadConfiguration."""
    sources = {name: _beside(text(url, f"sources.{name}"), path) for name, url in config.get("sources", {}).items()}
    for kind in ("exports", "reports"):
        for name, given in config.get(kind, {}).items():
            deliveries.register(nb, kind, name, given, sources)
    if "imports" in config:
        from narrowboat.cli.imports import register

        for name, given in config["imports"].items():
            register(nb, name, given, sources)


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
