"""A database by its URL: inert, connects on use."""

from __future__ import annotations

from narrowboat.data.sources.relation import Session
from narrowboat.data.sources.url import masked
from narrowboat.errors import BadConfiguration, MissingExtra

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


class Database:
    """Where tables are: `sqlite:///path.db` (`sqlite:////absolute/path.db`) or `postgresql://user@host/name`.

    Raises BadConfiguration where the URL is neither. Its text and its `repr` hide the password.
    """

    __slots__ = ("url",)

    def __init__(self, url: str) -> None:
        self.url = url
        if self.url.startswith(_POSTGRES):
            return
        if not self.url.startswith(_SQLITE):
            raise BadConfiguration(
                f"{masked(self.url)!r} is not a database URL. Write sqlite:///path.db or postgresql://user@host/name."
            )
        if self.url[len(_SQLITE) :] in ("", ":memory:"):
            raise BadConfiguration("An SQLite database in memory has nothing to read: name a file, sqlite:///path.db.")

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
        if self.url.startswith(_SQLITE):
            from narrowboat.data.sources.sqlite import SqliteSession

            return SqliteSession(self.url[len(_SQLITE) :])
        try:
            from narrowboat.data.sources.postgres import PostgresSession
        except ImportError as error:
            raise MissingExtra(
                f"PostgreSQL needs its driver, which cannot be imported ({error}): pip install narrowboat[postgres]"
            ) from error
        return PostgresSession(self.url)
