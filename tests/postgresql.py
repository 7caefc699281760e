"""A real PostgreSQL for tests, from PyPI: on a socket in a short path, which needs no port and no root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.postgresql import Server as Server  # it belongs to what tests import from here
from benchmarks.postgresql import running


@contextmanager
def own_server() -> Iterator[Server]:
    """An empty one while inside."""
    with tempfile.TemporaryDirectory(prefix="nb-pg-") as folder:
        with running(Path(folder) / "data") as server:
            yield server


@contextmanager
def any_server() -> Iterator[str]:
    """The URL of the one that TEST_POSTGRESQL names, else of an empty one: for tests that keep to their own schemas."""
    if url := os.environ.get("TEST_POSTGRESQL"):
        yield url
        return
    with own_server() as server:
        yield server.get_uri()


@contextmanager
def schema(url: str, name: str) -> Iterator[None]:
    """An empty schema of that name while inside."""
    with psycopg.connect(url, autocommit=True, application_name="tests") as connection:
        connection.execute(f"create schema {name}".encode())
        yield
        connection.execute(f"drop schema {name} cascade".encode())
