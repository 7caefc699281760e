"""The columns a writer was given: checked at the start of a table, and as JSON for the writer's state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.errors import NotRepresentable

__all__ = ["columns_of", "columns_state", "require_columns", "require_distinct_names"]


def require_columns(table: Table) -> None:
    """Raises NotRepresentable for a table without columns."""
    if not table.columns:
        raise NotRepresentable(f"The table {table.name!r} has no columns, so there is nothing to write.")


def require_distinct_names(table: Table) -> None:
    """Raises NotRepresentable for two columns of one name, where the name is all that tells them apart."""
    seen: set[str] = set()
    for column in table.columns:
        if column.name in seen:
            two = f"Two columns of the table {table.name!r} are called {column.name!r}"
            raise NotRepresentable(f"{two}; here the name alone tells columns apart. Rename one.")
        seen.add(column.name)


def columns_state(columns: Iterable[Column]) -> list[dict[str, Any]]:
    """The columns as JSON, without what is not set."""
    return [{name: value for name, value in column._asdict().items() if value is not None} for column in columns]


def columns_of(state: Iterable[dict[str, Any]]) -> tuple[Column, ...]:
    """The columns again."""
    return tuple(Column(**{**column, "type": Type(column["type"])}) for column in state)
