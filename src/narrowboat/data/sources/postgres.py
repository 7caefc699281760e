"""PostgreSQL: one connection, one read-only transaction with one snapshot, one cursor on the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg import RawCursor
from psycopg.pq import Format
from psycopg.pq.abc import PGresult
from psycopg.types.string import TextLoader

from narrowboat.data.postgresql import unsaid
from narrowboat.data.source import Count, Row
from narrowboat.data.sources import postgres_catalogue
from narrowboat.data.sources.postgres_catalogue import Connection, numbered
from narrowboat.data.sources.relation import Known, Named, Relation, Select, Sql
from narrowboat.data.url import masked, scrub
from narrowboat.errors import SourceFailed, SourceUnavailable

_COUNTING: Final = 300
"""Milliseconds after which a count is given up for the planner's estimate."""
_CANCELLING: Final = 2.0
"""Seconds to wait for the server to take a request to cancel."""
_BLOCKS: Final = 4
"""Blocks fetched at once after the first: so many fewer journeys to the server."""
_BEGIN: Final = b"""
begin isolation level repeatable read read only;
set local statement_timeout = 0;
set local lock_timeout = '10s';
set local idle_in_transaction_session_timeout = '5min';
set local datestyle = iso;
set local extra_float_digits = 1;
"""
"""A run has its own deadline and a reader its own cancel, so no fetch is cut off by a time-out meant for requests; a
migration's lock is waited for as long as a person would; a worker that hangs gives its snapshot back. Dates and
floats are as the driver must have them."""
_AS_TEXT: Final = ("int2", "int4", "int8", "oid", "numeric", "date", "timestamp")
"""Types whose text says what formats make of their values, so none is made of them."""
_PASSING: Final = ("08", "40", "53", "57", "58", "55P03", "25P03", "25P04")
"""SQLSTATEs, by their beginning, that another attempt may not meet: connection, conflict with recovery, resources,
shutdown, system, a lock, time-outs of idle sessions."""
_CANCELLED: Final = "57014"


class PostgresSession:
    """A session of one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._fetched: list[Row] = []
        self._ended = False
        self._journey = 1
        self._raw_text = False
        with self._errors():
            self._connection: Connection = psycopg.connect(
                url,
                autocommit=True,
                cursor_factory=RawCursor,
                prepare_threshold=None,
                client_encoding="UTF8",
                fallback_application_name="narrowboat",
                **unsaid(url),
            )
        try:
            with self._errors():
                self._connection.execute(_BEGIN)
        except BaseException:
            self._connection.close()
            raise

    def relation(self, wanted: Named | Sql) -> Relation:
        with self._errors():
            if isinstance(wanted, Named):
                return postgres_catalogue.find(self._connection, wanted)
            return postgres_catalogue.describe(self._connection, wanted)

    def indexes(self, wanted: Named) -> Known | None:
        with self._errors():
            found = postgres_catalogue.indexes(self._connection, wanted)
        return None if found is None else Known(found, "create index concurrently")

    def count(self, counted: Sql) -> Count:
        """Exact where that takes less than 300 ms, else the planner's estimate."""
        with self._errors():
            try:
                self._connection.execute(f"set local statement_timeout = {_COUNTING}".encode())
                rows = self._ask(Sql("select count(*)") + counted)
                self._connection.execute(b"set local statement_timeout = 0")
                return Count(rows, estimated=False)
            except psycopg.errors.QueryCanceled:
                self._connection.rollback()
                self._connection.execute(_BEGIN)
                plan = self._ask(Sql("explain (format json) select") + counted)
                return Count(int(plan[0]["Plan"]["Plan Rows"]), estimated=True)

    def start(self, statement: Select, raw_text: bool) -> None:
        declared = Sql("declare narrowboat no scroll cursor for ") + statement.whole()
        with self._errors(), RawCursor(self._connection) as cursor:
            cursor.execute(numbered(declared), declared.parameters)
            # Without an encoding the driver hands text over as the bytes that came; so it does with some values' text.
            self._raw_text = raw_text and self._connection.info.parameter_status("server_encoding") == "UTF8"
            if self._raw_text:
                cursor.execute(b"set local client_encoding = 'SQL_ASCII'")
                for name in _AS_TEXT:
                    self._connection.adapters.register_loader(name, TextLoader)

    def fetch(self, rows: int) -> list[Row]:
        if len(self._fetched) < rows and not self._ended:
            wanted = rows * self._journey
            with self._errors():
                arrived = self._fetch(wanted)
            self._ended = len(arrived) < wanted
            self._journey = _BLOCKS
            self._fetched += arrived
        block, self._fetched = self._fetched[:rows], self._fetched[rows:]
        return block

    def interrupt(self) -> None:
        with suppress(psycopg.Error):  # the connection is gone: nothing runs
            self._connection.cancel_safe(timeout=_CANCELLING)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, question: Sql) -> Any:
        answer = self._connection.execute(numbered(question), question.parameters).fetchone()
        assert answer is not None  # noqa: S101 - an aggregate and a plan are one row
        return answer[0]

    def _fetch(self, rows: int) -> list[Row]:
        with RawCursor(self._connection) as cursor:
            cursor.execute(f"fetch forward {rows} from narrowboat".encode())
            try:
                return cursor.fetchall()
            except (psycopg.DataError, UnicodeDecodeError):
                assert cursor.pgresult is not None  # noqa: S101 - fetchall had it
                return _rows_as_text_where_needed(cursor.pgresult, self._connection, self._raw_text)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            state, primary = error.sqlstate, error.diag.message_primary
            said = scrub(primary or str(error).strip(), self._url)
            if error.diag.message_hint:
                said += f" ({error.diag.message_hint})"
            gone = state is None and isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
            if gone or (state is not None and state.startswith(_PASSING) and state != _CANCELLED):
                raise SourceUnavailable(f"PostgreSQL cannot be read now ({masked(self._url)}): {said}") from error
            raise SourceFailed(f"PostgreSQL refused the request ({masked(self._url)}): {said}") from error


def _rows_as_text_where_needed(result: PGresult, connection: Connection, raw_text: bool) -> list[Row]:
    """The rows of a result in which a cell has no Python value (a date `infinity`, a time 24:00): that one as text."""
    loads = [_load(result.ftype(index), connection, raw_text) for index in range(result.nfields)]
    return [
        tuple([load(result.get_value(row, index)) for index, load in enumerate(loads)]) for row in range(result.ntuples)
    ]


def _load(number: int, connection: Connection, raw_text: bool) -> Callable[[bytes | None], Any]:
    found = connection.adapters.get_loader(number, Format.TEXT) or connection.adapters.get_loader(0, Format.TEXT)
    assert found is not None  # noqa: S101 - the driver has one for unknown types
    loader = found(number, connection)

    def load(data: bytes | None) -> Any:
        if data is None:
            return None
        try:
            return loader.load(data)
        except (psycopg.DataError, UnicodeDecodeError):
            return data if raw_text else data.decode(errors="replace")

    return load
