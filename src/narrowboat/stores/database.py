"""Database: what the verbs of the store need from a driver. SQLite and PostgreSQL each provide it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = dict[str, Any]
"""A row by column name."""


class Session(Protocol):
    """An open transaction. Queries go by the name of their file; `:now` is known to all of them."""

    def rows(self, query: str, **values: Any) -> list[Row]:
        """All rows of a query. A list among the values is an array, for `= any(:name)`."""
        ...

    def row(self, query: str, **values: Any) -> Row | None:
        """The first row, if there is one."""
        ...

    def change(self, query: str, **values: Any) -> int:
        """How many rows a write changed."""
        ...

    def change_many(self, query: str, many: Iterable[Mapping[str, Any]]) -> None:
        """The same write for many sets of values."""
        ...

    def lock_owner(self, owner: str) -> None:
        """Nobody else counts or adds runs of this owner before the transaction ends."""
        ...


class Database(Protocol):
    """Connections, transactions and migrations. Raises StoreUnavailable and StorageFull for the driver's errors."""

    def read(self) -> AbstractContextManager[Session]:
        """A session for single statements; none of them waits for a writer."""
        ...

    def write(self, conn: Any = None) -> AbstractContextManager[Session]:
        """A transaction that commits at the end, or the caller's own, which the caller commits."""
        ...

    def transaction(self) -> AbstractContextManager[Any]:
        """A connection in a transaction that commits at the end: several verbs take it as `conn` and are one."""
        ...

    def migrate(self) -> None: ...

    def rest(self) -> None:
        """Close the connections that nobody uses; the next use opens others."""
        ...

    def close(self) -> None: ...
