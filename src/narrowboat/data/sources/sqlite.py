"""SQLite: one read-only connection in one read transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

from narrowboat.data.source import Count, Row
from narrowboat.data.sources import sqlite_catalogue
from narrowboat.data.sources.relation import MARK, Known, Named, Relation, Sql
from narrowboat.data.sqlite_types import bindable
from narrowboat.errors import BadParameter, SourceFailed, SourceUnavailable

_WAIT: Final = 5.0
"""Seconds to wait for a writer that holds the file."""
_COUNTING: Final = 1.0
"""Seconds after which a count is given up."""
_STEPS: Final = 100_000
"""Steps of SQLite's machine between two looks at the clock while it counts: about a millisecond."""
_SKIPPED: Final = 1_000
"""Rows fetched at once while passing over those that were delivered."""
_PASSING: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_FULL,
}
"""Results that another attempt may not have. Extended codes hold these in their low byte."""


class SqliteSession:
    """A session of one database file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._cursor: sqlite3.Cursor | None = None
        self._statement = ""
        self._parameters: tuple[Any, ...] = ()
        self._fetched = 0
        if not Path(path).is_file():
            raise SourceUnavailable(f"There is no database file {path}. Check the path, or wait until it is there.")
        with self._errors():
            uri = f"file:{quote(path)}?mode=ro"
            self._connection = sqlite3.connect(
                uri, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("begin")

    def relation(self, wanted: Named | Sql) -> Relation:
        with self._errors():
            if isinstance(wanted, Named):
                return sqlite_catalogue.find(self._connection, wanted)
            return sqlite_catalogue.describe(self._connection, wanted)

    def indexes(self, wanted: Named) -> Known | None:
        with self._errors():
            found = sqlite_catalogue.indexes(self._connection, wanted)
        return None if found is None else Known(found, "create index")

    def count(self, counted: Sql) -> Count | None:
        """Exact, or None where it takes longer than a second."""
        self.start(Sql("select count(*)") + counted, raw_text=False)
        end = monotonic() + _COUNTING
        self._connection.set_progress_handler(lambda: monotonic() > end, _STEPS)
        with self._errors():
            try:
                (rows,) = self._execute().fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                    raise
                return None
            finally:
                self._connection.set_progress_handler(None, 0)
        return Count(rows, estimated=False)

    def start(self, statement: Sql, raw_text: bool) -> None:
        self._statement = statement.text.replace(MARK, "?")
        self._parameters = tuple(bindable(value, _compared) for value in statement.parameters)
        self._connection.text_factory = bytes if raw_text else str

    def fetch(self, rows: int) -> list[Row]:
        """Text that is not UTF-8 is delivered as its bytes."""
        with self._errors():
            if self._cursor is None:
                self._cursor = self._execute()
            try:
                fetched = self._cursor.fetchmany(rows)
            except sqlite3.OperationalError as error:
                if not str(error).startswith("Could not decode to UTF-8"):
                    raise
                self._cursor = self._again()
                fetched = self._cursor.fetchmany(rows)
        self._fetched += len(fetched)
        return fetched

    def interrupt(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # closed meanwhile: nothing runs
            self._connection.interrupt()

    def close(self) -> None:
        if self._cursor is not None:
            self._cursor.close()  # while there is one, a closed connection still keeps writers of its file waiting
            self._cursor = None
        self._connection.close()

    def _execute(self) -> sqlite3.Cursor:
        return self._connection.execute(self._statement, self._parameters)

    def _again(self) -> sqlite3.Cursor:
        """The statement from its start, past the rows that were fetched: in one snapshot it repeats itself."""
        self._connection.text_factory = _text
        cursor = self._execute()
        for passed in range(0, self._fetched, _SKIPPED):
            cursor.fetchmany(min(_SKIPPED, self._fetched - passed))
        return cursor

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _PASSING:
                raise SourceUnavailable(f"SQLite cannot read {self._path} now: {error}.") from error
            said = str(error).removesuffix(".")
            raise SourceFailed(f"SQLite refused the request to {self._path}: {said}.") from error


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _compared(value: Any) -> str:
    """An exact number or a UUID as text. Raises BadParameter for what no column holds."""
    from uuid import UUID  # rarely needed, and dear to import

    if isinstance(value, Decimal | UUID):
        return str(value)
    raise BadParameter(f"SQLite cannot compare with a {type(value).__name__}.")
