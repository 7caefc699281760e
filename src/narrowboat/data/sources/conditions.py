"""Which rows are wanted: a column compared with bound values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from narrowboat.data.sources.relation import Relation, Sql, joined
from narrowboat.errors import BadParameter

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "is null", "is not null"]

_LISTS = (list, tuple, set, frozenset)


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
    """` from … where …` all the conditions hold. Raises UnknownColumn."""
    wanted = [_compared(relation, condition) for condition in conditions] + list(others)
    source = Sql(" from ") + relation.source
    return source + Sql(" where ") + joined(wanted, " and ") if wanted else source


def _compared(relation: Relation, condition: Condition) -> Sql:
    field = relation.field(condition.column)
    values = [Sql(field.bound, (value,)) for value in condition.values]
    match condition.operator:
        case "is null" | "is not null":
            return Sql(f"{field.sql} {condition.operator}")
        case "in" | "not in" if not values:
            return Sql("1 = 0" if condition.operator == "in" else "1 = 1")
        case "in" | "not in":
            return Sql(f"{field.sql} {condition.operator} (") + joined(values, ", ") + Sql(")")
        case _:
            return Sql(f"{field.sql} {condition.operator} ") + values[0]


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
