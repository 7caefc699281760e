"""What every source with a statement promises when that is stopped, or its connection lost: a line each in `SOURCES`.

Rows of Python and files have neither: `test_conformance` asks them what remains.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from narrowboat.data.columns import Column
from narrowboat.data.source import Reader, Source
from narrowboat.data.sources import query, table
from narrowboat.data.sources.mongo import collection
from narrowboat.data.sources.sqlalchemy import select_rows
from narrowboat.errors import SourceUnavailable
from tests.unit.sources.places import Mongo, Mysql, Postgres, Sqlite, marks, read
from tests.unit.sources.reading import Reading
from tests.waiting import until

ROWS = 3000
PAD = "x" * 2000
"""Rows that no driver has all of when it delivers the first."""
Database = Sqlite | Postgres | Mysql


@dataclass(frozen=True)
class Held:
    """Two readings of a database, and what its administrator sees and does."""

    slow: Source
    """One row, after minutes."""
    long: Source
    """`ROWS` rows `(id, pad)`."""
    place: Database | Mongo
    streams: bool = True
    """Whether rows come while the statement runs; Django's cursor of MySQL has all of them before the first."""

    def at_work(self) -> int | None:
        """How many statements the server works on but for ours; None where nobody can tell."""
        return self.place.at_work()


def _filled(place: Database) -> Database:
    place.run("create table t (id integer primary key, pad varchar(2000))", f"create view slow as {place.slow}")
    place.insert("t", [(number, PAD) for number in range(ROWS)])
    return place


def _alchemy(request: pytest.FixtureRequest, name: str) -> Held:
    place = _filled(request.getfixturevalue(name))
    rows = sa.select(sa.table("t", sa.column("id", sa.Integer), sa.column("pad", sa.String)))
    slow = sa.select(sa.text(place.slow).columns(n=sa.Integer).subquery())
    return Held(select_rows(place.alchemy, slow), select_rows(place.alchemy, rows, key=("id",)), place)


def _django(request: pytest.FixtureRequest, name: str) -> Held:
    from django.db import models

    from narrowboat.data.sources.django import queryset
    from tests.unit.sources.django_project import Padded, connected

    place = _filled(request.getfixturevalue(name))
    stack: ExitStack = request.getfixturevalue("stack")
    alias = stack.enter_context(connected(place.url))
    counted = f"(select n from ({place.slow}) as s)"
    number = models.expressions.RawSQL(counted, [], output_field=models.IntegerField())  # noqa: S611
    return Held(
        queryset(lambda: Padded.objects.filter(id=0).annotate(n=number), using=alias),
        queryset(Padded.objects.all, using=alias).columns("id", "pad"),
        place,
        streams=name != "mysql",
    )


def _of_sql(request: pytest.FixtureRequest, name: str, kind: str) -> Held:
    place = _filled(request.getfixturevalue(name))
    if kind == "table":
        return Held(table(place.url, "slow"), table(place.url, "t"), place)
    return Held(query(place.url, place.slow), query(place.url, "select id, pad from t", key=("id",)), place)


def _of_mongo(request: pytest.FixtureRequest, name: str, kind: str) -> Held:
    place: Mongo = request.getfixturevalue(name)
    place.insert("t", [{"_id": number, "a": list(range(20))} for number in range(150)])
    place.insert("long", [{"_id": number, "pad": PAD} for number in range(ROWS)])
    long = collection(place.url, "long")
    if kind == "pipeline":
        long = long.aggregate([{"$match": {}}], key="_id")
    return Held(collection(place.url, "t").aggregate(place.slow).columns(Column("n")), long, place)


SOURCES: dict[str, Callable[[pytest.FixtureRequest], Held]] = {
    **{
        f"{name} {kind}": lambda request, name=name, kind=kind: _of_sql(request, name, kind)  # type: ignore[misc]
        for name in ("sqlite", "postgres", "mysql")
        for kind in ("table", "query")
    },
    **{
        f"sqlalchemy on {name}": lambda request, name=name: _alchemy(request, name)  # type: ignore[misc]
        for name in ("sqlite", "postgres", "mysql")
    },
    **{
        f"django on {name}": lambda request, name=name: _django(request, name)  # type: ignore[misc]
        for name in ("sqlite", "postgres", "mysql")
    },
    **{
        f"{name} {kind}": lambda request, place=place, kind=kind: _of_mongo(request, place, kind)  # type: ignore[misc]
        for name, place in (("mongo", "lone_mongo"), ("mongod", "real_mongo"))
        for kind in ("collection", "pipeline")
    },
}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=[pytest.param(name, marks=marks(name), id=name.replace(" ", "-")) for name in SOURCES])
def held(request: pytest.FixtureRequest) -> Held:
    return SOURCES[request.param](request)


@pytest.mark.parametrize("wait", [0.0, 0.3])
def test_cancelling_reaches_the_statement(held: Held, wait: float) -> None:
    reading = Reading(held.slow)
    reader: Reader = until(lambda: reading.reader, "the reading to begin")
    if wait:
        until(lambda: held.at_work() != 0, "the statement to run")
        time.sleep(wait)
    reader.cancel()
    reading.join(timeout=20)
    assert not reading.is_alive()
    assert isinstance(reading.error, SourceUnavailable)
    assert "cancelled" in str(reading.error)
    until(lambda: not held.at_work(), "the server to rest")


@pytest.mark.filterwarnings(  # MySQL's driver leaves a cursor that lost its connection to the collector
    r"ignore:Exception ignored in. <function \w+.(close|__del__) at:pytest.PytestUnraisableExceptionWarning"
)
def test_a_lost_connection_is_worth_another_attempt_which_goes_on(held: Held) -> None:
    reader = held.long.open(after=None, rows=100, raw_text=False)
    blocks = reader.blocks()
    delivered = [next(blocks)]
    with held.place.cut():
        if held.streams and not isinstance(held.place, Sqlite):  # a file has no connection to lose
            with pytest.raises(SourceUnavailable):
                delivered.extend(blocks)
    reader.close()
    del reader, blocks
    gc.collect()
    assert len(delivered) < ROWS // 100
    again = read(held.long, delivered[-1].position, rows=100)
    assert [row[0] for block in [*delivered, *again] for row in block.rows] == list(range(ROWS))


def test_a_reader_closed_half_way_leaves_nothing_at_work(held: Held) -> None:
    reader = held.long.open(after=None, rows=100, raw_text=False)
    assert len(next(reader.blocks()).rows) == 100
    reader.close()
    until(lambda: not held.at_work(), "the server to rest")
