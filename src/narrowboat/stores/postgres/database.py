"""PostgreSQL: many hosts, many writers; row locks where two might meet, one advisory lock for each owner."""

from __future__ import annotations

import re
import select
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from narrowboat.errors import BadConfiguration, MissingExtra, StorageFull, StoreUnavailable
from narrowboat.stores.database import Row, Session
from narrowboat.stores.pool import Pool
from narrowboat.stores.statements import Statements, migrations

try:
    import psycopg
    from psycopg import errors
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.pq import TransactionStatus
    from psycopg.rows import dict_row

    from narrowboat.data.postgresql import unsaid
    from narrowboat.data.url import scrub
except ImportError as error:  # pragma: no cover  the tests have the driver
    raise MissingExtra("PostgreSQL needs its driver: pip install narrowboat[postgres]") from error

Connection: TypeAlias = "psycopg.Connection[Any]"

_HERE = Path(__file__).parent
_CLOCK = "cast(extract(epoch from clock_timestamp()) as double precision)"
_WAIT_SECONDS = 10
_DEFAULTS = {"application_name": "narrowboat", "options": f"-c lock_timeout={_WAIT_SECONDS}s"}
"""What the URL does not say itself, beside what holds for every connection."""


class PostgreSQL:
    """A schema of a PostgreSQL database, 15 or newer."""

    def __init__(self, url: str, *, connections: int, schema: str) -> None:
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema):
            raise BadConfiguration(f"The schema {schema!r} is no plain name; use a-z, 0-9 and _.")
        self._conninfo = _conninfo(url)
        self._schema = schema
        self._statements = Statements(_HERE / "queries", self._translate)
        self._pool = Pool(self._connect, size=connections, wait=float(_WAIT_SECONDS))

    def _translate(self, sql: str) -> str:
        """Named parameters as psycopg writes them, the database's own clock, the schema that was asked for."""
        sql = sql.replace("narrowboat.", f"{self._schema}.")
        sql = re.sub(r":now\b", _CLOCK, sql)
        return re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Single statements, each in a transaction of its own."""
        with self._connection() as conn:
            yield PostgreSQLSession(conn, self._statements, self._schema)

    @contextmanager
    def write(self, conn: Connection | None = None) -> Iterator[Session]:
        """BEGIN to COMMIT under READ COMMITTED, or the caller's transaction, which must be READ COMMITTED as well.

        A COMMIT whose answer was lost raises StoreUnavailable and is not tried again here: the caller asks the
        store anew, and what it finds (the key, the cursor, the state) says whether it happened.
        """
        if conn is None:
            with self.transaction() as own:
                yield PostgreSQLSession(own, self._statements, self._schema)
            return
        if conn.autocommit and conn.info.transaction_status == TransactionStatus.IDLE:
            raise BadConfiguration("The connection is in autocommit mode; begin a transaction before passing it on.")
        with _driver_errors():
            yield PostgreSQLSession(conn, self._statements, self._schema)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """See `stores.database.Database`."""
        with self._connection() as own, _transaction(own):
            yield own

    def migrate(self) -> None:
        """Create or upgrade the tables, in one transaction under an advisory lock."""
        with self._connection() as conn, _transaction(conn):
            _migrate(conn, self._schema)

    def rest(self) -> None:
        """See `stores.database.Database`."""
        self._pool.forget_idle()

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with _driver_errors():
            conn = self._take()
            try:
                yield conn
            except psycopg.Error:
                self._pool.drop(conn)
                raise
            except BaseException:
                self._pool.give(conn)
                raise
            self._pool.give(conn)

    def _take(self) -> Connection:
        """A connection at rest has nothing to say; where one has, the server ended it, and likely the others too."""
        conn = self._pool.take()
        if _speaks(conn):
            self._pool.drop(conn)
            self._pool.forget_idle()
            conn = self._pool.take()
        return conn

    def _connect(self) -> Connection:
        return psycopg.connect(self._conninfo, autocommit=True)


class PostgreSQLSession:
    """Statements on one connection."""

    def __init__(self, conn: Connection, statements: Statements, schema: str) -> None:
        self._conn = conn
        self._statements = statements
        self._schema = schema

    def rows(self, query: str, **values: Any) -> list[Row]:
        return self._execute(query, values).fetchall()

    def row(self, query: str, **values: Any) -> Row | None:
        return self._execute(query, values).fetchone()

    def change(self, query: str, **values: Any) -> int:
        return self._execute(query, values).rowcount

    def change_many(self, query: str, many: Iterable[Mapping[str, Any]]) -> None:
        self._cursor().executemany(self._statements.get(query), many)

    def lock_owner(self, owner: str) -> None:
        """Counting in a conditional UPDATE let more through than the limit; this lock lets exactly so many."""
        self._execute("lock_owner", {"schema": self._schema, "owner": owner})

    def _execute(self, query: str, values: Mapping[str, Any]) -> psycopg.Cursor[Row]:
        return self._cursor().execute(self._statements.for_values(query, values), values)

    def _cursor(self) -> psycopg.Cursor[Row]:
        return self._conn.cursor(row_factory=dict_row)


def _speaks(conn: Connection) -> bool:
    """Whether something came that nobody read. By poll: select knows no file number above 1023."""
    look = select.poll()
    look.register(conn.fileno(), select.POLLIN)
    return bool(look.poll(0))


def _conninfo(url: str) -> str:
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        why = scrub(str(error), url).strip()
        raise BadConfiguration(f"The store's URL is no PostgreSQL URL: {why}") from None  # libpq quotes the password
    return make_conninfo(url, **unsaid(url), **{name: value for name, value in _DEFAULTS.items() if name not in given})


@contextmanager
def _transaction(conn: Connection) -> Iterator[None]:
    conn.execute("begin isolation level read committed")
    try:
        yield
        conn.execute("commit")
    except BaseException:
        if not conn.closed:
            conn.execute("rollback")
        raise


@contextmanager
def _driver_errors() -> Iterator[None]:
    try:
        yield
    except errors.DiskFull as error:
        raise StorageFull("The disk of the database of runs is full; make room, then resume the run.") from error
    except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
        raise StoreUnavailable(f"The database of runs has no tables yet; run migrate() first: {error}") from error
    except (psycopg.OperationalError, psycopg.InterfaceError, errors.FeatureNotSupported) as error:
        # FeatureNotSupported: another process upgraded the tables under a prepared statement.
        raise StoreUnavailable(f"The database of runs cannot be used: {error}") from error


def _migrate(conn: Connection, schema: str) -> None:
    conn.execute("select pg_advisory_xact_lock(hashtext('narrowboat'), hashtext(%s))", (schema,))
    conn.execute(f"create schema if not exists {schema}")
    conn.execute(
        f"create table if not exists {schema}.migrations (version bigint primary key, name text, at timestamptz)"
    )
    row = conn.execute(f"select coalesce(max(version), 0) from {schema}.migrations").fetchone()  # noqa: S608  checked
    current = row[0] if row else 0
    for version, name, sql in migrations(_HERE / "migrations", current, f"Schema {schema}"):
        conn.execute(sql.replace("narrowboat.", f"{schema}."))
        conn.execute(f"insert into {schema}.migrations values (%s, %s, now())", (version, name))  # noqa: S608  checked
