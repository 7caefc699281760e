"""One connection of a SQLAlchemy engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Select, create_engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from narrowboat.data.source import Count, Row
from narrowboat.data.sources.plain import plain
from narrowboat.data.sources.stopping import stop
from narrowboat.data.url import masked, scrub
from narrowboat.errors import MissingExtra, SourceFailed, SourceUnavailable


class AlchemySession:
    """A statement on a connection of its own. Also raises MissingExtra where the dialect's driver is not installed."""

    def __init__(self, engine: str | Engine) -> None:
        self._url = engine if isinstance(engine, str) else engine.url.render_as_string(hide_password=False)
        self._statement: Select[Any] | None = None
        self._result: CursorResult[Any] | None = None
        with self._errors(connecting=True):
            self._own = create_engine(engine, poolclass=NullPool) if isinstance(engine, str) else None
            self._connection: Connection = (self._own or engine).connect()  # type: ignore[union-attr]  # one of both

    def count(self, statement: Select[Any]) -> Count:
        with self._errors():
            return Count(int(self._connection.execute(statement).scalar_one()), estimated=False)

    def prepare(self, statement: Select[Any]) -> None:
        """What `fetch` is to read."""
        self._statement = statement

    def fetch(self, rows: int) -> list[Row]:
        with self._errors():
            if self._result is None:
                assert self._statement is not None  # noqa: S101 - prepared
                self._result = self._connection.execute(self._statement, execution_options={"yield_per": rows})
            return plain(self._result.fetchmany(rows))

    def interrupt(self) -> None:
        """As the driver can: see `stop`."""
        driver = getattr(self._connection, "_dbapi_connection", None)
        stop(getattr(driver, "driver_connection", None), self._ask)

    def _ask(self, statement: str) -> None:
        pool = self._connection.engine.pool.recreate()  # the engine's own may be exhausted
        try:
            other = pool.connect()
            other.cursor().execute(statement)
            other.close()
        finally:
            pool.dispose()

    def close(self) -> None:
        with suppress(SQLAlchemyError):
            if self._result is not None:
                self._result.close()
            self._connection.close()
        if self._own is not None:
            self._own.dispose()

    @contextmanager
    def _errors(self, *, connecting: bool = False) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            said = scrub(str(getattr(error, "orig", None) or error), self._url)
            where = masked(self._url)
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            if lost or (connecting and isinstance(error, (OperationalError, InterfaceError))):
                raise SourceUnavailable(f"The database cannot be read now ({where}): {said}") from error
            raise SourceFailed(f"The database refused the request ({where}): {said}") from error
        except ImportError as error:
            raise MissingExtra(f"The driver for {masked(self._url)} cannot be imported: {error}.") from error
