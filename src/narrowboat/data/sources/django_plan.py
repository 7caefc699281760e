"""From a QuerySet to the one that reads it in the order of its primary key, and to what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Position
from narrowboat.data.sources.course import Course, place
from narrowboat.data.sources.cut import Cut
from narrowboat.data.sources.declared import declared, fingerprint
from narrowboat.errors import SourceFailed, UnknownColumn

_MEANINGS: Final = (
    (models.BooleanField, Type.BOOLEAN),
    (models.IntegerField, Type.INTEGER),
    (models.AutoField, Type.INTEGER),
    (models.FloatField, Type.FLOAT),
    (models.DecimalField, Type.DECIMAL),
    (models.DateTimeField, Type.DATETIME),
    (models.DateField, Type.DATE),
    (models.TimeField, Type.TIME),
    (models.BinaryField, Type.BINARY),
    (models.CharField, Type.TEXT),
    (models.TextField, Type.TEXT),
    (models.FileField, Type.TEXT),
    (models.UUIDField, Type.TEXT),
    (models.JSONField, Type.TEXT),
    (models.GenericIPAddressField, Type.TEXT),
    (models.DurationField, Type.TEXT),
)
"""The first that fits, so those with more meaning come first."""


class Plan(NamedTuple):
    """A QuerySet and the columns wanted of it. Made by `of`.

    key: the primary key's name, or empty. shown: what people read instead of a stored value, by a column's place.
    """

    rows: Any
    key: str
    columns: tuple[Column, ...]
    shown: dict[int, dict[Any, str]]

    @classmethod
    def of(cls, rows: Any, chosen: Sequence[str | Column], labels: Mapping[str, str], choices: bool) -> Plan:
        """Raises UnknownColumn, and SourceFailed for a QuerySet of dictionaries or tuples."""
        if not issubclass(rows._iterable_class, models.query.ModelIterable):
            raise SourceFailed("The QuerySet has values() or values_list(). Leave them out and choose with columns(…).")
        wishes = chosen or tuple(field.attname for field in rows.model._meta.concrete_fields) + tuple(
            rows.query.annotations
        )
        names = [wish if isinstance(wish, str) else wish.name for wish in wishes]
        fields = [_field(rows, name) for name in [*names, *labels]][: len(names)]
        found = [_column(name, field) for name, field in zip(names, fields, strict=True)]
        shown = {index: _choices(field) for index, field in enumerate(fields) if choices and _choices(field)}
        for index in shown:
            found[index] = found[index]._replace(type=Type.TEXT)
        columns = tuple(declared(one, wish, labels) for one, wish in zip(found, wishes, strict=True))
        return cls(rows, _key(rows), columns, shown)

    def reading(self, after: Position | None, cut: Cut) -> tuple[Any, Course]:
        """The QuerySet for the rows behind `after`. Raises SourceFailed where the columns are other ones."""
        names = [column.name for column in self.columns]
        hidden = [self.key] if self.key else []
        course = Course(
            names=(self.key,) if self.key else (),
            cells=((len(names), _same),) if self.key else (),
            hidden=len(hidden),
            promised=(),
            fingerprint=fingerprint(self.columns),
        )
        rows = self.rows.order_by("pk") if self.key else self.rows
        begun = None if after is None else place(after, course.fingerprint)
        if begun is not None:
            rows = rows.filter(pk__gt=begun.values[0])
            course = course._replace(delivered=begun.delivered)
        first = 0 if begun else cut.skip or 0
        left = cut.left(course.delivered)
        if first or left is not None:
            rows = rows[first : None if left is None else first + left]
        return rows.values_list(*names, *hidden), course


def _key(rows: Any) -> str:
    query = rows.query
    repeats = query.distinct or query.combinator or query.is_sliced or query.group_by is not None
    composite = len(getattr(rows.model._meta, "pk_fields", [None])) > 1
    return "" if repeats or composite else rows.model._meta.pk.attname


def _field(rows: Any, path: str) -> Any:
    """The model's field or the annotation that a path leads to. Raises UnknownColumn."""
    if path in rows.query.annotations:
        return rows.query.annotations[path].output_field
    model, field = rows.model, None
    try:
        for name in path.split("__"):
            field = model._meta.get_field(name)
            model = field.related_model
        rows.values_list(path)
    except (FieldDoesNotExist, FieldError, AttributeError) as error:
        names = ", ".join(one.attname for one in rows.model._meta.concrete_fields)
        raise UnknownColumn(f"There is no column {path!r}. Columns: {names}.") from error
    return field


def _column(name: str, field: Any) -> Column:
    field = getattr(field, "target_field", field)  # a foreign key is what it points to
    meaning = next((meaning for known, meaning in _MEANINGS if isinstance(field, known)), Type.ANY)
    return Column(name, meaning, scale=field.decimal_places if meaning is Type.DECIMAL else None)


def _choices(field: Any) -> dict[Any, str]:
    return {value: str(label) for value, label in getattr(field, "flatchoices", None) or ()}


def _same(cell: Any) -> Any:
    return cell
