"""A database by its URL: inert, connects on use."""

from __future__ import annotations

from collections.abc import Callable

from narrowboat.data.driven import Driven
from narrowboat.data.sources.relation import Session
from narrowboat.data.url import masked
from narrowboat.errors import BadConfiguration, MissingExtra

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")
_MYSQL = ("mysql://", "mariadb://")


class Database(Driven):
    """Where tables are: SQLite, PostgreSQL, MySQL or MariaDB.

    url: `sqlite:///path.db` (`sqlite:////absolute/path.db`), `postgresql://user@host/name`, `mysql://user@host/name`.
    Raises BadConfiguration where the URL is none of them. Its text and its `repr` hide the password.
    """

    __slots__ = ("_replica", "url")

    def __init__(self, url: str, *, replica: str | None = None) -> None:
        """replica: the URL of a copy that only reads, for jobs that name it: `table(crm.replica, "sales")`."""
        self.url = url
        self._replica = None if replica is None else Database(replica)
        if self.url.startswith(_POSTGRES + _MYSQL):
            return
        if not self.url.startswith(_SQLITE):
            raise BadConfiguration(
                f"{masked(self.url)!r} is not a database URL. "
                "Write sqlite:///path.db, postgresql://user@host/name or mysql://user@host/name. "
                "MongoDB and what SQLAlchemy speaks with are read by an export that is written in Python."
            )
        if self.url[len(_SQLITE) :] in ("", ":memory:"):
            raise BadConfiguration("An SQLite database in memory has nothing to read: name a file, sqlite:///path.db.")

    @property
    def replica(self) -> Database:
        """The copy that only reads, or this database itself where there is none."""
        return self._replica or self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Database) and self.url == other.url

    def __hash__(self) -> int:
        return hash(self.url)

    def __str__(self) -> str:
        return masked(self.url)

    def __repr__(self) -> str:
        return f"Database({masked(self.url)!r})"

    def connect(self) -> Session:
        """A session of its own for the caller, who closes it.

        Raises SourceUnavailable or SourceFailed, and MissingExtra where the driver is not installed.
        """
        return self._session()(self.url.removeprefix(_SQLITE))

    def load(self) -> None:
        """See `Driven.load`. That of SQLite is Python's own."""
        if not self.url.startswith(_SQLITE):
            self._session()

    def _session(self) -> Callable[[str], Session]:
        if self.url.startswith(_SQLITE):
            from narrowboat.data.sources.sqlite import SqliteSession

            return SqliteSession
        return _mysql() if self.url.startswith(_MYSQL) else _postgres()


def _postgres() -> Callable[[str], Session]:
    try:
        from narrowboat.data.sources.postgres import PostgresSession
    except ImportError as error:
        raise _missing("PostgreSQL", "postgres", error) from error
    return PostgresSession


def _mysql() -> Callable[[str], Session]:
    try:
        from narrowboat.data.sources.mysql import MysqlSession
    except ImportError as error:
        raise _missing("MySQL", "mysql", error) from error
    return MysqlSession


def _missing(what: str, extra: str, error: ImportError) -> MissingExtra:
    return MissingExtra(f"{what} needs its driver, which cannot be imported ({error}): pip install narrowboat[{extra}]")
