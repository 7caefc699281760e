"""Databases for the tests of sources: what the two kinds say differently."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from narrowboat.data.source import Block, Position, Row, Source
from tests.mongod import Mongod


@dataclass(frozen=True)
class Sqlite:
    """An SQLite file of one test's own, in WAL mode."""

    path: Path
    name: str = "sqlite"
    blob: str = "blob"
    slow: str = (
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000000000) "
        "select count(*) as n from n"
    )

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def alchemy(self) -> str:
        """The same for SQLAlchemy."""
        return self.url

    def at_work(self) -> int | None:
        """There is no server that works."""
        return None

    @contextmanager
    def cut(self) -> Iterator[None]:
        """There is no connection that can be cut."""
        yield

    def run(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("pragma journal_mode = wal")
            for statement in statements:
                connection.execute(statement)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("begin")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                connection.executemany(f"insert into {table} values ({marks})", rows)
            connection.execute("commit")


_OTHERS = (
    "select * from pg_stat_activity "
    "where pid <> pg_backend_pid() and backend_type = 'client backend' and application_name <> 'tests'"
)


@dataclass(frozen=True)
class Postgres:
    """A schema of one test's own."""

    server: str
    schema: str
    name: str = "postgres"
    blob: str = "bytea"
    slow: str = "select count(*) as n from generate_series(1, 2) as s, pg_sleep(300)"

    @property
    def url(self) -> str:
        return f"{self.server}&options=-csearch_path%3D{self.schema}"

    @property
    def alchemy(self) -> str:
        """The same for SQLAlchemy."""
        return self.url.replace("postgresql://", "postgresql+psycopg://")

    def at_work(self) -> int:
        """Statements of others that the server works on."""
        asked = f"select count(*) from ({_OTHERS}) as others where state = 'active'"
        with psycopg.connect(self.server) as connection:
            found = connection.execute(asked.encode()).fetchone()
            assert found is not None
            return int(found[0])

    @contextmanager
    def cut(self) -> Iterator[None]:
        """The connections of all others are gone."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"select pg_terminate_backend(pid, 5000) from ({_OTHERS}) as others".encode())
        yield

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        with psycopg.connect(self.url) as connection, connection.cursor() as cursor:
            if rows:
                marks = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"insert into {table} values ({marks})".encode(), rows)


Place = Sqlite | Postgres


@dataclass(frozen=True)
class Mysql:
    """A MariaDB database of one test's own."""

    socket: str
    schema: str
    name: str = "mysql"
    blob: str = "varbinary(100)"
    slow: str = "select count(*) as n from seq_1_to_1000000 as a, seq_1_to_1000000 as b"

    @property
    def url(self) -> str:
        return f"mysql://root@localhost/{self.schema}?unix_socket={self.socket}"

    @property
    def alchemy(self) -> str:
        """The same for SQLAlchemy."""
        return self.url.replace("mysql://", "mysql+pymysql://")

    def at_work(self) -> int:
        """Statements of others that the server works on."""
        with self.open() as cursor:
            return len([command for _, command in self._others(cursor) if command in ("Query", "Execute")])

    @contextmanager
    def cut(self) -> Iterator[None]:
        """The connections of all others are gone."""
        with self.open() as cursor:
            for number, _ in self._others(cursor):
                cursor.execute(f"kill {number}")
        yield

    def _others(self, cursor: Any) -> list[tuple[int, str]]:
        asked = "select id, command from information_schema.processlist where db = %s and id <> connection_id()"
        cursor.execute(asked, [self.schema])
        return list(cursor.fetchall())

    @contextmanager
    def open(self) -> Iterator[Any]:
        settings = "set lock_wait_timeout = 5"  # a reader that was left open would hold up the end of its test for ever
        connection = pymysql.connect(
            unix_socket=self.socket,
            user="root",
            database=self.schema,
            charset="utf8mb4",
            autocommit=True,
            init_command=settings,
        )
        with connection, connection.cursor() as cursor:
            yield cursor

    def run(self, *statements: str) -> None:
        with self.open() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        with self.open() as cursor:
            if rows:
                cursor.executemany(f"insert into {table} values ({', '.join(['%s'] * len(rows[0]))})", rows)


_CROSSED: list[dict[str, Any]] = [
    {"$lookup": {"from": "t", "pipeline": [{"$match": {"$expr": {"$gt": [{"$sum": "$a"}, 5]}}}], "as": "x"}},
    {"$unwind": "$x"},
    {"$unwind": "$x.a"},
]
"""Every document beside every element of all."""


@dataclass(frozen=True)
class Mongo:
    """A MongoDB database of one test's own, on the stand-in, which can be told to fail."""

    url: str
    crossed: int = 1
    """How often what is slow is to be done, to take minutes."""

    @property
    def slow(self) -> list[dict[str, Any]]:
        """A pipeline over a collection `t`, all of whose documents have an array `a` of numbers: one field, `n`."""
        return [*_CROSSED * self.crossed, {"$group": {"_id": None, "n": {"$sum": 1}}}]

    def at_work(self) -> int | None:
        """Nobody can tell."""
        return None

    @contextmanager
    def open(self) -> Iterator[Database[dict[str, Any]]]:
        with MongoClient[dict[str, Any]](self.url, uuidRepresentation="standard", journal=True) as client:
            yield client.get_default_database()

    def insert(self, name: str, documents: Sequence[dict[str, Any]]) -> None:
        with self.open() as database:
            if documents:
                database[name].insert_many(documents)
            else:
                database.create_collection(name)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """While inside, the connection of whoever asks for more is cut."""
        fault = {"failCommands": ["getMore"], "closeConnection": True, "appName": "narrowboat"}
        with self.open() as database:
            point = {"configureFailPoint": "failCommand", "data": fault}
            database.client.admin.command({**point, "mode": "alwaysOn"})
            yield
            database.client.admin.command({**point, "mode": "off"})


@dataclass(frozen=True)
class RealMongo(Mongo):
    """The same on a mongod."""

    crossed: int = 4
    server: Mongod = field(kw_only=True)

    def at_work(self) -> int:
        """Requests of ours that the server works on."""
        return self.server.at_work()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """While inside, the server is gone, killed in the middle of its work."""
        self.server.kill()
        yield
        self.server.start()


def marks(name: str) -> list[pytest.MarkDecorator]:
    """Of a source whose name says what it reads."""
    services = any(server in name for server in ("postgres", "mysql", "mongo"))
    return [pytest.mark.services] * services + [pytest.mark.mongod] * ("mongod" in name)


def read(source: Source, after: Position | None = None, *, rows: int = 3, raw_text: bool = False) -> list[Block]:
    """All blocks behind `after`, each position as it comes back out of JSON."""
    reader = source.open(after=after, rows=rows, raw_text=raw_text)
    try:
        return [Block(list(block.rows), json.loads(json.dumps(block.position))) for block in reader.blocks()]
    finally:
        reader.close()


def rows_of(blocks: Sequence[Block]) -> list[Row]:
    return [row for block in blocks for row in block.rows]


def read_rows(source: Source, **how: Any) -> list[Row]:
    return rows_of(read(source, **how))


def example(page: str) -> str:
    """The Python of a how-to page."""
    text = (Path(__file__).parents[3] / "docs/howto" / page).read_text()
    return "".join(re.findall(r"```python\n(.*?)```", text, re.S))
