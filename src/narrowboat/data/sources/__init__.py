"""Sources: where rows come from. A query of SQLite or PostgreSQL, or any Python iterable."""

from __future__ import annotations

from narrowboat.data.sources.database import Database
from narrowboat.data.sources.detect import detect
from narrowboat.data.sources.iterable import rows
from narrowboat.data.sources.query import Query, query, table

__all__ = ["Database", "Query", "detect", "query", "rows", "table"]
