"""Rows as Python programs have them, made tuples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from narrowboat.data.source import Row
from narrowboat.errors import SourceFailed


def column_names(row: Any) -> tuple[str, ...]:
    """The keys of a mapping, the fields of a named tuple, a dataclass or a pydantic model.

    Raises SourceFailed for a row that names nothing.
    """
    if isinstance(row, Mapping):
        return tuple(str(key) for key in row)
    if hasattr(row, "__dataclass_fields__"):
        from dataclasses import fields  # dear to import, and so loaded already where it is needed

        return tuple(field.name for field in fields(row))
    for attribute in ("_fields", "model_fields"):
        if names := getattr(type(row), attribute, ()):
            return tuple(names)
    raise SourceFailed(f"A row that is a {type(row).__name__} does not name its columns. Give columns=…")


def tuples(rows: Sequence[Any], names: tuple[str, ...], first: int, *, exact: bool) -> list[Row]:
    """The rows as tuples of one cell a name. first: number of the first row, for errors.

    exact: a mapping's key that is not among the names fails. Raises SourceFailed, naming the row.
    """
    convert = _converter(rows[0], names, exact)
    try:
        return [convert(row) for row in rows]
    except (AttributeError, KeyError, TypeError, ValueError):
        return [_one(row, names, number, exact) for number, row in enumerate(rows, first)]


def _one(row: Any, names: tuple[str, ...], number: int, exact: bool) -> Row:
    try:
        return _converter(row, names, exact)(row)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SourceFailed(f"Row {number} does not fit the columns ({', '.join(names)}): {error}") from error


def _converter(row: Any, names: tuple[str, ...], exact: bool) -> Callable[[Any], Row]:
    """By the kind of `row`: for a row of another kind it raises."""
    known = frozenset(names)

    def from_mapping(row: Mapping[str, Any]) -> Row:
        if exact and not row.keys() <= known:
            raise ValueError(f"it also has {', '.join(sorted(map(str, row.keys() - known)))}")
        return tuple([row.get(name) for name in names])

    def from_sequence(row: Any) -> Row:
        if not isinstance(row, (tuple, list)):
            raise TypeError(f"it is a {type(row).__name__}")
        if len(row) != len(names):
            raise ValueError(f"it has {len(row)} cells")
        return tuple(row)

    def from_object(row: Any) -> Row:
        return tuple([getattr(row, name) for name in names])

    if isinstance(row, Mapping):
        return from_mapping
    return from_sequence if isinstance(row, (tuple, list)) else from_object
