"""MySQL and MariaDB: one connection, one read-only transaction with one snapshot, rows as the server sends them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import pymysql
from pymysql.constants import CR, ER, FIELD_TYPE
from pymysql.cursors import SSCursor

from narrowboat.data.source import Count, Row
from narrowboat.data.sources import mysql_catalogue
from narrowboat.data.sources.mysql_catalogue import Connection
from narrowboat.data.sources.relation import MARK, Known, Named, Relation, Select, Sql
from narrowboat.data.url import masked, scrub
from narrowboat.errors import BadParameter, SourceFailed, SourceUnavailable

_CONNECTING: Final = 10
"""Seconds to wait for a connection, where the URL does not say."""
_COUNTING: Final = 0.3
"""Seconds after which a count is given up for the planner's estimate."""
_CANCELLING: Final = 2
"""Seconds to wait for the server to take a request to cancel."""
_SETTINGS: Final = (
    "set session transaction isolation level repeatable read",
    "set session time_zone = '+00:00', net_write_timeout = 600, lock_wait_timeout = 10",
    "start transaction with consistent snapshot, read only",
)
"""Moments are as the server keeps them. A run that waits for its own disk is not cut off after the usual minute; a
migration's lock is waited for as long as a person would."""
_OPTIONS: Final[dict[str, Callable[[str], Any]]] = {
    "unix_socket": str,
    "connect_timeout": int,
    "ssl_ca": str,
    "ssl_cert": str,
    "ssl_key": str,
    "ssl_verify_cert": lambda text: text == "true",
    "ssl_verify_identity": lambda text: text == "true",
}
"""What may stand behind `?` in a URL, as the driver has it."""
_PASSING: Final = {
    CR.CR_CONNECTION_ERROR,
    CR.CR_CONN_HOST_ERROR,
    CR.CR_SERVER_GONE_ERROR,
    CR.CR_SERVER_LOST,
    ER.CON_COUNT_ERROR,
    ER.OUT_OF_RESOURCES,
    ER.SERVER_SHUTDOWN,
    ER.NORMAL_SHUTDOWN,
    ER.LOCK_WAIT_TIMEOUT,
    ER.LOCK_DEADLOCK,
    ER.TOO_MANY_USER_CONNECTIONS,
    ER.TABLE_DEF_CHANGED,
    1927,  # the connection was killed
    0,  # the driver found its connection closed
}
"""Errors that another attempt may not meet."""
_TOO_LONG: Final = {1969, 3024}
"""How MariaDB and MySQL call a time-out of a statement."""
_LITERALS: Final = (bool, int, float, Decimal, str, bytes, date, time, timedelta, UUID)
_TIME: Final = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?")


class MysqlSession:
    """A session of one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._cursor: SSCursor | None = None
        with self._errors():
            self._settings = _settings(url)
            self._connection: Connection = self._connect(self._settings)
        try:
            for setting in _SETTINGS:
                self._execute(Sql(setting))
            ((self._thread, self._version),) = self._execute(Sql("select connection_id(), version()"))[1]
        except BaseException:
            self._connection.close()
            raise

    def relation(self, wanted: Named | Sql) -> Relation:
        if isinstance(wanted, Named):
            return mysql_catalogue.find(self._execute, wanted)
        try:
            return mysql_catalogue.describe(self._execute, wanted)
        except SourceFailed as error:
            if getattr(error.__cause__, "args", (None,))[0] == ER.PARSE_ERROR:
                self._check(wanted)
            raise

    def indexes(self, wanted: Named) -> Known | None:
        found = mysql_catalogue.indexes(self._execute, wanted)
        return None if found is None else Known(found, "create index")

    def count(self, counted: Sql) -> Count:
        """Exact where that takes less than 300 ms, else the planner's estimate."""
        if "MariaDB" in self._version:
            asked = Sql(f"set statement max_statement_time = {_COUNTING} for select count(*)") + counted
        else:
            asked = Sql(f"select /*+ max_execution_time({int(_COUNTING * 1000)}) */ count(*)") + counted
        try:
            return Count(self._execute(asked)[1][0][0], estimated=False)
        except SourceFailed as error:
            if getattr(error.__cause__, "args", (None,))[0] not in _TOO_LONG:
                raise
            return Count(self._estimate(counted), estimated=True)

    def start(self, statement: Select, raw_text: bool) -> None:
        with self._errors():
            self._connection.use_unicode = not raw_text
            self._cursor = self._connection.cursor(SSCursor)
            self._cursor.execute(self._spelled(statement.whole()))

    def fetch(self, rows: int) -> list[Row]:
        assert self._cursor is not None  # noqa: S101 - started
        with self._errors():
            return list(self._cursor.fetchmany(rows))

    def interrupt(self) -> None:
        with suppress(pymysql.Error, OSError):  # the server is gone: nothing runs
            other = self._connect(self._settings | {"connect_timeout": _CANCELLING, "read_timeout": _CANCELLING})
            with other, other.cursor() as cursor:
                cursor.execute(f"kill query {self._thread}")

    def close(self) -> None:
        if self._cursor is not None:  # which would read all rows that are left before it closes
            if (result := self._cursor._result) is not None:  # type: ignore[attr-defined]
                result.unbuffered_active = False
            self._cursor.connection = None  # type: ignore[assignment]
        if self._connection.open:
            with suppress(pymysql.Error, OSError):
                self._connection.close()

    def _connect(self, settings: dict[str, Any]) -> Connection:
        return pymysql.connect(charset="utf8mb4", autocommit=True, conv=_DECODERS, **settings)

    def _execute(self, statement: Sql) -> tuple[list[Any], list[tuple[Any, ...]]]:
        with self._errors(), self._connection.cursor() as cursor:
            cursor.execute(self._spelled(statement))
            described = cursor._result.fields if cursor.description else []  # type: ignore[attr-defined]
            return list(described), list(cursor.fetchall())

    def _check(self, statement: Sql) -> None:
        """Raises SourceFailed where a statement is wrong as it was written, without what stands around it here."""
        text = self._connection.escape(self._spelled(statement), self._connection.encoders)
        self._execute(Sql(f"prepare narrowboat from {text}"))  # which does not run it

    def _estimate(self, counted: Sql) -> int:
        described, rows = self._execute(Sql("explain extended select 1") + counted)
        names = [one.name.lower() for one in described]
        estimate = 1.0
        for row in (dict(zip(names, row, strict=True)) for row in rows):
            if row["id"] == rows[0][0] and row["rows"] is not None:
                estimate *= int(row["rows"]) * float(row["filtered"] or 100) / 100
        return round(estimate)

    def _spelled(self, statement: Sql) -> str:
        """The statement with its parameters as literals: this protocol's other way cannot stream."""
        head, *tail = statement.text.split(MARK)
        encoders = self._connection.encoders
        literals = [self._connection.escape(_bindable(value), encoders) for value in statement.parameters]
        return head + "".join(literal + text for literal, text in zip(literals, tail, strict=True))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (pymysql.Error, OSError, RuntimeError, UnicodeError) as error:
            code = error.args[0] if error.args and isinstance(error.args[0], int) else None
            said = scrub(str(error.args[-1] if code else error), self._url)
            if code in _PASSING or isinstance(error, OSError):
                raise SourceUnavailable(f"MySQL cannot be read now ({masked(self._url)}): {said}") from error
            raise SourceFailed(f"MySQL refused the request ({masked(self._url)}): {said}") from error


def _settings(url: str) -> dict[str, Any]:
    """What the driver is told. Raises SourceFailed."""
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:  # which may quote a piece of the password
        raise SourceFailed(
            f"{masked(url)!r} cannot be read as a URL. Is the port a number, and are special characters "
            "in the password escaped, such as # by %23?"
        ) from None
    options = dict(parse_qsl(parts.query))
    if unknown := options.keys() - _OPTIONS.keys():
        raise SourceFailed(f"MySQL knows no option {', '.join(sorted(unknown))}. Options: {', '.join(_OPTIONS)}.")
    given = {name: _OPTIONS[name](value) for name, value in options.items()}
    return {
        "host": parts.hostname or "localhost",
        "port": port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")) or None,
        "connect_timeout": _CONNECTING,
        **given,
    }


def _bindable(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, UUID):
        return str(value)
    if value is None or isinstance(value, _LITERALS):
        return value
    raise BadParameter(f"MySQL cannot compare with a {type(value).__name__}.")


def _or_text(convert: Callable[[str], Any]) -> Callable[[str | bytes], Any]:
    """A cell that Python has no value for (0000-00-00, a time over 24 hours) stays the text that came."""

    def load(data: str | bytes) -> Any:
        try:
            return convert(data.decode() if isinstance(data, bytes) else data)
        except ValueError:
            return data

    return load


def _time(text: str) -> time:
    if (found := _TIME.fullmatch(text)) is None:
        raise ValueError(text)
    hours, minutes, seconds, fraction = found.groups()
    return time(int(hours), int(minutes), int(seconds), int((fraction or "").ljust(6, "0")))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_DECODERS: Final[dict[Any, Any]] = {
    **{kind: encode for kind, encode in pymysql.converters.conversions.items() if isinstance(kind, type)},
    FIELD_TYPE.TINY: int,
    FIELD_TYPE.SHORT: int,
    FIELD_TYPE.INT24: int,
    FIELD_TYPE.LONG: int,
    FIELD_TYPE.LONGLONG: int,
    FIELD_TYPE.YEAR: int,
    FIELD_TYPE.FLOAT: float,
    FIELD_TYPE.DOUBLE: float,
    FIELD_TYPE.DECIMAL: _or_text(Decimal),
    FIELD_TYPE.NEWDECIMAL: _or_text(Decimal),
    FIELD_TYPE.DATE: _or_text(date.fromisoformat),
    FIELD_TYPE.NEWDATE: _or_text(date.fromisoformat),
    FIELD_TYPE.TIME: _or_text(_time),
    FIELD_TYPE.DATETIME: _or_text(datetime.fromisoformat),
    FIELD_TYPE.TIMESTAMP: _or_text(_moment),
}
