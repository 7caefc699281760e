"""SQLite: one file on one host, many readers, one writer at a time, each commit synced to disk."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from narrowboat.errors import StorageFull, StoreUnavailable
from narrowboat.stores.database import Row, Session
from narrowboat.stores.pool import Pool
from narrowboat.stores.statements import Statements, migrations

_HERE = Path(__file__).parent
_BUSY_SECONDS = 10.0
_NAP_SECONDS = 0.02
"""SQLite waits longer and longer for a lock, up to 0.1 s between two looks, and so lost to a busy writer for up to two
seconds. So it is asked again after this time, and begins with short waits."""
_CACHE_KB = 256
"""What each connection keeps, in place of 2 MB, which it would fill with runs that are over: a run needs little at
hand, and the system has the rest."""
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
T = TypeVar("T")


def _translate(sql: str) -> str:
    """PostgreSQL's words in SQLite's: no schemas, no arrays, and no row locks, as there is one writer."""
    sql = sql.replace("narrowboat.", "narrowboat_")
    for lock in ("for update", "for share"):
        sql = sql.replace(f"{lock} skip locked", "").replace(lock, "")
    return re.sub(r"= any\((:\w+)\)", r"in (select value from json_each(\1))", sql) if "any(" in sql else sql


class SQLite:
    """A database file. Made with mode 0600 if missing, in a folder that is made with mode 0700 if missing."""

    def __init__(self, path: Path, *, connections: int) -> None:
        self._path = path
        self._statements = Statements(_HERE / "queries", _translate)
        self._pool = Pool(self._connect, size=connections, wait=_BUSY_SECONDS)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Each statement sees one moment; none waits for the writer."""
        conn = self._pool.take()
        try:
            with _driver_errors(self._path):
                yield SQLiteSession(conn, self._statements)
        finally:
            self._pool.give(conn)

    @contextmanager
    def write(self, conn: sqlite3.Connection | None = None) -> Iterator[Session]:
        """BEGIN IMMEDIATE to COMMIT. The caller's own transaction is begun so too, if it was not yet."""
        if conn is not None:
            with _driver_errors(self._path):
                if not conn.in_transaction:
                    _patiently(lambda: conn.execute("begin immediate"))
                yield SQLiteSession(conn, self._statements)
            return
        with self.transaction() as own:
            yield SQLiteSession(own, self._statements)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """See `stores.database.Database`."""
        own = self._pool.take()
        try:
            with _driver_errors(self._path), _transaction(own):
                yield own
        finally:
            self._pool.give(own)

    def migrate(self) -> None:
        """Create or upgrade the tables, in one transaction."""
        conn = self._pool.take()
        try:
            with _driver_errors(self._path), _transaction(conn):
                _migrate(conn, self._path)
        finally:
            self._pool.give(conn)

    def rest(self) -> None:
        """See `stores.database.Database`."""
        self._pool.forget_idle()

    def close(self) -> None:
        self._pool.close()

    def _connect(self) -> sqlite3.Connection:
        with _driver_errors(self._path):
            _create(self._path)
            conn = sqlite3.connect(
                self._path,
                timeout=_NAP_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            try:
                _use_wal(conn)
                conn.execute("pragma synchronous = full")
                conn.execute(f"pragma cache_size = -{_CACHE_KB}")
            except BaseException:
                conn.close()
                raise
        return conn


class SQLiteSession:
    """Statements on one connection."""

    def __init__(self, conn: sqlite3.Connection, statements: Statements) -> None:
        self._conn = conn
        self._statements = statements

    def rows(self, query: str, **values: Any) -> list[Row]:
        cursor = self._execute(query, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, query: str, **values: Any) -> Row | None:
        rows = self.rows(query, **values)
        return rows[0] if rows else None

    def change(self, query: str, **values: Any) -> int:
        return self._execute(query, values).rowcount

    def change_many(self, query: str, many: Iterable[Mapping[str, Any]]) -> None:
        self._cursor().executemany(self._statements.get(query), many)

    def lock_owner(self, owner: str) -> None:
        """Nothing to do: this transaction is the only writer already."""

    def _execute(self, query: str, values: dict[str, Any]) -> sqlite3.Cursor:
        bound = {name: json.dumps(value) if isinstance(value, list) else value for name, value in values.items()}
        bound["now"] = time.time()
        cursor, sql = self._cursor(), self._statements.for_values(query, values)
        return _patiently(lambda: cursor.execute(sql, bound))

    def _cursor(self) -> sqlite3.Cursor:
        cursor = self._conn.cursor()
        cursor.row_factory = None
        return cursor


def _patiently(attempt: Callable[[], T]) -> T:
    """Try again while another connection holds the lock, up to ten seconds."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            return attempt()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) not in _LOCKED or time.monotonic() > until:
                raise


@contextmanager
def _transaction(conn: sqlite3.Connection) -> Iterator[None]:
    _patiently(lambda: conn.execute("begin immediate"))
    try:
        yield
        conn.execute("commit")
    except BaseException:
        if conn.in_transaction:
            conn.execute("rollback")
        raise


@contextmanager
def _driver_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # a bug, not an outage
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise StorageFull(f"The disk of {path} is full; make room, then resume the run.") from error
        advice = "; run migrate() first" if "no such table" in str(error) else ""
        raise StoreUnavailable(f"The store of runs {path} cannot be used: {error}{advice}.") from error


def _create(path: Path) -> None:
    """The file with its rights, before SQLite opens it; the folder is synced, so that it survives a power cut."""
    if path.exists():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise StoreUnavailable(f"The store of runs {path} cannot be made: {error.strerror}.") from error
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _use_wal(conn: sqlite3.Connection) -> None:
    """Write-ahead log. The switch itself does not wait for other connections, so it is tried until it is done."""
    if _patiently(lambda: conn.execute("pragma journal_mode").fetchone()) != ("wal",):
        _patiently(lambda: conn.execute("pragma journal_mode = wal"))


def _migrate(conn: sqlite3.Connection, path: Path) -> None:
    conn.execute(
        "create table if not exists narrowboat_migrations (version integer primary key, name text not null, at real)"
    )
    (current,) = conn.execute("select coalesce(max(version), 0) from narrowboat_migrations").fetchone()
    for version, name, sql in migrations(_HERE / "migrations", current, str(path)):
        for statement in _split(sql):
            conn.execute(statement)
        conn.execute("insert into narrowboat_migrations values (?, ?, ?)", (version, name, time.time()))


def _split(script: str) -> Iterator[str]:
    """Single statements: executescript would commit the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if ";" in line and sqlite3.complete_statement(statement):
            yield statement
            statement = ""
