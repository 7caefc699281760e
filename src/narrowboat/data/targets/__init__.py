"""Targets: where imported rows go. A table of SQLite or PostgreSQL, or a Python function."""

from __future__ import annotations

from narrowboat.data.targets.function import Row, function
from narrowboat.data.targets.table import Table, table

__all__ = ["Row", "Table", "function", "table"]
