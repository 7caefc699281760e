"""Stores: SQLite for one host, PostgreSQL for many. The same logic, the same SQL but for a few words."""

from __future__ import annotations

from pathlib import Path

from narrowboat.errors import BadConfiguration
from narrowboat.kernel.store import Store
from narrowboat.stores.database import Database

__all__ = ["open_database", "open_store"]


def open_store(
    url: str,
    *,
    keep_rejects: int = 1000,
    keep_characters: int = 4 << 20,
    connections: int = 8,
    schema: str = "narrowboat",
) -> Store:
    """The store at `url`, as of `open_database`. keep_rejects, keep_characters: of one run, see `SqlStore`."""
    from narrowboat.stores.store import SqlStore

    database = open_database(url, connections=connections, schema=schema)
    return SqlStore(database, keep_rejects=keep_rejects, keep_characters=keep_characters)


def open_database(url: str, *, connections: int = 8, schema: str = "narrowboat") -> Database:
    """The database at `url`: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…`.

    connections: at most so many at once in this process. schema: where the tables are on PostgreSQL. The tables are
    made by `migrate()`. Raises BadConfiguration for another URL, MissingExtra without the driver.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "sqlite" and rest == "/:memory:":
        raise BadConfiguration(
            "Runs cannot be kept in memory: no worker would see them, and a crash would lose them. "
            "Name a file, sqlite:///file.db; for a test, one in a temporary folder."
        )
    if separator and scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        from narrowboat.stores.sqlite.database import SQLite

        return SQLite(Path(rest[1:]), connections=connections)
    if separator and scheme in {"postgresql", "postgres"}:
        from narrowboat.stores.postgres.database import PostgreSQL

        return PostgreSQL(url, connections=connections, schema=schema)
    from narrowboat.data.url import masked

    raise BadConfiguration(
        f"The store's URL {masked(url)!r} is not known; use sqlite:///file.db, sqlite:////folder/file.db or postgresql://…"
    )
