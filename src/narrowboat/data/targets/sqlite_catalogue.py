"""What SQLite says of a table: its columns, its keys, and the foreign keys that lead from it and to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from narrowboat.data import sqlite_types
from narrowboat.data.targets.engine import Catalogue, Key, quoted
from narrowboat.errors import TargetFailed

_TRIGGERS: Final = "select 1 from sqlite_schema where type = 'trigger' and tbl_name = ? collate nocase"
_LATE: Final = """
select name from sqlite_schema as m where type = 'table' and sql like '%deferr%' and not exists (
    select 1 from pragma_foreign_key_list(m.name) as f
    where not exists (select 1 from sqlite_schema as p where p.name = f."table" collate nocase)
)"""
"""Tables with foreign keys that are looked at late, where all that these refer to is there."""


def catalogue(connection: sqlite3.Connection, name: str) -> Catalogue:
    """Raises TargetFailed where there is no such table."""
    found = connection.execute(
        "select name from sqlite_schema where type = 'table' and name = ? collate nocase", (name,)
    ).fetchone()
    if found is None:
        tables = connection.execute("select name from sqlite_schema where type = 'table' and name not like 'sqlite%'")
        raise TargetFailed(f"There is no table {name!r}. Tables: {', '.join(row[0] for row in tables) or 'none'}.")
    described = 'select name, hidden, pk, type, "notnull", dflt_value from pragma_table_xinfo(?) order by cid'
    columns = connection.execute(described, found).fetchall()
    indexes = connection.execute('select name, partial from pragma_index_list(?) where "unique"', found).fetchall()
    keys = [
        Key(
            tuple(
                part for (part,) in connection.execute("select name from pragma_index_info(?) order by seqno", (index,))
            )
        )
        for index, partial in indexes
        if not partial
    ]
    primary = tuple(column[0] for column in sorted(columns, key=lambda column: column[2]) if column[2])
    whole = [key for key in keys if all(key.columns)]
    return Catalogue(
        sql=quoted(found[0]),
        ref=quoted(found[0]),
        columns=tuple(column[0] for column in columns),
        computed=frozenset(column[0] for column in columns if column[1]),
        types=tuple(sqlite_types.column(column[0], column[3]).type for column in columns),
        required=frozenset(column[0] for column in columns if column[4] and column[5] is None),
        primary=primary,
        keys=(*whole, Key(primary)) if primary else tuple(whole),
        followed=bool(connection.execute(_TRIGGERS, found).fetchone()),
    )


def declared(connection: sqlite3.Connection, table: Catalogue) -> dict[str, str]:
    """The declared types, so that the stage converts values as the table does."""
    return dict(connection.execute("select name, type from pragma_table_xinfo(?)", (plain(table),)).fetchall())


def definition(connection: sqlite3.Connection, table: Catalogue) -> str:
    """How it was made."""
    (sql,) = connection.execute("select sql from sqlite_schema where name = ?", (plain(table),)).fetchone()
    return str(sql)


def has_rowids(connection: sqlite3.Connection, table: Catalogue) -> bool:
    """Whether its records have numbers of SQLite's own."""
    try:
        connection.execute(f"select rowid from {table.sql} limit 0")  # noqa: S608  quoted
    except sqlite3.OperationalError:
        return False
    return True


def plain(table: Catalogue) -> str:
    """Its name as it is."""
    return table.ref[1:-1].replace('""', '"')


class ForeignKey(NamedTuple):
    """A reference to another table."""

    parent: str
    pairs: tuple[tuple[str, str], ...]
    """Column here, column there."""

    @property
    def columns(self) -> str:
        """Here, for people."""
        return ", ".join(here for here, _ in self.pairs)


def foreign_keys(connection: sqlite3.Connection, table: Catalogue, columns: Sequence[str]) -> Iterator[ForeignKey]:
    """Those whose columns are all written."""
    listed = 'select id, "table", "from", "to" from pragma_foreign_key_list(?) order by id, seq'
    rows = connection.execute(listed, (plain(table),)).fetchall()
    for _, parts in groupby(rows, lambda row: row[0]):
        group = list(parts)
        parent = group[0][1]
        there = [row[3] for row in group]
        if None in there:
            there = list(catalogue(connection, parent).primary)
        here = [row[2] for row in group]
        if set(here) <= set(columns):
            yield ForeignKey(parent, tuple(zip(here, there, strict=True)))


def references(connection: sqlite3.Connection, table: Catalogue) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Tables that refer to this one and keep its records from going, each with columns there and here."""
    listed = """
        select m.name, f.id, f."from", coalesce(f."to", ?) from sqlite_schema as m, pragma_foreign_key_list(m.name) as f
        where m.type = 'table' and f."table" = ? collate nocase and f.on_delete in ('NO ACTION', 'RESTRICT')
        order by m.name, f.id, f.seq"""
    rows = connection.execute(listed, (table.primary[0], plain(table))).fetchall()
    for (child, _), parts in groupby(rows, lambda row: row[:2]):
        yield child, [(there, here) for _, _, there, here in parts]


def orphans(key: ForeignKey, rows: str, which: str = "true") -> str:
    """The statement that finds a row `s` which leads nowhere. rows: what has them."""
    filled = " and ".join(f"s.{quoted(here)} is not null" for here, _ in key.pairs)
    same = " and ".join(f"p.{quoted(there)} = s.{quoted(here)}" for here, there in key.pairs)
    return (
        f"select s.{quoted(key.pairs[0][0])} from {rows} as s where {which} and {filled} "  # noqa: S608  all quoted
        f"and not exists (select 1 from {quoted(key.parent)} as p where {same}) limit 1"
    )


class Late(NamedTuple):
    """A foreign key that SQLite looks at when a transaction ends. Rows that came within it have larger rowids."""

    columns: str
    last: str
    """The statement that gives the last rowid."""
    orphan: str
    """The statement that finds a row behind a rowid which leads nowhere."""


def late_keys(connection: sqlite3.Connection) -> Iterator[Late]:
    """Those of all tables."""
    for (name,) in connection.execute(_LATE).fetchall():
        table = catalogue(connection, name)
        if has_rowids(connection, table):
            for key in foreign_keys(connection, table, table.columns):
                columns = ", ".join(f"{name}.{here}" for here, _ in key.pairs)
                last = f"select coalesce(max(rowid), 0) from {table.sql}"  # noqa: S608  quoted
                yield Late(columns, last, orphans(key, table.sql, "s.rowid > ?"))
