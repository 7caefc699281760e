"""Alias: a database of Django's settings as a URL. Needs Django, and settings that are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from narrowboat.errors import BadConfiguration


def url_of(alias: str) -> str:
    """The database as it is called now: tests give it another name. Raises BadConfiguration."""
    from django.db import connections

    connection: Any = connections[alias]
    if connection.vendor == "sqlite":
        return f"sqlite:///{_file(connection, alias)}"
    if connection.vendor == "postgresql":
        return f"postgresql:///?{urlencode(_parameters(connection))}"
    raise BadConfiguration(f"DATABASES[{alias!r}] is {connection.display_name}; SQLite and PostgreSQL will do.")


def _file(connection: Any, alias: str) -> Path:
    name = connection.settings_dict["NAME"]
    if connection.is_in_memory_db():
        raise BadConfiguration(
            f"The database {alias!r} is in memory, where workers cannot reach it. In tests, give it a file: "
            f"DATABASES[{alias!r}]['TEST'] = {{'NAME': BASE_DIR / 'test.sqlite3'}}."
        )
    return Path(str(name).removeprefix("file:").partition("?")[0]).absolute()


def _parameters(connection: Any) -> dict[str, Any]:
    """Those of Django's connection that are libpq's."""
    from psycopg.pq import Conninfo

    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    given = {**connection.settings_dict["OPTIONS"], **connection.get_connection_params()}
    return {name: value for name, value in given.items() if name in known and value not in (None, "")}
