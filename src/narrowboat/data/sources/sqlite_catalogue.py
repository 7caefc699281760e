"""What SQLite says of a table, a view or a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Set
from itertools import groupby
from typing import Any, Final

from narrowboat.data.sources.lookalike import no_such_table
from narrowboat.data.sources.position import NotUtf8
from narrowboat.data.sources.queries import load
from narrowboat.data.sources.relation import MARK, Field, Key, KeyPart, Named, Relation, Sql
from narrowboat.data.sqlite_types import column, holds_text

_COLLATIONS: Final = {"BINARY", "NOCASE", "RTRIM"}
"""Those every connection has; others are functions of the application that made the table."""
_NO_KEY: Final = (
    "The table has neither an INTEGER PRIMARY KEY nor a PRIMARY KEY or UNIQUE index of NOT NULL columns, so an "
    "interrupted run starts from zero. Add one, or name columns that are unique with key=…"
)
_NO_KEY_OF_QUERY: Final = (
    "Nothing says which columns of a query or a view are unique, so an interrupted run starts from zero. "
    "Name them with key=…"
)


def find(connection: sqlite3.Connection, wanted: Named) -> Relation:
    """A table or view. Raises SourceFailed where there is none of that name."""
    created = connection.execute(load("sqlite_table"), (wanted.name,)).fetchone()
    if created is None:
        raise no_such_table(wanted.name, [name for (name,) in connection.execute(load("sqlite_tables"))])
    name, kind, definition = created
    columns = connection.execute(load("sqlite_columns"), (name,)).fetchall()
    source = Sql(f"{_quoted(name)} as t")
    if kind == "view":
        return Relation(
            source, tuple(_field(column, declared) for column, declared, _, _ in columns), (), _NO_KEY_OF_QUERY
        )
    indexes = connection.execute(load("sqlite_keys"), (name,)).fetchall()
    primary = [column for column, _, _, place in columns if place]
    rowid = {primary[0]} if len(primary) == 1 and not any(is_primary for _, is_primary, _, _ in indexes) else set()
    filled = rowid | {column for column, _, not_null, _ in columns if not_null}
    if len(primary) == 1 and not filled.issuperset(primary) and _has_no_null(connection, name, primary[0]):
        filled.add(primary[0])
    keys = [(KeyPart(name),) for name in rowid] + list(_keys(indexes, filled, "collate" in definition.lower()))
    (encoding,) = connection.execute("pragma encoding").fetchone()
    stored = definition[:12].lower() == "create table"
    plain = stored and encoding == "UTF-8"  # a virtual one may hold what it likes
    fields = tuple(_field(column, declared, column in rowid, plain) for column, declared, _, _ in columns)
    return Relation(source, fields, tuple(keys), "" if keys else _NO_KEY, stored=stored)


def indexes(connection: sqlite3.Connection, wanted: Named) -> list[tuple[str | None, ...]] | None:
    """The columns of each index that covers all rows; None for a view, and where there is no such table."""
    created = connection.execute(load("sqlite_table"), (wanted.name,)).fetchone()
    if created is None or created[1] != "table":
        return None
    listed = connection.execute(load("sqlite_indexes"), (created[0],)).fetchall()
    return [tuple(name for _, name in rows) for _, rows in groupby(listed, lambda row: row[0])]


def describe(connection: sqlite3.Connection, statement: Sql) -> Relation:
    """A statement, compiled as a view of this connection with NULL for its parameters; it does not run."""
    connection.execute(f"create temp view narrowboat_statement as {statement.text.replace(MARK, 'null')}")
    columns = connection.execute(load("sqlite_columns"), ("narrowboat_statement",)).fetchall()
    connection.execute("drop view narrowboat_statement")
    source = Sql(f"({statement.text}\n) as t", statement.parameters)
    return Relation(source, tuple(_field(column, declared) for column, declared, _, _ in columns), (), _NO_KEY_OF_QUERY)


def _keys(indexes: list[tuple[str, int, str | None, str]], filled: Set[str], collates: bool) -> Iterator[Key]:
    """The indexes that identify a row: no column NULL, no expression, no collation that only an application has.

    collates: a column may have another collation than BINARY, which is then not implied.
    """
    for _, rows in groupby(indexes, lambda row: row[0]):
        parts = [(name, collation.upper()) for _, _, name, collation in rows]
        if all(name in filled and collation in _COLLATIONS for name, collation in parts):
            yield tuple(
                KeyPart(name, f" collate {collation}" if collates or collation != "BINARY" else "")
                for name, collation in parts
                if name is not None
            )


def _has_no_null(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """A PRIMARY KEY of SQLite may hold NULL. NULL sorts first: one that comes later lies behind every position."""
    found = connection.execute(f"select 1 from {_quoted(table)} where {_quoted(column)} is null limit 1")  # noqa: S608 - quoted names
    return found.fetchone() is None


def _field(name: str, declared: str, rowid: bool = False, plain: bool = False) -> Field:
    """plain: a column of a table whose text is UTF-8, and which holds what SQLite's rules of affinity let it hold."""
    sql = f"t.{_quoted(name)}"
    if rowid:
        return Field(column(name, declared), sql, sql, take=_same)
    raw = f"cast({sql} as blob)" if plain and holds_text(declared) else None
    exact = f"case typeof({sql}) when 'text' then 't' || {sql} when 'blob' then 'b' || hex({sql}) else {sql} end"
    return Field(column(name, declared), sql, sql, take=_untagged, exact=exact, raw=raw)


def _same(cell: Any) -> Any:
    return cell


def _untagged(cell: Any) -> Any:
    """Text and blobs look the same where text is delivered as bytes, so a position's cell begins with `t` or `b`."""
    if isinstance(cell, str):
        cell = cell.encode()
    if not isinstance(cell, bytes):
        return cell
    if cell[:1] == b"b":
        return bytes.fromhex(cell[1:].decode())
    try:
        return cell[1:].decode()
    except UnicodeDecodeError:
        return NotUtf8(cell[1:])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
