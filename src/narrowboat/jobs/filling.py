"""Filling: what an import takes from who asks and never from the file, such as the tenant whose rows these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from narrowboat.data.records.field import Field
from narrowboat.errors import BadConfiguration, MissingAttribute
from narrowboat.people.requester import Attributes, Requester

ID: Final = "id"
"""The requester's own id, beside their attributes."""


def wanted(fields: Sequence[Field]) -> list[str]:
    """The attributes of the requester that these fields take, and that their lookups go by."""
    own = [field.requester for field in fields if field.requester]
    return sorted({*own, *(name for field in fields if field.lookup for name in field.lookup.where.values())})


def filling(fields: Sequence[Field], requester: Requester) -> dict[str, Any]:
    """The values of those, as a run keeps them. Raises MissingAttribute where one is not said, or is not one value."""
    known = Attributes(requester.id, {**requester.attributes, ID: requester.id or None})
    made = {name: known[name] for name in wanted(fields)}
    for name, value in made.items():
        if not isinstance(value, str | int | float):
            raise MissingAttribute(
                f"The attribute {name!r} of user {requester.id!r} is {type(value).__name__}, and a field of an import "
                "holds one value: a text or a number."
            )
    return made


def filled(fields: Sequence[Field], values: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of one run: those that the requester fills have their value, whatever the file says.

    Raises MissingAttribute where the run was started without one, since the definition was another.
    """
    known = Attributes("", values)
    return tuple(_filled(field, known) for field in fields)


def _filled(field: Field, known: Mapping[str, Any]) -> Field:
    if field.requester:
        return field._replace(default=known[field.requester], required=False)
    if field.lookup and field.lookup.where:
        among = {column: known[name] for column, name in field.lookup.where.items()}
        return field._replace(lookup=field.lookup._replace(among=among))
    return field


def check(fields: Sequence[Field]) -> None:
    """Raises BadConfiguration for a field that shall come both from the requester and from the file."""
    for field in fields:
        more = (field.values, field.default, field.transform, field.check, field.lookup)
        if field.requester and any(more):
            raise BadConfiguration(
                f"The field {field.name!r} is filled from who asks, as it is: leave out values, default, transform, "
                "check and lookup."
            )
