"""SQLite as a target: one writer, short transactions, foreign keys enforced."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from narrowboat.data import sqlite_types
from narrowboat.data.records.problem import Problem
from narrowboat.data.targets import words
from narrowboat.data.targets.engine import PLACE, ROW, STAGE, Catalogue, Key, Refusal, Values, quoted, removing
from narrowboat.errors import StorageFull, TargetFailed, TargetUnavailable

_WAIT: Final = 10.0
"""Seconds to wait for another writer."""
_PASSING: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_NOMEM,
}
_OF_ROWS: Final = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG}
"""Results that are the rows' fault."""
_TRIGGERS: Final = "select 1 from sqlite_schema where type = 'trigger' and tbl_name = ? collate nocase"


class SqliteEngine:
    """Implements `engine.Engine` for a database file. connection: one that is open; else one is opened."""

    locking = ""
    tells_rows = False

    def __init__(self, path: str, connection: sqlite3.Connection | None = None) -> None:
        self._path = path
        self._parents: list[tuple[str, str]] = []
        self._deferred: list[tuple[str, str]] = []
        self._rowids = False
        self.connection = connection or self._connect()

    def _connect(self) -> sqlite3.Connection:
        if not Path(self._path).is_file():
            raise TargetFailed(f"There is no database file {self._path}. Check the path, or make the table first.")
        with self.errors():
            made = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            made.execute("pragma synchronous = full")
            made.execute("pragma foreign_keys = on")
            return made

    def catalogue(self, name: str) -> Catalogue:
        with self.errors():
            return _catalogue(self.connection, name)

    def has_table(self, name: str) -> bool:
        return bool(self.execute("select 1 from sqlite_schema where name = ?", (name,)))

    def identity(self, table: Catalogue) -> tuple[str, ...]:
        return tuple(map(quoted, table.primary)) or ("rowid",)

    def mark(self, table: Catalogue) -> Any:
        """The largest rowid: SQLite gives larger ones to records that come later."""
        return self.execute(f"select max(rowid) from {table.sql}")[0][0] or 0 if self._rowids else None  # noqa: S608

    def age(self, table: Catalogue) -> str:
        return "t.rowid" if self._rowids else "null"

    def is_newer(self, age: Any, mark: Any) -> bool:
        return age is not None and bool(age > mark)

    def image(self, table: Catalogue, prefix: str) -> str:
        """Literals of SQL, which tell every value exactly."""
        names = [name for name in table.columns if name not in table.computed]
        return "json_array(" + ", ".join(f"quote({prefix}.{quoted(name)})" for name in names) + ")"

    def put_back(self, table: Catalogue, records: Sequence[tuple[Values, str]]) -> None:
        names = [name for name in table.columns if name not in table.computed]
        setting = ", ".join(f"{quoted(name)} = ?" for name in names)
        where = " and ".join(f"{quoted(name)} = ?" for name in table.primary)
        rows = [[*map(_literal, json.loads(image)), *record] for record, image in records]
        self.execute_many(f"update {table.sql} set {setting} where {where}", rows)  # noqa: S608  quoted

    def remove(self, table: Catalogue, record: Values) -> None:
        """References that are checked at the end alone are looked at here."""
        with self.errors():
            for child, pairs in _references(self.connection, table):
                same = " and ".join(f"c.{quoted(there)} = p.{quoted(here)}" for there, here in pairs)
                where = " and ".join(f"p.{quoted(name)} = ?" for name in table.primary)
                wanted = f"select 1 from {table.sql} as p join {quoted(child)} as c on {same} where {where} limit 1"  # noqa: S608
                if self.connection.execute(wanted, record).fetchone():
                    raise Refusal(words.no_parent(child, record))
        where = " and ".join(f"{quoted(name)} = ?" for name in table.primary)
        self.execute(f"delete from {table.sql} where {where}", record)  # noqa: S608  all quoted

    def remove_staged(self, table: Catalogue, rows: Sequence[int]) -> None:
        """References as in `remove`."""
        staged = " and ".join(f"p.{quoted(name)} = s.{quoted(name)}" for name in table.primary)
        with self.errors():
            references = list(_references(self.connection, table))
        for child, pairs in references:
            same = " and ".join(f"c.{quoted(there)} = p.{quoted(here)}" for there, here in pairs)
            wanted = (
                f"select 1 from {STAGE} as s join {table.sql} as p on {staged} "  # noqa: S608  all quoted
                f"join {quoted(child)} as c on {same} where s.{ROW} in ?any limit 1"
            )
            if self.execute(wanted, (list(rows),)):
                raise Refusal(words.no_parent(child, len(rows)))
        self.execute(removing(table), (list(rows),))

    def prepare(self, table: Catalogue, columns: Sequence[str]) -> None:
        with self.errors():
            declared = _declared(self.connection, table)
            made = ", ".join(f"{quoted(name)} {declared.get(name, '')}" for name in columns)
            self.connection.execute(
                f"create temp table {STAGE} ({PLACE} integer primary key, {ROW} integer unique, {made})"
            )
            self._parents = [_orphans(key) for key in _foreign_keys(self.connection, table, columns)]
            self._deferred = self._parents if "deferr" in _definition(self.connection, table).lower() else []
            self._rowids = _has_rowids(self.connection, table)
        marks = ", ".join("?" * (len(columns) + 2))
        self._fill = f"insert into {STAGE} values ({marks})"  # noqa: S608  fixed

    def stage(self, rows: Iterable[Values]) -> None:
        with self.errors():
            self.connection.execute(f"delete from {STAGE}")  # noqa: S608  fixed
            self.connection.executemany(self._fill, ([place, *map(_bindable, row)] for place, row in enumerate(rows)))

    def unstage(self, rows: Sequence[int]) -> None:
        self.execute(f"delete from {STAGE} where {ROW} in ?any", (list(rows),))  # noqa: S608  fixed

    def execute(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        with self.errors():
            sql = statement.replace("in ?any", "in (select value from json_each(?))")
            return self.connection.execute(sql, [_bindable(value) for value in values]).fetchall()

    def execute_many(self, statement: str, rows: Sequence[Values]) -> None:
        with self.errors():
            self.connection.executemany(statement, rows)

    def begin(self) -> None:
        self.execute("begin immediate")

    def settle(self) -> None:
        """What a deferred foreign key would find at the end: SQLite itself cannot be asked to look now."""
        for name, check in self._deferred:
            if found := self.execute(check):
                raise Refusal(words.no_parent(name, found[0][0]))

    def commit(self) -> None:
        self.execute("commit")

    def rollback(self) -> None:
        if self.connection.in_transaction:
            self.execute("rollback")

    def interrupt(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # closed meanwhile: nothing runs
            self.connection.interrupt()

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See `engine.Engine`."""
        try:
            yield
        except (OverflowError, UnicodeError) as error:
            raise Refusal(Problem("not-storable", f"SQLite cannot keep a value of it: {error}")) from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER and not self.connection.in_transaction:
                raise TargetFailed(
                    f"A trigger took back all rows of a chunk ({error}): it says raise(rollback, …). With "
                    "raise(abort, …) it refuses its row alone."
                ) from error
            if code & 0xFF in _OF_ROWS:
                raise Refusal(self._told(error, code), _columns_of(error)) from error
            if code & 0xFF in _PASSING:
                raise TargetUnavailable(f"SQLite cannot write to {self._path} now: {error}.") from error
            if code & 0xFF == sqlite3.SQLITE_FULL:
                raise StorageFull(f"The disk of {self._path} is full; make room, then resume the run.") from error
            raise TargetFailed(f"SQLite refused to write to {self._path}: {error}.") from error

    def _told(self, error: sqlite3.Error, code: int) -> Problem:
        """What SQLite said, in words. Its own: `NOT NULL constraint failed: customers.name`."""
        what, _, where = str(error).partition(": ")
        columns = _columns_of(error)
        column = columns[0] if len(columns) == 1 else None
        match code:
            case sqlite3.SQLITE_CONSTRAINT_NOTNULL:
                return Problem("required", "is required by the database", column)
            case sqlite3.SQLITE_CONSTRAINT_UNIQUE | sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
                return Problem("exists", f"there is a record with this {' and '.join(columns)} already", column)
            case sqlite3.SQLITE_CONSTRAINT_CHECK:
                return Problem("check-failed", f"the database requires {where}")
            case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
                return self._orphan()
            case sqlite3.SQLITE_CONSTRAINT_TRIGGER:
                return Problem("refused", str(error))
        return Problem("not-storable", f"the database refuses it: {what}{': ' if where else ''}{where}", None)

    def _orphan(self) -> Problem:
        """Which foreign key leads nowhere, of the rows that are staged."""
        with suppress(sqlite3.Error):
            for name, check in self._parents:
                if found := self.connection.execute(check).fetchone():
                    return words.no_parent(name, found[0])
        return Problem("no-such-parent", "names a record of another table that is not there")


def _columns_of(error: sqlite3.Error) -> list[str]:
    """Those that it names."""
    return [part.rpartition(".")[2] for part in str(error).partition(": ")[2].split(", ")]


def _catalogue(connection: sqlite3.Connection, name: str) -> Catalogue:
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


def _declared(connection: sqlite3.Connection, table: Catalogue) -> dict[str, str]:
    """The declared types, so that the stage converts values as the table does."""
    return dict(connection.execute("select name, type from pragma_table_xinfo(?)", (_plain(table),)).fetchall())


def _definition(connection: sqlite3.Connection, table: Catalogue) -> str:
    (sql,) = connection.execute("select sql from sqlite_schema where name = ?", (_plain(table),)).fetchone()
    return str(sql)


def _has_rowids(connection: sqlite3.Connection, table: Catalogue) -> bool:
    try:
        connection.execute(f"select rowid from {table.sql} limit 0")  # noqa: S608  quoted
    except sqlite3.OperationalError:
        return False
    return True


def _plain(table: Catalogue) -> str:
    return table.ref[1:-1].replace('""', '"')


class _ForeignKey(NamedTuple):
    parent: str
    pairs: tuple[tuple[str, str], ...]
    """Column here, column there."""


def _foreign_keys(connection: sqlite3.Connection, table: Catalogue, columns: Sequence[str]) -> Iterator[_ForeignKey]:
    """Those whose columns are all written."""
    listed = 'select id, "table", "from", "to" from pragma_foreign_key_list(?) order by id, seq'
    rows = connection.execute(listed, (_plain(table),)).fetchall()
    for _, parts in groupby(rows, lambda row: row[0]):
        group = list(parts)
        parent = group[0][1]
        there = [row[3] for row in group]
        if None in there:
            there = list(_catalogue(connection, parent).primary)
        here = [row[2] for row in group]
        if set(here) <= set(columns):
            yield _ForeignKey(parent, tuple(zip(here, there, strict=True)))


def _references(connection: sqlite3.Connection, table: Catalogue) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Tables that refer to this one and keep its records from going, each with columns there and here."""
    listed = """
        select m.name, f.id, f."from", coalesce(f."to", ?) from sqlite_schema as m, pragma_foreign_key_list(m.name) as f
        where m.type = 'table' and f."table" = ? collate nocase and f.on_delete in ('NO ACTION', 'RESTRICT')
        order by m.name, f.id, f.seq"""
    rows = connection.execute(listed, (table.primary[0], _plain(table))).fetchall()
    for (child, _), parts in groupby(rows, lambda row: row[:2]):
        yield child, [(there, here) for _, _, there, here in parts]


def _orphans(key: _ForeignKey) -> tuple[str, str]:
    """The columns' names, and the statement that finds a staged row which leads nowhere."""
    filled = " and ".join(f"s.{quoted(here)} is not null" for here, _ in key.pairs)
    same = " and ".join(f"p.{quoted(there)} = s.{quoted(here)}" for here, there in key.pairs)
    first = quoted(key.pairs[0][0])
    statement = (
        f"select s.{first} from {STAGE} as s where {filled} "  # noqa: S608  all quoted
        f"and not exists (select 1 from {quoted(key.parent)} as p where {same}) limit 1"
    )
    return ", ".join(here for here, _ in key.pairs), statement


def _bindable(value: Any) -> Any:
    return sqlite_types.bindable(value, _written)


def _written(value: Any) -> str:
    """Lists and mappings as JSON; exact numbers and the like as text."""
    return json.dumps(value, default=str) if isinstance(value, list | tuple | dict) else str(value)


def _literal(text: str) -> Any:
    """The value of a literal that SQLite's `quote` wrote."""
    if text == "NULL":
        return None
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    if text[0] == "X":
        return bytes.fromhex(text[2:-1])
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
