"""PostgreSQL as a target: COPY into a temporary table, then one statement; read committed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.types.json import JsonbDumper

from narrowboat.data.columns import Type
from narrowboat.data.postgresql import unsaid
from narrowboat.data.records.problem import Problem
from narrowboat.data.targets import words
from narrowboat.data.targets.engine import (
    PLACE,
    ROW,
    STAGE,
    Again,
    Catalogue,
    Key,
    Refusal,
    Values,
    listed,
    quoted,
    removing,
)
from narrowboat.data.targets.queries import load
from narrowboat.data.url import masked, scrub
from narrowboat.errors import StorageFull, TargetFailed, TargetUnavailable

_CANCELLING: Final = 2.0
"""Seconds to wait for the server to take a request to cancel."""
_SETTINGS: Final = b"""
set statement_timeout = 0; set lock_timeout = '30s'; set idle_in_transaction_session_timeout = '5min';
set datestyle = iso; set extra_float_digits = 1"""
"""A run has its own deadline and a way to cancel; a worker that hangs gives its locks back."""
_OF_ROWS: Final = ("22", "23", "44", "P0001")
"""SQLSTATEs, by their beginning, that are the rows' fault: data, constraints, views with a check, triggers."""
_AGAIN: Final = ("40001", "40P01")
_PASSING: Final = ("08", "53", "55P03", "57", "58", "25P03", "25P04")
_FULL: Final = "53100"
_RAISED: Final = "exec_stmt_raise"
"""Where in the server an error comes from that a function in PL/pgSQL raised."""
_WRAP: Final = 1 << 32
_TYPES: Final = {
    "text": Type.TEXT,
    "character varying": Type.TEXT,
    "character": Type.TEXT,
    "smallint": Type.INTEGER,
    "integer": Type.INTEGER,
    "bigint": Type.INTEGER,
    "real": Type.FLOAT,
    "double precision": Type.FLOAT,
    "numeric": Type.DECIMAL,
    "boolean": Type.BOOLEAN,
    "date": Type.DATE,
    "time without time zone": Type.TIME,
    "timestamp without time zone": Type.DATETIME,
    "timestamp with time zone": Type.DATETIME,
}
"""Types whose cells can be understood here. Of others the cell goes to the server as it is."""


class PostgresEngine:
    """Implements `engine.Engine` for a server. connection: one that is open; else one is opened."""

    locking = " for update of t"
    tells_rows = True

    def __init__(self, url: str, connection: psycopg.Connection[Any] | None = None) -> None:
        self._url = url
        self._names: dict[str, tuple[str, ...]] = {}
        self.connection: psycopg.Connection[Any] = connection or self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        with self.errors():
            made = psycopg.connect(
                self._url,
                autocommit=True,
                client_encoding="UTF8",
                fallback_application_name="narrowboat",
                **unsaid(self._url),
            )
            made.execute(_SETTINGS)
            return made

    def catalogue(self, name: str) -> Catalogue:
        found = self.execute(load("postgres_table"), (name, name))
        if not found:
            tables = ", ".join(table for (table,) in self.execute(load("postgres_tables")))
            raise TargetFailed(f"There is no table {name!r} in {masked(self._url)}. Tables: {tables or 'none'}.")
        number, sql, ref = found[0]
        columns = self.execute(load("postgres_columns"), (number,))
        indexes = self.execute(load("postgres_keys"), (number,))
        primary = next((tuple(names) for names, is_primary, _, _ in indexes if is_primary), ())
        self._names |= {
            name: tuple(names) for name, names in self.execute(load("postgres_constraints"), (number, number))
        }
        whole = [Key(tuple(names)) for names, _, plain, _ in indexes if plain]
        return Catalogue(
            sql=sql,
            ref=ref,
            columns=tuple(column[0] for column in columns),
            computed=frozenset(column[0] for column in columns if column[1]),
            types=tuple(_TYPES.get(column[2], Type.ANY) for column in columns),
            required=frozenset(column[0] for column in columns if column[3]),
            primary=primary,
            keys=tuple(whole),
            deferrable=any(late for *_, late in indexes),
            followed=bool(self.execute(load("postgres_triggers"), (number,))),
        )

    def has_table(self, name: str) -> bool:
        return bool(self.execute("select to_regclass(?)", (name,))[0][0])

    def identity(self, table: Catalogue) -> tuple[str, ...]:
        return tuple(map(quoted, table.primary)) or ("ctid",)

    def mark(self, table: Catalogue) -> Any:
        """The next transaction's number: records that others write from now on carry it or a later one."""
        return int(self.execute("select pg_snapshot_xmax(pg_current_snapshot())::text")[0][0])

    def age(self, table: Catalogue) -> str:
        return "t.xmin::text"

    def is_newer(self, age: Any, mark: Any) -> bool:
        """Numbers in records have 32 bits and go round."""
        return (int(age) - int(mark)) % _WRAP < _WRAP // 2

    def image(self, table: Catalogue, prefix: str) -> str:
        return f"to_jsonb({prefix}.*)::text"

    def put_back(self, table: Catalogue, records: Sequence[tuple[Values, str]]) -> None:
        names = listed(name for name in table.columns if name not in table.computed)
        where = " and ".join(f"{quoted(name)} = ?" for name in table.primary)
        self.execute_many(
            f"update {table.sql} set ({names}) = "  # noqa: S608  all quoted
            f"(select {names} from jsonb_populate_record(null::{table.sql}, ?::jsonb)) where {where}",
            [(image, *record) for record, image in records],
        )

    def remove(self, table: Catalogue, record: Values) -> None:
        where = " and ".join(f"{quoted(name)} = ?" for name in table.primary)
        self.execute(f"delete from {table.sql} where {where}", record)  # noqa: S608  all quoted

    def remove_staged(self, table: Catalogue, rows: Sequence[int]) -> None:
        self.execute(removing(table), (list(rows),))

    def prepare(self, table: Catalogue, columns: Sequence[str]) -> None:
        selected = "".join(f", {quoted(name)}" for name in columns)
        self.execute(
            f"create temp table {STAGE} on commit delete rows as select 0::bigint as {PLACE}, 0::bigint as {ROW}"  # noqa: S608
            f"{selected} from {table.sql} with no data"
        )

    def stage(self, rows: Iterable[Values]) -> None:
        self.execute(f"delete from {STAGE}")  # noqa: S608  fixed
        with self.errors(), self.connection.cursor() as cursor:
            cursor.adapters.register_dumper(dict, JsonbDumper)
            with cursor.copy(f"copy {STAGE} from stdin") as copy:
                for place, row in enumerate(rows):
                    copy.write_row((place, *row))

    def unstage(self, rows: Sequence[int]) -> None:
        self.execute(f"delete from {STAGE} where {ROW} in ?any", (list(rows),))  # noqa: S608  fixed

    def execute(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        with self.errors():
            cursor = self.connection.execute(_placed(statement), list(values))
            return cursor.fetchall() if cursor.description else []

    def execute_many(self, statement: str, rows: Sequence[Values]) -> None:
        with self.errors(), self.connection.cursor() as cursor:
            cursor.executemany(_placed(statement), rows)

    def begin(self) -> None:
        self.execute("begin isolation level read committed")

    def settle(self) -> None:
        self.execute("set constraints all immediate")

    def commit(self) -> None:
        self.execute("commit")

    def rollback(self) -> None:
        with suppress(TargetUnavailable):  # the connection is gone, and the transaction with it
            self.execute("rollback")

    def interrupt(self) -> None:
        with suppress(psycopg.Error):  # the connection is gone: nothing runs
            self.connection.cancel_safe(timeout=_CANCELLING)

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See `engine.Engine`."""
        try:
            yield
        except UnicodeError as error:
            raise Refusal(Problem("not-storable", "has text that is not valid Unicode")) from error
        except psycopg.Error as error:
            state = error.sqlstate
            if state in _AGAIN:
                raise Again from error
            if state and (state.startswith(_OF_ROWS) or _is_of_row(error, state)):
                key = self._names.get(error.diag.constraint_name or "", ())
                raise Refusal(self._told(error, state), key) from error
            if state is None and isinstance(error, psycopg.DataError | psycopg.ProgrammingError):
                raise Refusal(Problem("not-storable", f"PostgreSQL cannot keep a value of it: {error}")) from error
            said = scrub(error.diag.message_primary or str(error).strip(), self._url)
            if state == _FULL:
                raise StorageFull(f"The disk of {masked(self._url)} is full; make room, then resume.") from error
            if state is None or state.startswith(_PASSING):
                raise TargetUnavailable(f"PostgreSQL cannot be written to now ({masked(self._url)}): {said}") from error
            raise TargetFailed(f"PostgreSQL refused ({masked(self._url)}): {said}") from error

    def _told(self, error: psycopg.Error, state: str) -> Problem:
        """What PostgreSQL said, in words."""
        said, detail = error.diag.message_primary or "", (error.diag.message_detail or "").rstrip(".")
        names = self._names.get(error.diag.constraint_name or "", ())
        column = error.diag.column_name or (names[0] if len(names) == 1 else None)
        if state == "P0001" or error.diag.source_function == _RAISED:
            return Problem("refused", said)
        match state:
            case "23502":
                return Problem("required", "is required by the database", column)
            case "23503":
                return words.no_parent(", ".join(names), detail.partition("=")[2].partition(")")[0].lstrip("("))
            case "23505" | "23P01":
                named = f"this {' and '.join(names)}" if names else f"the same {error.diag.constraint_name}"
                return Problem("exists", f"there is a record with {named} already ({detail})", column)
            case "42501":
                return Problem("refused", "the policies of the table do not let you write it")
            case "23514":
                return Problem("check-failed", f"the database requires {error.diag.constraint_name}")
            case "22001":
                return Problem("too-long", f"is longer than the database allows ({said})", column)
            case "22003":
                return Problem("out-of-range", f"is larger than the database allows ({said})", column)
        return Problem("not-storable", f"the database refuses it: {said}{f' ({detail})' if detail else ''}", column)


def _is_of_row(error: psycopg.Error, state: str) -> bool:
    """Whether a trigger raised it, under any SQLSTATE, or a row breaks a policy (row-level security).

    That the table as a whole is denied has the policy's SQLSTATE too.
    """
    where = error.diag.source_function
    return where == _RAISED or (state == "42501" and where == "ExecWithCheckOptions")


def _placed(statement: str) -> bytes:
    """`%s` for `?`. Names may hold a `%`, and in quotes a `?`."""
    parts = statement.replace("%", "%%").split('"')
    parts[::2] = [part.replace("in ?any", "= any(?)").replace("?", "%s") for part in parts[::2]]
    return '"'.join(parts).encode()
