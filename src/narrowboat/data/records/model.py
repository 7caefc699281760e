"""Fields of a pydantic model, and rows checked by it: its constraints and validators hold for every row."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from narrowboat.data.columns import Type
from narrowboat.data.records.field import Field
from narrowboat.data.records.problem import Problem, shown
from narrowboat.errors import BadConfiguration

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

_TYPES: Final[Mapping[type, Type]] = {
    bool: Type.BOOLEAN,
    int: Type.INTEGER,
    float: Type.FLOAT,
    Decimal: Type.DECIMAL,
    datetime: Type.DATETIME,
    date: Type.DATE,
    time: Type.TIME,
    str: Type.TEXT,
}
_PLAIN: Final = (*_TYPES, bytes, type(None))


def fields_of(model: type[BaseModel]) -> tuple[Field, ...]:
    """The model's fields. An alias and a title are names that the column may have."""
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def _field(name: str, info: FieldInfo) -> Field:
    ours = next((extra for extra in info.metadata if isinstance(extra, Field)), Field())
    kind, nullable = _unwrapped(info.annotation)
    return ours._replace(
        name=name,
        type=ours.lookup.type if ours.lookup else _type(kind),
        required=info.is_required() and not nullable,
        nullable=nullable,
        aliases=(*ours.aliases, *filter(None, (_key(name, info), info.title))),
        default=None if info.is_required() or info.default_factory else info.default,
        made=info.default_factory is not None,
        label=ours.label or info.title or "",
    )


def _key(name: str, info: FieldInfo) -> str:
    alias = info.validation_alias if isinstance(info.validation_alias, str) else info.alias
    return alias or name


def _unwrapped(annotation: Any) -> tuple[Any, bool]:
    """A hint without Annotated and None, and whether None was among it."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _unwrapped(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        members = [one for one in typing.get_args(annotation) if one is not type(None)]
        return (_unwrapped(members[0])[0] if len(members) == 1 else object), len(members) < len(
            typing.get_args(annotation)
        )
    return annotation, False


def _type(kind: Any) -> Type:
    if typing.get_origin(kind) is Literal:
        kind = type(typing.get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        kind = type(next(iter(kind)).value)
    if not isinstance(kind, type):
        return Type.ANY
    return next((meaning for plain, meaning in _TYPES.items() if issubclass(kind, plain)), Type.TEXT)


def choices_of(model: type[BaseModel]) -> dict[str, tuple[Any, ...]]:
    """All values of the fields that are a Literal or an Enum."""
    found = {name: _choices(_unwrapped(info.annotation)[0]) for name, info in model.model_fields.items()}
    return {name: choices for name, choices in found.items() if choices}


def _choices(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) is Literal:
        return typing.get_args(kind)
    return tuple(one.value for one in kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()


class ModelCheck:
    """Checks rows by the model. Values are in the order of its fields; a problem names the field, not its header."""

    def __init__(self, model: type[BaseModel], region: str | None) -> None:
        """region: of telephone numbers that name none."""
        from pydantic import ValidationError

        if not model.__pydantic_complete__ and not model.model_rebuild(raise_errors=False):
            raise BadConfiguration(f"The model {model.__name__} names a type that is not there: see model_rebuild().")
        self._error = ValidationError
        self._validate = model.__pydantic_validator__.validate_python
        self._context = {"region": region}
        infos = model.model_fields
        self._names = {_key(name, info): name for name, info in infos.items()}
        self._keys = tuple(self._names)
        self._kept = {
            _key(name, info): None
            for name, info in infos.items()
            if info.is_required() and _unwrapped(info.annotation)[1]
        }
        self._get: Callable[[Any], Any] = attrgetter(*infos)
        self._single = len(infos) == 1
        simple = all(_unwrapped(info.annotation)[0] in _PLAIN for info in infos.values())
        self._plain: Callable[[Sequence[Any]], tuple[Any, ...]] = tuple if simple else _as_plain

    def __call__(self, values: Sequence[Any]) -> tuple[Any, ...] | list[Problem]:
        """The row's values as the model gives them, or what is wrong with it. None is a cell that is empty."""
        given = {key: value for key, value in zip(self._keys, values, strict=True) if value is not None}
        if self._kept:
            given = {**self._kept, **given}
        try:
            made = self._get(self._validate(given, context=self._context))
        except self._error as error:
            return [self._problem(one) for one in error.errors(include_url=False)]
        return self._plain((made,) if self._single else made)

    def _problem(self, error: Any) -> Problem:
        name = self._names.get(str(error["loc"][0]), str(error["loc"][0])) if error["loc"] else None
        code, message = _told(error)
        return Problem(code, message, name)


def _as_plain(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([value if type(value) in _PLAIN else _made_plain(value) for value in values])


def _made_plain(value: Any) -> Any:
    """What a database takes: an enum's value, else the text of it."""
    if isinstance(value, Enum):
        return value.value
    return next((plain(value) for plain in (str, int, float) if isinstance(value, plain)), str(value))


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("required", "is required"),
    "string_too_short": ("too-short", "must have at least {min_length} characters, not {length}"),
    "string_too_long": ("too-long", "must have at most {max_length} characters, not {length}"),
    "string_pattern_mismatch": ("wrong-form", "{value} does not have the form it must"),
    "greater_than": ("out-of-range", "must be more than {gt}, not {value}"),
    "greater_than_equal": ("out-of-range", "must be at least {ge}, not {value}"),
    "less_than": ("out-of-range", "must be less than {lt}, not {value}"),
    "less_than_equal": ("out-of-range", "must be at most {le}, not {value}"),
    "literal_error": ("not-allowed", "must be {expected}, not {value}"),
    "enum": ("not-allowed", "must be {expected}, not {value}"),
    "bad_phone": ("bad-phone", "{value} {reason}"),
    "int_parsing": ("not-whole", "must be a whole number, not {value}"),
    "int_from_float": ("not-whole", "must be a whole number, not {value}"),
    "decimal_max_places": ("out-of-range", "must have at most {decimal_places} digits after the point, not {value}"),
    "decimal_max_digits": ("out-of-range", "must have at most {max_digits} digits, not {value}"),
}
"""pydantic's kinds of error, in the words of the other problems."""


def _told(error: Any) -> tuple[str, str]:
    value = error.get("input")
    if error["type"] in ("value_error", "assertion_error"):
        return "invalid", str(error["ctx"]["error"]) or "is not valid"
    code, words = _WORDS.get(error["type"], ("invalid", ""))
    length = len(value) if isinstance(value, str) else 0
    if words:
        return code, words.format(value=shown(value), length=length, **_context(error))
    return code, f"{error['msg']} ({shown(value)})"


def _context(error: Any) -> Mapping[str, Any]:
    return error.get("ctx") or {}
