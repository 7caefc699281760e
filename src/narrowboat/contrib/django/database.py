"""Database: the alias that keeps the runs, as the URL of a store and as tables for Django's models."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections

from narrowboat.contrib.django.configuration import faults, read
from narrowboat.data.alias import url_of
from narrowboat.errors import BadConfiguration

ANOTHER = (
    "Runs are kept in SQLite or PostgreSQL. Add a database for them, such as DATABASES['narrowboat'] = "
    "{'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'narrowboat.sqlite3'}, and say "
    "NARROWBOAT = {'DATABASE': 'narrowboat'}."
)


def alias() -> str:
    """The alias of the database that keeps the runs. Raises BadConfiguration."""
    return read().database


def url() -> str:
    """The URL of its store, as the database is called now: tests give it another name. Raises BadConfiguration."""
    if connections[alias()].vendor not in ("sqlite", "postgresql"):
        raise BadConfiguration(ANOTHER)
    return url_of(alias())


def folder() -> Path | None:
    """Where files are kept if the setting does not say; None: beside the SQLite file."""
    chosen = read().folder
    if chosen or connections[alias()].vendor == "sqlite":
        return Path(chosen) if chosen else None
    return Path(getattr(settings, "BASE_DIR", ".")) / "narrowboat-files"


def in_memory() -> bool:
    """Whether the database is one that no other connection can reach, as Django's tests make it for SQLite."""
    connection = connections[alias()]
    return connection.vendor == "sqlite" and bool(connection.is_in_memory_db())


def table(name: str) -> str:
    """What a table of the store is called there: in a schema on PostgreSQL, with a prefix on SQLite."""
    if not any(True for _ in faults()) and connections[alias()].vendor == "postgresql":
        return f'narrowboat"."{name}'  # Django puts quotes around it, which makes it "narrowboat"."runs"
    return f"narrowboat_{name}"


def check() -> Iterator[CheckMessage]:
    """What Django's checks tell of the database."""
    if any(True for _ in faults()):
        return
    connection = connections[alias()]
    if connection.vendor not in ("sqlite", "postgresql"):
        yield Error(f"Runs cannot be kept in {connection.display_name}.", hint=ANOTHER, id="narrowboat.E006")
    if connection.vendor == "postgresql" and find_spec("psycopg") is None:
        yield Error(
            "Runs in PostgreSQL need psycopg 3.",
            hint="pip install narrowboat[django,postgres]; Django uses it too, then.",
            id="narrowboat.E007",
        )
    if connection.vendor == "sqlite" and connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        yield Warning(
            f"Workers write to the database {alias()!r} too, so a transaction of Django that reads before it writes "
            "may find it locked.",
            hint=f"DATABASES[{alias()!r}]['OPTIONS'] = {{'transaction_mode': 'IMMEDIATE'}} lets it wait instead.",
            id="narrowboat.W001",
        )
