"""SQLite as a target: one writer, short transactions, foreign keys enforced."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from narrowboat.data import sqlite_types
from narrowboat.data.records.problem import Problem
from narrowboat.data.targets import sqlite_catalogue, words
from narrowboat.data.targets.engine import PLACE, ROW, STAGE, Catalogue, Refusal, Values, quoted, removing
from narrowboat.data.targets.sqlite_catalogue import Late
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


class SqliteEngine:
    """Implements `engine.Engine` for a database file. connection: one that is open; else one is opened."""

    locking = ""
    tells_rows = False

    def __init__(self, path: str, connection: sqlite3.Connection | None = None) -> None:
        self._path = path
        self._parents: list[tuple[str, str]] = []
        self._deferred: list[tuple[str, str]] = []
        self._late: list[Late] = []
        self._before: list[int] = []
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
            return sqlite_catalogue.catalogue(self.connection, name)

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
            for child, pairs in sqlite_catalogue.references(self.connection, table):
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
            references = list(sqlite_catalogue.references(self.connection, table))
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
            declared = sqlite_catalogue.declared(self.connection, table)
            made = ", ".join(f"{quoted(name)} {declared.get(name, '')}" for name in columns)
            self.connection.execute(
                f"create temp table {STAGE} ({PLACE} integer primary key, {ROW} integer unique, {made})"
            )
            keys = sqlite_catalogue.foreign_keys(self.connection, table, columns)
            self._parents = [(key.columns, sqlite_catalogue.orphans(key, STAGE)) for key in keys]
            late = "deferr" in sqlite_catalogue.definition(self.connection, table).lower()
            self._deferred = self._parents if late else []
            self._late = list(sqlite_catalogue.late_keys(self.connection)) if table.followed else []
            self._rowids = sqlite_catalogue.has_rowids(self.connection, table)
        marks = ", ".join("?" * (len(columns) + 2))
        self._fill = f"insert into {STAGE} values ({marks})"  # noqa: S608  fixed

    def stage(self, rows: Iterable[Values]) -> None:
        with self.errors():
            self.connection.execute(f"delete from {STAGE}")  # noqa: S608  fixed
            self._before = [self.connection.execute(late.last).fetchone()[0] for late in self._late]
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
        """What a deferred foreign key would find at the end: SQLite itself cannot be asked to look now.

        Of other tables, to which triggers write, only what came since the stage was filled.
        """
        for name, check in self._deferred:
            if found := self.execute(check):
                raise Refusal(words.no_parent(name, found[0][0]))
        for late, before in zip(self._late, self._before, strict=False):
            if found := self.execute(late.orphan, (before,)):
                raise Refusal(words.no_parent(late.columns, found[0][0]))

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
