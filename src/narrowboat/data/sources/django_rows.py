"""A QuerySet under way, on its thread's connection, which is closed at the end as Django does after a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, InterfaceError, OperationalError, connections
from django.utils.connection import ConnectionDoesNotExist

from narrowboat.data.source import Count, Row
from narrowboat.data.sources.plain import plain
from narrowboat.data.sources.stopping import stop
from narrowboat.errors import SourceFailed, SourceUnavailable


class DjangoStatement:
    """shown: what people read instead of a stored value, by a column's place."""

    def __init__(self, rows: Any, shown: Mapping[int, Mapping[Any, str]]) -> None:
        self._alias = rows.db
        self._rows = rows
        self._shown = shown
        self._fetched: Iterator[Row] | None = None
        with database_errors(self._alias):
            self._connection = connections[self._alias]

    def fetch(self, rows: int) -> list[Row]:
        with database_errors(self._alias):
            if self._fetched is None:
                self._fetched = iter(self._rows.iterator(chunk_size=rows))
            block = plain(islice(self._fetched, rows))
        return [self._as_read(row) for row in block] if self._shown else block

    def interrupt(self) -> None:
        """As the driver can: see `stop`."""
        stop(self._connection.connection, self._ask)

    def _ask(self, statement: str) -> None:
        other = self._connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute(statement)
        finally:
            other.close()

    def close(self) -> None:
        self._fetched = None
        _close(self._connection)

    def _as_read(self, row: Row) -> Row:
        cells = list(row)
        for index, choices in self._shown.items():
            cells[index] = choices.get(cells[index], cells[index])
        return tuple(cells)


def count(rows: Any) -> Count:
    """How many rows a QuerySet has."""
    with database_errors(rows.db):
        try:
            return Count(rows.count(), estimated=False)
        finally:
            _close(connections[rows.db])


def _close(connection: Any) -> None:
    if not connection.in_atomic_block:  # the caller's transaction, as in a test
        connection.close()


@contextmanager
def database_errors(alias: str) -> Iterator[None]:
    """Django's errors as ours: SourceUnavailable where another attempt may help, else SourceFailed."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if "locked" in str(error) or not _usable(alias):
            raise SourceUnavailable(f"The database {alias!r} cannot be read now: {error}") from error
        raise SourceFailed(f"The database {alias!r} refused the request: {error}") from error
    except (Error, ImproperlyConfigured, ConnectionDoesNotExist) as error:
        raise SourceFailed(f"The database {alias!r} refused the request: {error}") from error


def _usable(alias: str) -> bool:
    connection = connections[alias]
    return connection.connection is not None and connection.is_usable()
