"""Engines over Django's own connection, so that what signals write commits with the records that caused them."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, connections, transaction

from narrowboat.data.alias import url_of
from narrowboat.data.targets.engine import Engine
from narrowboat.errors import BadConfiguration, TargetUnavailable


class _Within:
    """An engine's transactions, as Django's. To be mixed in before the engine."""

    alias: str
    errors: Any
    _atomic: Any = None

    def begin(self) -> None:
        self._atomic = transaction.atomic(using=self.alias)
        with self.errors(), as_driver():
            self._atomic.__enter__()

    def commit(self) -> None:
        """With what was put off until then by `transaction.on_commit`."""
        atomic, self._atomic = self._atomic, None
        with self.errors(), as_driver():
            atomic.__exit__(None, None, None)

    def rollback(self) -> None:
        atomic, self._atomic = self._atomic, None
        if atomic is not None:
            transaction.set_rollback(True, using=self.alias)
            atomic.__exit__(None, None, None)

    def close(self) -> None:
        self.rollback()
        connections[self.alias].close()


class as_driver:
    """Raises the driver's error that one of Django's stands for."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, DatabaseError) and error.__cause__ is not None:
            raise error.__cause__


def engine_of(alias: str) -> Engine:
    """The engine of the alias over this thread's connection. Raises BadConfiguration within a transaction."""
    wrapper: Any = connections[alias]
    if wrapper.in_atomic_block:
        raise BadConfiguration(
            f"The import saves records in transactions of its own, and a transaction of {alias!r} is open around it. "
            "In tests, use TransactionTestCase."
        )
    wrapper.close()  # with what an earlier attempt left in it
    try:
        wrapper.ensure_connection()
    except DatabaseError as error:
        raise TargetUnavailable(f"Django cannot connect to {alias!r} now: {error}") from error
    engine: Any = _sqlite if wrapper.vendor == "sqlite" else _postgres
    return engine(alias, wrapper.connection)  # type: ignore[no-any-return]


def _sqlite(alias: str, connection: Any) -> Engine:
    from narrowboat.data.targets.sqlite import SqliteEngine

    class Within(_Within, SqliteEngine):
        """SQLite's."""

    connection.execute("pragma synchronous = full")
    made = Within(url_of(alias).removeprefix("sqlite:///"), connection)
    made.alias = alias
    return made


def _postgres(alias: str, connection: Any) -> Engine:
    from narrowboat.data.targets.postgres import PostgresEngine

    class Within(_Within, PostgresEngine):
        """PostgreSQL's."""

    made = Within(url_of(alias), connection)
    made.alias = alias
    return made
