"""Fields of a Django model: types, what is required, choices, validators and labels, as a form would have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from narrowboat.data.columns import Type
from narrowboat.data.records.field import Field, Lookup
from narrowboat.errors import BadConfiguration

_TYPES: Final = (
    ("BooleanField", Type.BOOLEAN),
    ("IntegerField", Type.INTEGER),
    ("AutoField", Type.INTEGER),
    ("FloatField", Type.FLOAT),
    ("DecimalField", Type.DECIMAL),
    ("DateTimeField", Type.DATETIME),
    ("DateField", Type.DATE),
    ("TimeField", Type.TIME),
    ("JSONField", Type.ANY),
)
"""The first that fits, so those with more meaning come first. Of others the cell is text."""


def from_django(model: Any, *, only: Sequence[str] = (), lookups: Mapping[str, str] | None = None) -> tuple[Field, ...]:
    """Fields of an import from those of a Django model.

    only: their names, in this order; else all that a form would show. lookups: foreign keys that a cell names by
    another field of their record: `{"city": "name"}`; else it has what the foreign key refers to. Choices are known by
    their label and by their value. Raises BadConfiguration for names that are no field.
    """
    found = {
        field.name: field
        for field in model._meta.concrete_fields
        if field.editable and not field.generated and not field.auto_created
    }
    if unknown := [name for name in (*only, *(lookups or {})) if name not in found]:
        raise BadConfiguration(f"{model._meta.label} has no field {unknown[0]!r}. Its fields: {', '.join(found)}.")
    return tuple(_field(found[name], (lookups or {}).get(name)) for name in only or found)


def _field(field: Any, by: str | None) -> Field:
    named = field.related_model._meta.get_field(by) if by else getattr(field, "target_field", field)
    default = field.default if field.has_default() and not callable(field.default) else None
    return Field(
        field.name,
        _type(named),
        required=not (field.blank or field.has_default() or field.has_db_default()),
        nullable=field.null,
        aliases=(str(field.verbose_name), field.attname),
        values={str(label): value for value, label in field.flatchoices or ()},
        default=None if default == "" else default,
        check=None if field.remote_field else _check(field),
        lookup=_lookup(field, named) if by else None,
        label=str(field.verbose_name).capitalize(),
    )


def _type(field: Any) -> Type:
    kinds = {kind.__name__ for kind in type(field).__mro__}
    return next((meaning for name, meaning in _TYPES if name in kinds), Type.TEXT)


def _lookup(field: Any, by: Any) -> Lookup:
    return Lookup(field.related_model._meta.db_table, by.column, field.target_field.column, _type(by))


def _check(field: Any) -> Callable[[Any], Any]:
    from django.core.exceptions import ValidationError

    def check(value: Any) -> Any:
        try:
            return field.clean(value, None)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from None

    return check
