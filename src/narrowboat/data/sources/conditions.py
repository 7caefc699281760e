"""Which rows are wanted: a column compared with bound values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from narrowboat.data.sources.relation import Relation, Sql, joined

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "is null", "is not null"]


class Condition(NamedTuple):
    """A column compared with bound values: one, none (`is null`), or any number (`in`)."""

    column: str
    operator: Operator
    values: tuple[Any, ...]


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
