"""SQLite: one read-only connection in one read transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

from narrowboat.data.source import Count, Row
from narrowboat.data.sources import sqlite_catalogue
from narrowboat.data.sources.relation import MARK, Known, Named, Relation, Select, Sql
from narrowboat.data.sources.sqlite_taking import Sweeping, Taking, gave_up, sorts
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
        self._statement: Select | None = None
        self._raw_text = False
        self._rows: Taking | Sweeping | sqlite3.Cursor | None = None
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
        end = monotonic() + _COUNTING
        self._connection.set_progress_handler(lambda: monotonic() > end, _STEPS)
        with self._errors():
            try:
                (rows,) = self._connection.execute(*_bound(Sql("select count(*)") + counted)).fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                    raise
                return None
            finally:
                self._connection.set_progress_handler(None, 0)
        return Count(rows, estimated=False)

    def start(self, statement: Select, raw_text: bool) -> None:
        self._statement, self._raw_text = statement, raw_text

    def fetch(self, rows: int) -> list[Row]:
        """Text that is not UTF-8 is delivered as its bytes."""
        with self._errors():
            try:
                if self._rows is None:
                    self._rows = self._begin()
                fetched = self._rows.fetchmany(rows)
            except sqlite3.OperationalError as error:
                if not gave_up(error):
                    raise
                self._rows = self._begin_again()
                fetched = self._rows.fetchmany(rows)
        self._fetched += len(fetched)
        return fetched

    def interrupt(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # closed meanwhile: nothing runs
            self._connection.interrupt()

    def close(self) -> None:
        if self._rows is not None:
            self._rows.close()  # while there is one, a closed connection still keeps writers of its file waiting
            self._rows = None
        self._connection.close()

    def _begin(self) -> Taking | Sweeping | sqlite3.Cursor:
        statement = self._statement
        assert statement is not None, "it was started"  # noqa: S101
        most = self._connection.getlimit(sqlite3.SQLITE_LIMIT_FUNCTION_ARG)
        if len(statement.values) > most or sorts(self._connection, *_bound(statement.whole())):
            return self._plainly()
        if statement.every:
            return Sweeping(self._connection, statement.values, statement.rows.text, statement.ending)
        return Taking(self._connection, statement.values, *_bound(statement.rest))

    def _plainly(self) -> sqlite3.Cursor:
        """Cell by cell: what can always be done."""
        assert self._statement is not None, "it was started"  # noqa: S101
        self._connection.text_factory = bytes if self._raw_text else _text
        return self._connection.execute(*_bound(self._statement.whole()))

    def _begin_again(self) -> sqlite3.Cursor:
        """The statement from its start, past the rows that were fetched: in one snapshot it repeats itself."""
        if self._rows is not None:
            self._rows.close()
        cursor = self._plainly()
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


def _bound(sql: Sql) -> tuple[str, tuple[Any, ...]]:
    """What sqlite3 executes."""
    return sql.text.replace(MARK, "?"), tuple(bindable(value, _compared) for value in sql.parameters)


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _compared(value: Any) -> str:
    """An exact number or a UUID as text. Raises BadParameter for what no column holds."""
    from decimal import Decimal  # rarely needed, and dear to import, as the next
    from uuid import UUID

    if isinstance(value, Decimal | UUID):
        return str(value)
    raise BadParameter(f"SQLite cannot compare with a {type(value).__name__}.")
