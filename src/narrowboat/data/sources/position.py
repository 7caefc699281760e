"""The values of a resume key as JSON, and back, exactly."""

from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from typing import Any, Final, NamedTuple

_SAFE: Final = 2**53
"""Up to here every reader of JSON keeps an integer."""


class NotUtf8(NamedTuple):
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
    if type(value).__module__ == "uuid":  # rarely needed, and dear to import
        return {"uuid": str(value)}
    for name, (kind, write, _) in _kinds().items():
        if isinstance(value, kind):
            return {name: write(value)}
    raise TypeError(f"A {type(value).__name__} cannot be a resume key.")


def decode(cell: Any) -> Any:
    """What `encode` was given."""
    if not isinstance(cell, dict):
        return cell
    ((name, text),) = cell.items()
    if name == "uuid":
        from uuid import UUID

        return UUID(text)
    return _kinds()[name][2](text)


@cache
def _kinds() -> dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]]:
    from decimal import Decimal  # dear to import, and most keys are numbers or text

    return {
        "int": (int, str, int),
        "float": (float, repr, float),
        "decimal": (Decimal, str, Decimal),
        "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),  # before date, which it is too
        "date": (date, date.isoformat, date.fromisoformat),
        "time": (time, time.isoformat, time.fromisoformat),
        "bytes": (bytes, bytes.hex, bytes.fromhex),
        "not-utf-8": (NotUtf8, lambda value: value.data.hex(), lambda text: NotUtf8(bytes.fromhex(text))),
    }
