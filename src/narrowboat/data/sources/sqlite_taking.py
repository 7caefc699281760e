"""Rows of an SQLite statement, at less than half of what asking for them cell by cell costs.

For each cell of a result, Python's sqlite3 gives up the interpreter's lock and takes it again, and SQLite locks its
connection several times. So the statement calls a function with all cells of a row, which keeps them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from narrowboat.data.source import Row

__all__ = ["NAME", "Sweeping", "Taking", "TooEarly", "gave_up", "sorts"]

NAME: Final = "narrowboat_take"


class TooEarly(sqlite3.OperationalError):
    """SQLite made rows before their turn, to sort or to merge them: the order of the calls is not that of the rows."""


class Taking:
    """A statement under way. sqlite3 is one row ahead of what was fetched; a row further ahead is too early."""

    def __init__(self, connection: sqlite3.Connection, values: Sequence[str], rest: str, parameters: Sequence[Any]):
        """values: what is selected. rest: the statement from `from` on. Raises sqlite3.OperationalError."""
        self._rows: list[Row] = []
        self._most = 1
        rows, append = self._rows, self._rows.append

        def take(*row: Any) -> None:
            append(row)
            if len(rows) > self._most:
                raise TooEarly

        connection.create_function(NAME, len(values), take)
        self._cursor = connection.execute(f"select {NAME}({', '.join(values)}){rest}", parameters)

    def fetchmany(self, rows: int) -> list[Row]:
        """The next rows, fewer only at the end. Raises TooEarly, sqlite3.OperationalError."""
        self._most = rows + 1
        done = len(self._cursor.fetchmany(rows))
        if len(self._rows) - done > 1:
            raise TooEarly
        taken = self._rows[:done]
        del self._rows[:done]
        return taken

    def close(self) -> None:
        self._cursor.close()


class Sweeping:
    """All rows of a table, one step of sqlite3 a block: the function is the condition, and true for a block's last row.

    It has to be the only condition: SQLite asks them in any order, and may ask one twice for a row.
    """

    def __init__(self, connection: sqlite3.Connection, values: Sequence[str], source: str, ending: str):
        """values: what is selected. source: ` from …`. ending: ` order by …`. Raises sqlite3.OperationalError."""
        self._rows: list[Row] = []
        self._most = 1  # the first row comes alone: if they are sorted, SQLite makes the second before that
        rows, append = self._rows, self._rows.append

        def take(*row: Any) -> bool | None:
            append(row)
            if len(rows) < self._most:
                return None
            if len(rows) > self._most:
                raise TooEarly
            return True

        connection.create_function(NAME, len(values), take)
        self._cursor = connection.execute(f"select 1{source} where {NAME}({', '.join(values)}){ending}")

    def fetchmany(self, rows: int) -> list[Row]:
        """The next rows, fewer only at the end. Raises TooEarly, sqlite3.OperationalError."""
        self._most = rows
        while len(self._rows) < rows and self._cursor.fetchone():
            pass
        taken = self._rows[:rows]
        del self._rows[:rows]
        return taken

    def close(self) -> None:
        self._cursor.close()


def sorts(connection: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> bool:
    """Whether SQLite says that it will sort or merge the rows, so that what is dear to make is not made in vain.

    Its words may be others in another version: nothing but time depends on them.
    """
    plan = connection.execute(f"explain query plan {statement}", parameters)
    return any(not parent and said.startswith(("USE TEMP B-TREE", "MERGE")) for _, parent, _, said in plan)


def gave_up(error: sqlite3.OperationalError) -> bool:
    """Whether rows cannot be taken so: they came too early, or a text is not UTF-8."""
    return isinstance(error, TooEarly) or str(error) == "user-defined function raised exception"
