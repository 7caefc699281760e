"""A total order of rows, and what lies behind a row in it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from narrowboat.data.sources.position import NotUtf8
from narrowboat.data.sources.relation import MARK, Sql, joined


class Term(NamedTuple):
    """One column of an order. bound: how a parameter is compared with it. nulls_last: where its NULLs come."""

    name: str
    sql: str
    bound: str
    descending: bool = False
    nullable: bool = False
    nulls_last: bool = False

    @property
    def ordering(self) -> str:
        return f"{self.sql} desc" if self.descending else self.sql

    @property
    def sign(self) -> str:
        return "<" if self.descending else ">"

    def same(self, value: Any) -> Sql:
        """Rows equal to `value` in this column."""
        if value is None:
            return Sql(f"{self.sql} is null")
        return Sql(f"{self.sql} = ") + self.parameter(value)

    def behind(self, value: Any) -> Sql | None:
        """Rows behind `value` by this column alone; None where there can be none."""
        if value is None:
            return None if self.nulls_last else Sql(f"{self.sql} is not null")
        beyond = Sql(f"{self.sql} {self.sign} ") + self.parameter(value)
        if self.nullable and self.nulls_last:
            return Sql("(") + beyond + Sql(f" or {self.sql} is null)")
        return beyond

    def parameter(self, value: Any) -> Sql:
        if isinstance(value, NotUtf8):  # the plus keeps the cast from lending its type to the other side
            return Sql(f"+cast({MARK} as text)", (value.data,))
        return Sql(self.bound, (value,))


def behind(terms: Sequence[Term], values: Sequence[Any]) -> Sql:
    """The condition that a row comes after the one with `values`."""
    if len(terms) == 1 or any(term.nullable or term.descending for term in terms):
        return _spelled_out(terms, values)
    row = Sql("(" + ", ".join(term.sql for term in terms) + ") > (")
    compared = row + joined([term.parameter(value) for term, value in zip(terms, values, strict=True)], ", ") + Sql(")")
    # SQLite does not search an index by a row that names collations; by its first column it does.
    return Sql(f"{terms[0].sql} >= ") + terms[0].parameter(values[0]) + Sql(" and ") + compared


def _spelled_out(terms: Sequence[Term], values: Sequence[Any]) -> Sql:
    """Behind by the first column, or equal there and behind by the second, and so on."""
    alternatives: list[Sql] = []
    equal: list[Sql] = []
    for term, value in zip(terms, values, strict=True):
        if (further := term.behind(value)) is not None:
            alternatives.append(joined([*equal, further], " and "))
        equal.append(term.same(value))
    if not alternatives:
        return Sql("1 = 0")
    return Sql("(") + joined(alternatives, " or ") + Sql(")")
