"""Rows for a Django model: what its columns get of a record, as `save()` would give it to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, FieldDoesNotExist, ValidationError
from django.db import connections, models
from django.utils import timezone

from narrowboat.data.records.problem import Problem
from narrowboat.data.target import Mode, Wish
from narrowboat.errors import BadConfiguration

_UNUSABLE: Final = (ValidationError, ValueError, TypeError, ArithmeticError)
"""What a field raises for a value that it cannot keep."""


class Written(NamedTuple):
    """A field that an insert fills. place: of its value in a record; None where the model has a default."""

    field: Any
    place: int | None


class ModelRows:
    """What the wish's columns are in the model. Raises BadConfiguration where they are not."""

    def __init__(self, model: Any, wish: Wish, alias: str, *, full_clean: bool) -> None:
        self._model, self._connection, self._full_clean = model, connections[alias], full_clean
        self.alias = alias
        given = [_field(model, name) for name in wish.columns]
        self.given = tuple(given)
        """The model's fields, one a value of a record."""
        self.names: dict[str, str] = dict(zip([field.column for field in given], wish.columns, strict=True))
        """Columns to what the import calls them."""
        places = {field: place for place, field in enumerate(given)}
        self._written = [
            Written(field, places.get(field))
            for field in model._meta.concrete_fields
            if field in places or _fills_itself(field)
        ]
        if wish.mode is not Mode.UPDATE:
            _complete(model, places)
        outside = [field.name for field in model._meta.fields if field not in places]
        references = [field.name for field in given if field.remote_field and field.db_constraint]
        self._excluded = {*outside, *references}
        self._aware = [
            place for place, field in enumerate(given) if settings.USE_TZ and isinstance(field, models.DateTimeField)
        ]

    def translated(self, wish: Wish) -> Wish:
        """The same wish of the model's table."""
        columns = {name: column for column, name in self.names.items()}
        touched = (one.field.column for one in self._written if getattr(one.field, "auto_now", False))
        return wish._replace(
            columns=tuple(one.field.column for one in self._written),
            updated=frozenset(columns[name] for name in wish.updated if name in columns).union(touched),
            filled=tuple(columns[name] for name in wish.filled if name in columns),
            unique=tuple(tuple(columns.get(name, name) for name in key) for key in wish.unique),
        )

    def new(self, values: Sequence[Any]) -> Any:
        """A record of the model that is not saved."""
        instance = self._model()
        self.fill(instance, values, range(len(self.given)))
        return instance

    def fill(self, instance: Any, values: Sequence[Any], places: Sequence[int]) -> None:
        """Give it the values at these places. What must not be null takes the model's default for an empty cell."""
        for place in places:
            field, value = self.given[place], values[place]
            if value is None and not field.null and (field.has_default() or field.blank):
                value = field.get_default()
            elif place in self._aware and isinstance(value, datetime) and timezone.is_naive(value):
                value = timezone.make_aware(value, timezone.get_default_timezone())
            setattr(instance, field.attname, value)

    def primary(self, instance: Any) -> list[Any]:
        """The columns of its primary key, as the table has them."""
        key = self._model._meta.pk
        return [key.get_db_prep_save(instance.pk, self._connection)]

    def get(self, primary: Sequence[Any]) -> Any:
        """The record with this primary key."""
        (value,) = primary
        return self._model._base_manager.using(self.alias).get(pk=value)

    def problem(self, instance: Any, *, fields_alone: bool = False) -> Problem | None:
        """What the model has against it, where it is asked. Keys and foreign keys are the database's to check."""
        if not self._full_clean:
            return None
        try:
            if fields_alone:
                instance.clean_fields(exclude=self._excluded)
            else:
                instance.full_clean(exclude=self._excluded, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            return self.told(error)
        return None

    def told(self, error: ValidationError) -> Problem:
        """The first field's messages, or those of the record as a whole."""
        if not hasattr(error, "error_dict"):
            return Problem("invalid", " ".join(error.messages))
        name, messages = next(iter(error.message_dict.items()))
        return Problem("invalid", " ".join(messages), None if name == NON_FIELD_ERRORS else self._named(name))

    def _named(self, field: str) -> str:
        """What the import calls a field."""
        return self.names.get(self._model._meta.get_field(field).column, field)

    def prepared(self, instance: Any) -> tuple[Any, ...] | Problem:
        """What the table's columns get."""
        made = []
        for field, _ in self._written:
            try:
                value = field.get_db_prep_save(field.pre_save(instance, add=True), self._connection)
            except _UNUSABLE as error:
                said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
                return Problem("invalid", said, self.names.get(field.column, field.name))
            made.append(bytes(value) if isinstance(value, memoryview) else value)
        return tuple(made)


def _field(model: Any, name: str) -> Any:
    """The model's field of this name, `city` or `city_id`. Raises BadConfiguration."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        field = next((one for one in model._meta.concrete_fields if one.attname == name), None)
    if field is None or not getattr(field, "concrete", False) or field.many_to_many or field.column is None:
        names = ", ".join(one.name for one in model._meta.concrete_fields)
        raise BadConfiguration(f"{model._meta.label} has no field {name!r} that a row can fill. Fields: {names}.")
    return field


def _fills_itself(field: Any) -> bool:
    """Whether Django gives it a value of its own in a new record."""
    if field.generated or (field.primary_key and not field.has_default()):
        return False
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False) or field.has_default():
        return True
    return bool(not field.has_db_default() and field.blank and not field.null and field.get_default() is not None)


def _complete(model: Any, places: Any) -> None:
    """Raises BadConfiguration where a new record would lack a field that it needs."""
    for field in _needed(model):
        if field not in places:
            raise BadConfiguration(
                f"{model._meta.label}.{field.name} has no default and may not be empty, so new records need it: "
                "add it to row=…, or give the model a default."
            )


def _needed(model: Any) -> Iterator[Any]:
    for field in model._meta.concrete_fields:
        own = field.generated or field.primary_key or field.has_db_default() or _fills_itself(field)
        if not own and not field.null:
            yield field
