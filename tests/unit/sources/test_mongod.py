"""What only a real MongoDB server shows: rights, cursors that it drops, its disk, replica sets, and a single server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from narrowboat.data.columns import Column
from narrowboat.data.source import Block, Reader, Source
from narrowboat.data.sources.mongo import collection
from narrowboat.errors import SourceFailed, SourceUnavailable
from tests.mongod import Mongod, missing
from tests.unit.sources.places import Mongo, RealMongo, read, read_rows, rows_of
from tests.unit.sources.reading import Reading
from tests.waiting import until

pytestmark = [pytest.mark.services, pytest.mark.mongod]

ROWS = 3000
PAD = "x" * 2000
"""Documents that no reply has all of."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a server of the test's own."""
    if reason := missing():
        pytest.skip(reason)
    return tmp_path


def started(source: Source) -> tuple[Reader, Iterator[Block], Block]:
    """A reading whose first block is there."""
    reader = source.open(after=None, rows=100, raw_text=False)
    blocks = reader.blocks()
    return reader, blocks, next(blocks)


def breaks_and_goes_on(source: Source, break_it: Callable[[], None]) -> None:
    """A reading that is broken after its first block says so, and another goes on behind it."""
    reader, blocks, first = started(source)
    break_it()
    delivered = [first]
    with pytest.raises(SourceUnavailable, match="MongoDB cannot be read now"):
        delivered.extend(blocks)
    reader.close()
    rest = until(lambda: again(source, delivered[-1]), "the server to be read again", 60)
    assert [row[0] for row in rows_of([*delivered, *rest])] == list(range(ROWS))


def again(source: Source, last: Block) -> list[Block]:
    try:
        return read(source, last.position, rows=100)
    except SourceUnavailable:
        return []


def padded(place: Mongo) -> Source:
    place.insert("t", [{"_id": number, "pad": PAD} for number in range(ROWS)])
    return collection(place.url, "t").columns("_id", "pad")


def test_a_cursor_that_an_administrator_killed_is_worth_another_attempt(real_mongo: RealMongo) -> None:
    def kill() -> None:
        with real_mongo.open() as database, suppress(PyMongoError):  # it may be told that it was killed itself
            database.client.admin.command({"killAllSessions": []})

    breaks_and_goes_on(padded(real_mongo), kill)


def test_a_cursor_that_was_idle_for_too_long_is_worth_another_attempt(folder: Path) -> None:
    timeout = ["--setParameter", "cursorTimeoutMillis=200", "--setParameter", "clientCursorMonitorFrequencySecs=1"]
    server = Mongod(folder, *timeout)
    place = RealMongo(f"{server.url}crm", server=server)

    def wait() -> None:
        with place.open() as database:
            until(lambda: database.command("serverStatus")["metrics"]["cursor"]["timedOut"], "the cursor to time out")

    breaks_and_goes_on(padded(place), wait)
    server.close()


def test_a_primary_that_steps_down_is_worth_another_attempt(folder: Path) -> None:
    server = Mongod(folder, "--replSet", "rs")
    place = RealMongo(f"{server.url}crm?replicaSet=rs", server=server)
    with MongoClient[dict[str, Any]](server.url, directConnection=True) as client:
        client.admin.command("replSetInitiate", {"_id": "rs", "members": [{"_id": 0, "host": server.host}]})
        until(lambda: client.admin.command("isMaster")["ismaster"], "a primary")
        source = padded(place)
        assert read_rows(source, rows=1000)[-1] == (ROWS - 1, PAD)

        def step_down() -> None:
            with pytest.raises(PyMongoError):  # it closes all connections
                client.admin.command({"replSetStepDown": 1, "force": True})

        breaks_and_goes_on(source, step_down)
    server.close()


@contextmanager
def administrator(server: Mongod) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](f"mongodb://root:root@{server.host}/admin") as client:
        yield client


@pytest.fixture
def guarded(folder: Path) -> Iterator[Mongod]:
    """A server with rights: anna may read all of crm, ben only its t."""
    server = Mongod(folder, "--auth")
    with MongoClient[dict[str, Any]](server.url) as nobody:  # who comes first may make an administrator
        nobody.admin.command({"createUser": "root", "pwd": "root", "roles": ["root"]})
    right = {"resource": {"db": "crm", "collection": "t"}, "actions": ["find"]}
    with administrator(server) as root:
        root.crm.command({"createRole": "reader of t", "privileges": [right], "roles": []})
        for user, role in (("anna", "read"), ("ben", "reader of t")):
            root.crm.command({"createUser": user, "pwd": "s3cr/et", "roles": [role]})
        root.crm.t.insert_many([{"_id": number, "a": list(range(20))} for number in range(150)])
        root.crm.other.insert_one({"_id": 1})
    yield server
    server.close()


def crm(server: Mongod, user: str) -> str:
    return f"mongodb://{user}:s3cr%2Fet@{server.host}/crm"


def test_who_may_read_does_so_with_a_password(guarded: Mongod) -> None:
    assert len(read_rows(collection(crm(guarded, "anna"), "t").columns("_id"))) == 150
    count = collection(crm(guarded, "anna") + "?authMechanism=SCRAM-SHA-1", "t").count()
    assert count is not None
    assert count.rows == 150


def test_a_wrong_password_is_refused_and_never_shown(guarded: Mongod) -> None:
    with pytest.raises(SourceFailed, match="Authentication failed") as caught:
        collection(crm(guarded, "anna").replace("s3cr", "wrong-s3cr"), "t").shape()
    assert "s3cr" not in str(caught.value)


def test_without_a_user_the_server_refuses(guarded: Mongod) -> None:
    with pytest.raises(SourceFailed, match=r"no users authenticated|requires authentication"):
        collection(f"{guarded.url}crm", "t").shape()


def test_a_right_to_one_collection_is_enough_for_it_and_for_no_other(guarded: Mongod) -> None:
    readable = collection(crm(guarded, "ben"), "t").columns("_id")
    blocks = read(readable, rows=100)
    assert len(rows_of(blocks)) == 150
    assert len(read_rows(readable, after=blocks[0].position)) == 50
    with pytest.raises(SourceFailed, match="not authorized"):
        collection(crm(guarded, "ben"), "other").shape()


def test_cancelling_needs_no_right_of_an_administrator(guarded: Mongod) -> None:

    def at_work() -> int:
        with administrator(guarded) as root:
            wanted = {"appName": "narrowboat", "active": True, "command.aggregate": "t"}
            return len(list(root.admin.aggregate([{"$currentOp": {"allUsers": True}}, {"$match": wanted}])))

    place = RealMongo(crm(guarded, "ben"), server=guarded)
    reading = Reading(collection(place.url, "t").aggregate(place.slow).columns(Column("n")))
    until(at_work, "the statement to run")
    reader: Reader = until(lambda: reading.reader, "the reading to begin")
    reader.cancel()
    reading.join(timeout=20)
    assert isinstance(reading.error, SourceUnavailable)
    until(lambda: not at_work(), "the server to rest")


def test_a_single_server_shows_each_document_as_it_is_when_it_is_reached(real_mongo: RealMongo) -> None:
    reader, blocks, first = started(padded(real_mongo))
    with real_mongo.open() as database:
        database.t.update_many({}, {"$set": {"pad": "new"}})
        database.t.delete_one({"_id": ROWS - 1})
        database.t.insert_one({"_id": ROWS, "pad": "new"})
        database.t.insert_one({"_id": -1, "pad": "behind"})
    seen = rows_of([first, *blocks])
    reader.close()
    assert [row[0] for row in seen] == [*range(ROWS - 1), ROWS]
    assert seen[0] == (0, PAD)
    assert seen[-1] == (ROWS, "new")


def test_a_pipeline_that_sorts_more_than_memory_may_hold_uses_the_disk(real_mongo: RealMongo) -> None:
    with real_mongo.open() as database:
        for start in range(0, 1200, 100):
            real_mongo.insert("t", [{"_id": number, "pad": "x" * 100_000} for number in range(start, start + 100)])
        turned: list[dict[str, Any]] = [
            {"$project": {"n": {"$subtract": [1200, "$_id"]}, "pad": 1}},
            {"$sort": {"n": 1}},
        ]
        with pytest.raises(PyMongoError, match="memory limit"):
            database.t.aggregate(turned)
    source = collection(real_mongo.url, "t").aggregate(turned[:1], key="n").columns("n")
    assert read_rows(source, rows=100) == [(number + 1,) for number in range(1200)]


def test_readings_that_are_cancelled_at_any_moment_leave_nothing_at_work(real_mongo: RealMongo) -> None:
    real_mongo.insert("t", [{"_id": number, "a": list(range(20))} for number in range(150)])
    slow = collection(real_mongo.url, "t").aggregate(real_mongo.slow).columns(Column("n"))
    for delay in range(8):
        assert isinstance(cancelled_after(delay / 2000, slow), SourceUnavailable)
    until(lambda: not real_mongo.at_work(), "the server to rest")


def cancelled_after(seconds: float, source: Source) -> Exception | None:
    """What a reading ends with that is cancelled so soon after it began."""
    reading = Reading(source)
    reader: Reader = until(lambda: reading.reader, "the reading to begin")
    time.sleep(seconds)
    reader.cancel()
    reading.join(timeout=20)
    return reading.error
