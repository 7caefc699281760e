"""Keys of narrowboat.toml: checked by name and type, and told by their path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from narrowboat.errors import BadConfiguration


def check(given: Any, known: Mapping[str, Any], where: str) -> None:
    """Raises BadConfiguration for a key that does not exist or has the wrong type, with its path."""
    if not isinstance(given, Mapping):
        raise BadConfiguration(f"{where} must be a table of keys and values.")
    for key, value in given.items():
        at = f"{where}.{key}" if where else key
        if key not in known:
            raise BadConfiguration(f"There is no key {at}. Keys: {', '.join(known)}.")
        kinds = known[key] if isinstance(known[key], tuple) else (known[key],)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise BadConfiguration(f"{at} has the wrong type: {value!r}.")


def text(value: Any, where: str) -> str:
    """Raises BadConfiguration for anything else."""
    if not isinstance(value, str):
        raise BadConfiguration(f"{where} must be text, not {value!r}.")
    return value


def texts(given: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """The texts under a key, if it is there. Raises BadConfiguration."""
    return tuple(text(value, f"{where}.{key}") for value in given.get(key, ()))


def attribute(value: Any, where: str) -> str:
    """The attribute of who asks that `requester.tenant` names. Raises BadConfiguration."""
    of, _, name = text(value, where).partition(".")
    if of != "requester" or not name:
        example = f"requester.{where.rpartition('.')[2]}"
        raise BadConfiguration(f"{where} must be something about who asks, such as {example!r}, not {value!r}.")
    return name
