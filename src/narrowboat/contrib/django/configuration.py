"""Configuration: the setting NARROWBOAT, read and checked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from narrowboat.app import Narrowboat
from narrowboat.errors import BadConfiguration

OURS = frozenset({"self", "url", "folder", "workers", "retention", "target", "users"})
"""Arguments of Narrowboat that the other settings, or Django's, decide."""


class Configuration(NamedTuple):
    """The setting NARROWBOAT, its keys in lower case."""

    database: str = "default"
    """The alias of the database that keeps the runs."""
    folder: str | Path | None = None
    """Where files are kept; else beside the SQLite file, or `narrowboat-files` in BASE_DIR."""
    workers: int = 1
    """Child processes of the server that do the work; 0 where `manage.py narrowboat_worker` does it."""
    retention_days: float = 7
    permission: str | None = None
    """A function's dotted path: (user, action, job's name) -> whether they may."""
    attributes: str | None = None
    """A function's dotted path: user -> JSON values by name, for jobs that ask for their `Requester`."""
    options: Mapping[str, Any] = {}
    """Further arguments of `Narrowboat`."""


TYPES: Mapping[str, tuple[type, ...]] = {
    "database": (str,),
    "folder": (str, Path, type(None)),
    "workers": (int,),
    "retention_days": (int, float),
    "permission": (str, type(None)),
    "attributes": (str, type(None)),
    "options": (dict,),
}
HINT = f"The keys of NARROWBOAT are {', '.join(key.upper() for key in TYPES)}."


def read() -> Configuration:
    """The setting. Raises BadConfiguration with its first fault."""
    for fault in faults():
        raise BadConfiguration(f"{fault.msg} {fault.hint or ''}".strip())
    given: Mapping[str, Any] = getattr(settings, "NARROWBOAT", {})
    return Configuration(**{key.lower(): value for key, value in given.items()})


def faults() -> Iterator[CheckMessage]:
    """What is wrong with the setting, as Django's checks tell it."""
    given = getattr(settings, "NARROWBOAT", {})
    if not isinstance(given, Mapping):
        yield Error("NARROWBOAT is no dictionary.", hint=HINT, id="narrowboat.E001")
        return
    for key, value in given.items():
        if not isinstance(key, str) or key.lower() not in TYPES or key != key.upper():
            yield Error(f"NARROWBOAT has no key {key!r}.", hint=HINT, id="narrowboat.E002")
        elif not isinstance(value, TYPES[key.lower()]) or isinstance(value, bool) or value in ("", -1):
            wanted = " or ".join(kind.__name__ for kind in TYPES[key.lower()] if kind is not type(None))
            yield Error(f"NARROWBOAT[{key!r}] is {value!r}.", hint=f"It must be {wanted}.", id="narrowboat.E003")
    if given.get("DATABASE", "default") not in settings.DATABASES:
        hint = f"The aliases are {', '.join(settings.DATABASES)}."
        yield Error(f"NARROWBOAT['DATABASE'] is {given['DATABASE']!r}.", hint=hint, id="narrowboat.E004")
    yield from _options(given.get("OPTIONS"))


def _options(given: Any) -> Iterator[CheckMessage]:
    known = sorted(set(inspect.signature(Narrowboat.__init__).parameters) - OURS)
    for key in sorted(set(given) - set(known)) if isinstance(given, dict) else ():
        hint = f"They are arguments of Narrowboat: {', '.join(known)}."
        yield Error(f"NARROWBOAT['OPTIONS'] has no {key!r}.", hint=hint, id="narrowboat.E002")


def functions() -> Iterator[CheckMessage]:
    """What is wrong with the functions that the setting names; they can be looked at once all apps are loaded."""
    given = getattr(settings, "NARROWBOAT", {})
    for key in ("PERMISSION", "ATTRIBUTES"):
        path = given.get(key) if isinstance(given, Mapping) else None
        if isinstance(path, str):
            try:
                found = import_string(path)
            except ImportError as error:
                yield Error(f"NARROWBOAT[{key!r}]: {error}", hint="Give module.function.", id="narrowboat.E005")
                continue
            if not callable(found):
                yield Error(f"NARROWBOAT[{key!r}]: {path} cannot be called.", id="narrowboat.E005")
