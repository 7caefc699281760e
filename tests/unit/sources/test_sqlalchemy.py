"""Statements of SQLAlchemy as sources, on SQLite and PostgreSQL."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Count
from narrowboat.data.sources.sqlalchemy import select_rows
from narrowboat.errors import MissingExtra, NoResumeKey, SourceFailed, SourceUnavailable, UnknownColumn
from tests.unit.sources.places import Place, Sqlite, example, read, read_rows, rows_of


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


META = sa.MetaData()
T = sa.Table(
    "t",
    META,
    sa.Column("a", sa.Integer, primary_key=True),
    sa.Column("b", sa.Uuid, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("price", sa.Numeric(9, 2)),
    sa.Column("ratio", sa.Float),
    sa.Column("ok", sa.Boolean),
    sa.Column("day", sa.Date),
    sa.Column("at", sa.DateTime),
    sa.Column("data", sa.LargeBinary),
    sa.Column("extra", sa.JSON),
    sa.Column("mood", sa.Enum(Mood)),
    sa.Column("took", sa.Interval),
)
IDS = [UUID(int=number) for number in range(1, 4)]
FULL = {
    "name": "Zoë",
    "price": Decimal("1.50"),
    "ratio": 0.1,
    "ok": True,
    "day": date(2024, 2, 29),
    "at": datetime(2024, 2, 29, 12),
    "data": b"\xff",
    "extra": {"a": [1]},
    "mood": Mood.BAD,
    "took": timedelta(hours=25),
}


def url_of(place: Place) -> str:
    return place.url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def engine(place: Place) -> Iterator[sa.Engine]:
    made = sa.create_engine(url_of(place), poolclass=NullPool)
    META.create_all(made)
    with made.begin() as connection:
        for a in range(3):
            connection.execute(T.insert(), [{"a": a, "b": one, **(FULL if a == 0 else {})} for one in IDS])
    yield made
    made.dispose()


@pytest.mark.services
def test_types_become_columns_and_cells(engine: sa.Engine) -> None:
    source = select_rows(engine, sa.select(T), key=("a", "b"))
    assert source.shape().columns == (
        Column("a", Type.INTEGER),
        Column("b", Type.TEXT),
        Column("name", Type.TEXT),
        Column("price", Type.DECIMAL, scale=2),
        Column("ratio", Type.FLOAT),
        Column("ok", Type.BOOLEAN),
        Column("day", Type.DATE),
        Column("at", Type.DATETIME),
        Column("data", Type.BINARY),
        Column("extra", Type.TEXT),
        Column("mood", Type.TEXT),
        Column("took", Type.TEXT),
    )
    values = (*list(FULL.values())[:-3], '{"a":[1]}', "bad", "1 day, 1:00:00")
    assert read_rows(source)[0] == (0, IDS[0], *values)
    assert read_rows(source)[-1] == (2, IDS[-1], *[None] * 10)


@pytest.mark.services
def test_a_reading_goes_on_behind_every_row(engine: sa.Engine, place: Place) -> None:
    for source in (
        select_rows(engine, sa.select(T), key=("a", "b")),
        select_rows(url_of(place), sa.select(T), key=("b", "a")).columns("name"),
    ):
        blocks = read(source, rows=2)
        assert [len(block.rows) for block in blocks] == [2, 2, 2, 2, 1]
        for number, block in enumerate(blocks, start=1):
            assert read(source, block.position, rows=2) == blocks[number:]


@pytest.mark.services
def test_columns_labels_pages_and_counts(engine: sa.Engine) -> None:
    statement = sa.select(T.c.a, T.c.b, (T.c.a * 10).label("ten")).where(T.c.a > 0)
    source = select_rows(engine, statement, key=("a", "b")).columns("ten", "a").rename({"ten": "Ten"})
    assert [column.header for column in source.shape().columns] == ["Ten", "a"]
    assert source.count() == Count(6, estimated=False)
    page = source.page(2, 4)
    assert page.count() == Count(2, estimated=False)
    assert read_rows(page) == [(20, 2), (20, 2)]
    assert rows_of(read(page, read(page, rows=1)[0].position)) == [(20, 2)]
    assert read_rows(source.limit(1)) == [(10, 1)]


@pytest.mark.services
def test_without_a_key_it_says_that_it_starts_from_zero(engine: sa.Engine) -> None:
    source = select_rows(engine, sa.select(T.c.a))
    assert source.shape().key == ()
    assert "key=…" in source.shape().no_key_because
    assert {block.position for block in read(source)} == {None}
    with pytest.raises(NoResumeKey):
        read(source.page(1, 2))
    with pytest.raises(SourceFailed, match="not unique"):
        read(select_rows(engine, sa.select(T.c.a), key=("a",)))


@pytest.mark.services
def test_names_that_cannot_be_are_named(engine: sa.Engine) -> None:
    with pytest.raises(UnknownColumn, match="nmae"):
        select_rows(engine, sa.select(T)).columns("nmae").shape()
    with pytest.raises(UnknownColumn, match="nmae"):
        select_rows(engine, sa.select(T), key=("nmae",)).shape()
    with pytest.raises(SourceFailed, match=r"no such table|does not exist"):
        read(select_rows(engine, sa.select(sa.table("nowhere", sa.column("a")))))
    position = read(select_rows(engine, sa.select(T), key=("a", "b")), rows=1)[0].position
    with pytest.raises(SourceFailed, match="columns are not those"):
        read(select_rows(engine, sa.select(T), key=("a", "b")).columns("a"), position)


@pytest.mark.services
def test_a_server_that_is_not_there_does_not_tell_the_password() -> None:
    with pytest.raises(SourceUnavailable) as caught:
        read(select_rows("postgresql+psycopg://u:s3cr%2Fet@127.0.0.1:1/db", sa.select(sa.literal(1).label("n"))))
    assert "s3cr" not in str(caught.value)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, sqlite: Sqlite) -> None:
    statement = sa.select(sa.literal(1).label("n"))
    with pytest.raises(MissingExtra, match="driver"):
        read(select_rows("oracle+oracledb://u@h/db", statement))
    with pytest.raises(SourceFailed, match="nonsense"):
        read(select_rows("nonsense://h", statement))
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "narrowboat.data.sources.sqlalchemy_plan", raising=False)
    with pytest.raises(MissingExtra, match=r"narrowboat\[sqlalchemy\]"):
        select_rows(sqlite.url, statement).shape()


def test_the_example_of_the_page_works(sqlite: Sqlite) -> None:
    sqlite.run(
        "create table leads (id integer primary key, name text)", "insert into leads values (1, ''), (2, 'Anna')"
    )
    names: dict[str, Any] = {}
    exec(example("sqlalchemy.md").replace("sqlite:///crm.db", sqlite.url), names)  # noqa: S102 - our own page
    assert read_rows(names["leads"]) == [(2, "Anna")]
