"""The values of a resume key as JSON, and back, exactly."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

_SAFE: Final = 2**53
"""Up to here every reader of JSON keeps an integer."""


@dataclass(frozen=True, slots=True)
class NotUtf8:
    """Text of a database that does not keep to its encoding: its bytes."""

    data: bytes


def encode(value: Any) -> Any:
    """A value as JSON: itself where JSON has it, else `{type: text}`.

    Raises TypeError for a type that no key has.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int) and -_SAFE <= value <= _SAFE:
        return value
    for name, (kind, write, _) in _KINDS.items():
        if isinstance(value, kind):
            return {name: write(value)}
    raise TypeError(f"A {type(value).__name__} cannot be a resume key.")


def decode(cell: Any) -> Any:
    """What `encode` was given."""
    if not isinstance(cell, dict):
        return cell
    ((name, text),) = cell.items()
    return _KINDS[name][2](text)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


# datetime stands before date, which it is too.
_KINDS: Final[dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]]] = {
    "int": (int, str, int),
    "float": (float, repr, float),
    "decimal": (Decimal, str, Decimal),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "uuid": (UUID, str, UUID),
    "bytes": (bytes, _base64, b64decode),
    "not-utf-8": (NotUtf8, lambda value: _base64(value.data), lambda text: NotUtf8(b64decode(text))),
}
