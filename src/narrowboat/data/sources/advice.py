"""Advice: indexes that a query would need and its table does not have. They are named, never made."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from narrowboat.data.sources.reading import Choice, resume_keys
from narrowboat.data.sources.relation import Known, Relation

Index: TypeAlias = tuple[str | None, ...]
RANGES = ("<", "<=", ">", ">=")


class Missing(NamedTuple):
    """An index that would help."""

    columns: tuple[str, ...]
    because: str
    """A sentence."""
    statement: str
    """What makes it, to be copied. It is never run by us."""


def missing(relation: Relation, choice: Choice, known: Known) -> Iterator[Missing]:
    """What is missing for the conditions, then for the order."""
    indexes = [*known.indexes, *(tuple(part.name for part in key) for key in relation.keys)]
    equal = _columns(choice, "=", "in")
    filtered = equal + _columns(choice, *RANGES)
    if filtered and not any(index and index[0] in filtered for index in indexes):
        columns = equal + filtered[len(equal) :][:1]
        because = f"No index begins with {_either(filtered)}, so every row of the table is read to find those wanted."
        yield Missing(columns, because, _statement(relation, columns, known.create))
    order = _order(relation, choice)
    if order and not any(_serves(index, equal, order) for index in indexes):
        columns = (*equal, *order)
        because = f"No index has the order by {', '.join(order)}, so all rows wanted are sorted before the first comes."
        yield Missing(columns, because, _statement(relation, columns, known.create))


def _columns(choice: Choice, *operators: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.column for one in choice.conditions if one.operator in operators))


def _order(relation: Relation, choice: Choice) -> tuple[str, ...]:
    """The columns that rows are sorted by; none where they come by a key of the catalogue alone."""
    names = {field.column.name for field in relation.fields}
    wished = tuple(name if name in names else name.removeprefix("-") for name in choice.order)
    if wished:
        return wished
    keys = resume_keys(relation, choice)
    return tuple(part.name for part in keys[0]) if keys and keys[0] not in relation.keys else ()


def _serves(index: Index, equal: Sequence[str], order: Sequence[str]) -> bool:
    """Whether it has the order, perhaps behind columns that are equal in all rows wanted."""
    start = 0
    while start < len(index) and index[start] in equal and index[start] != order[0]:
        start += 1
    return tuple(index[start : start + len(order)]) == tuple(order)


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)


def _statement(relation: Relation, columns: Sequence[str], create: str) -> str:
    table = relation.source.text.removesuffix(" as t")
    quoted = [relation.field(name).sql.removeprefix("t.") for name in columns]
    plain = re.sub(r"[\W_]+", "_", "_".join((table.rpartition(".")[2], *columns)), flags=re.ASCII).strip("_").lower()
    return f"{create} idx_{plain[:56]} on {table} ({', '.join(quoted)})"
