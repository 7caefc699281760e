"""Parameters of a job: read off its function's signature, checked before anything is started."""

import math
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from narrowboat.errors import BadConfiguration, BadParameter
from narrowboat.people.requester import Requester

if TYPE_CHECKING:
    import inspect

TRUE, FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


def _boolean(text: str) -> bool:
    lowered = text.lower()
    if lowered in TRUE or lowered in FALSE:
        return lowered in TRUE
    raise ValueError


@cache
def parsers() -> Mapping[type, Callable[[str], Any]]:
    """The types that a parameter may have, and what makes a value of each from text."""
    from decimal import Decimal  # dear to import, and the only parameter of a command is text

    return {
        str: str,
        int: int,
        float: float,
        bool: _boolean,
        Decimal: Decimal,
        date: date.fromisoformat,
        datetime: datetime.fromisoformat,
    }


EXAMPLES: Mapping[str, str] = {
    "int": "a whole number of at most 64 bits",
    "float": "a number",
    "bool": "true or false",
    "Decimal": "a decimal number",
    "date": "a date such as 2026-01-31",
    "datetime": "a moment such as 2026-01-31T09:30:00",
}
"""By the name of the type."""


class Parameter(NamedTuple):
    """One parameter: what it is called, what it may be, and what holds if nothing is said."""

    name: str
    type: type
    required: bool
    nullable: bool
    default: Any = None
    choices: tuple[Any, ...] = ()

    def parse(self, value: Any) -> Any:
        """The value as the function wants it. Text is converted; raises BadParameter."""
        if value is None:
            if self.nullable:
                return None
            raise BadParameter(f"Parameter {self.name!r} must not be null.")
        try:
            parsed = _storable(value if self._fits(value) else parsers()[self.type](_text(value)))
        except (ValueError, ArithmeticError):
            wanted = EXAMPLES.get(self.type.__name__, "text")
            raise BadParameter(f"Parameter {self.name!r} must be {wanted}, not {value!r}.") from None
        if self.choices and parsed not in self.choices:
            raise BadParameter(f"Parameter {self.name!r} must be one of {', '.join(map(str, self.choices))}.")
        return parsed

    def _fits(self, value: Any) -> bool:
        """A bool is an int to Python, and a datetime a date."""
        narrower = {int: bool, date: datetime}.get(self.type)
        return isinstance(value, self.type) and not (narrower and isinstance(value, narrower))


def _text(value: Any) -> str:
    """Raises ValueError for a list or an object of JSON."""
    if isinstance(value, list | Mapping):
        raise ValueError
    return str(value)


def _storable(value: Any) -> Any:
    """The value, if JSON and databases can hold it. Raises ValueError."""
    match value:
        case int() if not -(2**63) <= value < 2**63:
            raise ValueError
        case float() if not math.isfinite(value):
            raise ValueError
        case str():
            value.encode()  # half of a surrogate pair is a UnicodeEncodeError, which is a ValueError
        case _ if hasattr(value, "is_finite") and not value.is_finite():  # a Decimal; it may not be loaded
            raise ValueError
    return value


def signature(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a job's function. Raises BadConfiguration for what cannot come over HTTP."""
    import inspect  # a large module, needed only where jobs are registered

    hints = typing.get_type_hints(function)
    return tuple(
        _parameter(function, p, hints.get(p.name, str))
        for p in inspect.signature(function).parameters.values()
        if hints.get(p.name) is not Requester
    )


def requester_of(function: Callable[..., Any]) -> str | None:
    """The parameter that is given the `Requester`, if there is one. Raises BadConfiguration for two."""
    hints = typing.get_type_hints(function)
    found = [name for name, hint in hints.items() if hint is Requester and name != "return"]
    if len(found) > 1:
        raise BadConfiguration(f"{function.__qualname__} wants the requester twice: {' and '.join(found)}.")
    return found[0] if found else None


def named(function: Callable[..., Any]) -> list[Any]:
    """The objects around a function that it goes by name to: globals of its module, variables that enclose it."""
    import inspect

    try:
        found = inspect.getclosurevars(inspect.unwrap(function))
    except TypeError:  # written in no Python, or a class
        return []
    return [*found.nonlocals.values(), *found.globals.values()]


def _parameter(function: Callable[..., Any], parameter: "inspect.Parameter", hint: Any) -> Parameter:
    kind, nullable, choices = _unpack(hint)
    if kind not in parsers() or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        allowed = ", ".join(t.__name__ for t in parsers())
        raise BadConfiguration(
            f"Parameter {parameter.name!r} of {function.__qualname__} has a type that cannot be sent: use {allowed}, "
            "Literal of them, or one of these with None."
        )
    required = parameter.default is parameter.empty
    return Parameter(parameter.name, kind, required, nullable, None if required else parameter.default, choices)


def _unpack(hint: Any) -> tuple[Any, bool, tuple[Any, ...]]:
    """A type hint as (plain type, whether None is allowed, choices)."""
    nullable = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [m for m in typing.get_args(hint) if m is not type(None)]
        nullable = len(members) < len(typing.get_args(hint))
        hint = members[0] if len(members) == 1 else object
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        return type(choices[0]), nullable, choices
    return hint, nullable, ()


def resolve(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters with their values. Raises BadParameter for one that is missing, unknown or wrong."""
    known = {p.name for p in parameters}
    if unknown := sorted(set(given) - known):
        raise BadParameter(f"Unknown parameter {unknown[0]!r}. Parameters: {', '.join(sorted(known)) or 'none'}.")
    values = {}
    for parameter in parameters:
        if parameter.name in given:
            values[parameter.name] = parameter.parse(given[parameter.name])
        elif parameter.required:
            raise BadParameter(f"Parameter {parameter.name!r} is required.")
        else:
            values[parameter.name] = parameter.default
    return values


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Resolved values as JSON, which `resolve` turns back into the same."""
    plain = (str, int, float, bool, type(None))
    return {name: value if isinstance(value, plain) else str(value) for name, value in values.items()}
