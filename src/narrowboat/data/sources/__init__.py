"""Sources: where rows come from. A query of SQLite or PostgreSQL, or any Python iterable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrowboat.data.sources.database import Database
from narrowboat.data.sources.detect import detect
from narrowboat.data.sources.query import Query, query, table

__all__ = ["Database", "Query", "detect", "query", "rows", "table"]

if TYPE_CHECKING:
    from narrowboat.data.sources.iterable import rows
else:

    def __getattr__(name: str) -> Any:
        """`rows`, loaded when it is first asked for: most sources are a database's."""
        if name != "rows":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from narrowboat.data.sources.iterable import rows

        globals()["rows"] = rows
        return rows
