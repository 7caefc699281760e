"""Which rows are wanted: a column compared with bound values."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from narrowboat.data.columns import Column, Type
from narrowboat.data.sources.relation import Relation, Sql, joined
from narrowboat.errors import BadParameter

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "is null", "is not null"]

_LISTS = (list, tuple, set, frozenset)
_NUMBERS = frozenset({Type.INTEGER, Type.FLOAT, Type.DECIMAL, Type.BOOLEAN})
"""Columns whose values are numbers; to some databases true and false are too."""
_TRUTH = {"true": True, "false": False}
_WHOLE = r"(?a)[+-]?\d{1,18}"


class Condition(NamedTuple):
    """A column compared with bound values: one, none (`is null`), or any number (`in`)."""

    column: str
    operator: Operator
    values: tuple[Any, ...]


def asked(column: str, operator: Operator, value: Any, equal: Mapping[str, Any]) -> tuple[Condition, ...]:
    """What one `where` asks for; a value of None asks for nothing.

    Raises BadParameter for an operator or a list that cannot be.
    """
    found = [_condition(column, operator, value)]
    found += [_condition(name, "in" if isinstance(one, _LISTS) else "=", one) for name, one in equal.items()]
    return tuple(one for one in found if one is not None)


def selection(relation: Relation, conditions: Sequence[Condition], *others: Sql) -> Sql:
    """` from … where …` all the conditions hold. Raises UnknownColumn, BadParameter."""
    wanted = [_compared(relation, condition) for condition in conditions] + list(others)
    source = Sql(" from ") + relation.source
    return source + Sql(" where ") + joined(wanted, " and ") if wanted else source


def _compared(relation: Relation, condition: Condition) -> Sql:
    field = relation.field(condition.column)
    is_pattern = condition.operator == "like"
    values = [Sql(field.bound, (one if is_pattern else _meant(field.column, one),)) for one in condition.values]
    match condition.operator:
        case "is null" | "is not null":
            return Sql(f"{field.sql} {condition.operator}")
        case "in" | "not in" if not values:
            return Sql("1 = 0" if condition.operator == "in" else "1 = 1")
        case "in" | "not in":
            return Sql(f"{field.sql} {condition.operator} (") + joined(values, ", ") + Sql(")")
        case _:
            return Sql(f"{field.sql} {condition.operator} ") + values[0]


def _meant(column: Column, value: Any) -> Any:
    """The value as the column's own are, so that each database compares alike. Raises BadParameter.

    Text and number compared, MySQL makes a number of the text: `abc` would be every 0, and 0 every name.
    """
    from decimal import Decimal  # dear to import, and most readings have no conditions

    if column.type is Type.TEXT and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    if column.type not in _NUMBERS or not isinstance(value, str):
        return value
    if column.type is Type.BOOLEAN and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    if not _is_number(value):
        wanted = "true, false or a number" if column.type is Type.BOOLEAN else "a number"
        raise BadParameter(f"The column {column.name!r} is compared with {wanted}, and {value!r} is none.")
    return int(value) if re.fullmatch(_WHOLE, value) else value


def _is_number(text: str) -> bool:
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _condition(column: str, operator: Operator, value: Any) -> Condition | None:
    if operator not in get_args(Operator):
        raise BadParameter(f"There is no operator {operator!r}. Operators: {', '.join(get_args(Operator))}.")
    if operator in ("is null", "is not null"):
        return Condition(column, operator, ())
    if value is None:
        return None
    wants_list = operator in ("in", "not in")
    if wants_list is not isinstance(value, _LISTS):
        raise BadParameter(f"The operator {operator!r} on {column!r} needs {'a list' if wants_list else 'one value'}.")
    values = tuple(value) if wants_list else (value,)
    if None in values:
        raise BadParameter(f"NULL in a list for {column!r} never fits. Ask with where({column!r}, 'is null').")
    return Condition(column, operator, values)
