"""Documents of MongoDB: paths, types, the order of BSON, and what is said where they cannot be read."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from secantus import SecantusDBServer

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Count
from narrowboat.data.sources.mongo import Collection, collection
from narrowboat.data.sources.mongo.cells import Cells
from narrowboat.data.sources.mongo.order import packed, unpacked
from narrowboat.errors import (
    BadConfiguration,
    BadParameter,
    MissingExtra,
    NoResumeKey,
    SourceFailed,
    SourceUnavailable,
    UnknownColumn,
)
from tests.unit.sources.places import Mongo, RealMongo, example, read, read_rows, rows_of

pytestmark = pytest.mark.services

LEADS = [
    {"_id": 1, "name": "Anna", "address": {"city": "Köln", "geo": [6.9, 50.9]}, "tags": ["a", "b"]},
    {"_id": 2, "name": "Bo", "address": {"city": "Ulm"}, "items": [{"sku": "x", "n": 1}, {"n": 2}, {"sku": "y"}]},
    {"_id": 3, "name": None, "address": None, "tags": []},
]


def leads(mongo: Mongo) -> Collection:
    mongo.insert("leads", LEADS)
    return collection(mongo.url, "leads")


def test_the_fields_of_the_first_documents_are_the_columns(mongo: Mongo) -> None:
    shape = leads(mongo).shape()
    assert shape.columns == (
        Column("_id", Type.INTEGER),
        Column("name", Type.TEXT),
        Column("address", Type.TEXT),
        Column("tags", Type.TEXT),
        Column("items", Type.TEXT),
    )
    assert shape.key == ("_id",)
    assert read_rows(leads_again(mongo))[0] == (1, "Anna", '{"city":"Köln","geo":[6.9,50.9]}', "a, b", None)


def leads_again(mongo: Mongo) -> Collection:
    return collection(mongo.url, "leads")


def test_a_path_leads_into_documents_and_through_arrays(mongo: Mongo) -> None:
    source = leads(mongo).columns(
        "address.city", "items.sku", "items.0.n", "items.9.n", "address.geo.1", "name.further", "address.city.x"
    )
    assert read_rows(source) == [
        ("Köln", None, None, None, 50.9, None, None),
        ("Ulm", "x, y", 1, None, None, None, None),
        (None, None, None, None, None, None, None),
    ]


def test_an_array_is_joined_by_the_separator_one_is_given(mongo: Mongo) -> None:
    document = {"_id": 1, "a": ["x", 2, True, None, {"b": [1]}, [3], 1.5, Decimal128("2.50")]}
    mongo.insert("t", [document])
    source = collection(mongo.url, "t", separator=" | ").columns("a")
    assert read_rows(source) == [('x | 2 | true |  | {"b":[1]} | [3] | 1.5 | 2.50',)]


OID = ObjectId("65a0c0ffee65a0c0ffee65a0")
ID = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
CELLS: list[tuple[Any, Any, Type]] = [
    ("Zoë 🚚", "Zoë 🚚", Type.TEXT),
    ("007", "007", Type.TEXT),
    (7, 7, Type.INTEGER),
    (Int64(2**62), 2**62, Type.INTEGER),
    (0.1, 0.1, Type.FLOAT),
    (True, True, Type.BOOLEAN),
    (Decimal128("12.50"), Decimal("12.50"), Type.DECIMAL),
    (datetime(2024, 2, 29, 12, 0, 0, 1000), datetime(2024, 2, 29, 12, 0, 0, 1000, UTC), Type.DATETIME),
    (OID, str(OID), Type.TEXT),
    (ID, ID, Type.TEXT),
    (b"\x00\xff", b"\x00\xff", Type.BINARY),
    (Binary(b"\x00\xff", 128), b"\x00\xff", Type.BINARY),
    (Timestamp(86400, 1), datetime(1970, 1, 2, tzinfo=UTC), Type.TEXT),
    (Regex("^a"), "^a", Type.TEXT),
    (Code("f()"), "f()", Type.TEXT),
    (DBRef("t", 5), '{"$ref":"t","$id":5}', Type.TEXT),
    (MaxKey(), "MaxKey()", Type.TEXT),
    (
        {"o": OID, "d": datetime(2024, 1, 1), "n": Decimal128("1.50"), "b": b"\xff", "l": [Int64(1), math.inf]},
        f'{{"o":"{OID}","d":"2024-01-01T00:00:00+00:00","n":"1.50","b":"/w==","l":[1,"inf"]}}',
        Type.TEXT,
    ),
    (
        {"t": Timestamp(0, 1), "r": Regex("x"), "f": DBRef("t", 5), "k": MinKey(), "u": ID},
        f'{{"t":"1970-01-01T00:00:00+00:00","r":"x","f":{{"$ref":"t","$id":5}},"k":"MinKey","u":"{ID}"}}',
        Type.TEXT,
    ),
]


@pytest.mark.parametrize(("value", "cell", "kind"), CELLS, ids=[f"{type(value).__name__}" for value, *_ in CELLS])
def test_a_value_becomes_the_cell_that_its_type_means(mongo: Mongo, value: Any, cell: Any, kind: Type) -> None:
    mongo.insert("t", [{"_id": 1, "x": value}, {"_id": 2, "x": None}, {"_id": 3}])
    source = collection(mongo.url, "t")
    assert source.shape().columns[1] == Column("x", kind)
    assert read_rows(source) == [(1, cell), (2, None), (3, None)]
    assert type(read_rows(source)[0][1]) is type(cell)


def test_a_moment_that_python_has_not_is_text() -> None:
    far = DatetimeMS(2**50)
    rows = Cells([Column("x")], ", ").rows([{"x": far}, {"x": {"y": far}}, {"x": [far]}])
    shown = f"{2**50} ms after 1970"
    assert rows == [(shown,), (f'{{"y":"{shown}"}}',), (shown,)]
    assert unpacked(packed(far)) == far


def test_bytes_in_a_column_that_is_not_binary_are_base64(mongo: Mongo) -> None:
    mongo.insert("t", [{"_id": 1, "x": "a"}, {"_id": 2, "x": b"\xff"}])
    source = collection(mongo.url, "t")
    assert source.shape().columns[1] == Column("x")
    assert read_rows(source) == [(1, "a"), (2, "/w==")]


def test_what_a_column_is_declared_as_goes_before_what_is_found(mongo: Mongo) -> None:
    declared = Column("name", Type.INTEGER, label="Name")
    assert leads(mongo).columns(declared, "_id").shape().columns == (declared, Column("_id", Type.INTEGER))


def test_a_document_with_a_field_that_no_column_holds_fails_instead_of_losing_it(mongo: Mongo) -> None:
    mongo.insert("t", [{"_id": 1, "a": 1}, {"_id": 2, "a": 2, "late": 3}])
    with pytest.raises(SourceFailed, match=r"document 2 has fields .*: late\."):
        read(collection(mongo.url, "t", sample=1))
    assert read_rows(collection(mongo.url, "t", sample=2)) == [(1, 1, None), (2, 2, 3)]
    assert read_rows(collection(mongo.url, "t", sample=1).columns("a")) == [(1,), (2,)]


def test_a_slip_in_a_columns_name_is_noticed(mongo: Mongo) -> None:
    with pytest.raises(UnknownColumn, match="nmae"):
        leads(mongo).columns("nmae").shape()
    with pytest.raises(UnknownColumn, match="nmae"):
        leads_again(mongo).rename({"nmae": "Name"}).shape()
    assert read_rows(leads_again(mongo).columns(Column("later"), "_id").limit(1)) == [(None, 1)]


def test_a_projection_is_mongodbs(mongo: Mongo) -> None:
    source = leads(mongo).find({}, {"_id": 0, "name": 1})
    assert [column.name for column in source.shape().columns] == ["name"]
    assert source.shape().key == ("_id",)
    assert read_rows(source) == [("Anna",), ("Bo",), (None,)]
    blocks = read(source, rows=1)
    assert rows_of(read(source, blocks[0].position)) == [("Bo",), (None,)]
    assert read_rows(leads_again(mongo).find({}, {"_id": 0}).columns("name")) == [("Anna",), ("Bo",), (None,)]
    assert read_rows(leads_again(mongo).columns("address", "address.city").limit(1)) == [
        ('{"city":"Köln","geo":[6.9,50.9]}', "Köln")
    ]


def test_conditions_are_filters(mongo: Mongo) -> None:
    source = leads(mongo).columns("_id")

    def ids(chosen: Collection) -> list[int]:
        return [row[0] for row in read_rows(chosen)]

    assert ids(source.where(name="Anna")) == [1]
    assert ids(source.where(name=["Anna", "Bo"])) == [1, 2]
    assert ids(source.where(name=None)) == [1, 2, 3]
    assert ids(source.where("address.city", "=", "Ulm")) == [2]
    assert ids(source.where("_id", ">", 1).where("_id", "<=", 2)) == [2]
    assert ids(source.where("_id", "not in", [1, 2])) == [3]
    assert ids(source.where("name", "is null")) == [3]
    assert ids(source.where("name", "is not null").where("name", "!=", "Bo")) == [1]
    assert ids(source.find({"name": {"$regex": "^A"}}).where("_id", ">=", 0)) == [1]


def test_a_value_is_never_an_operator_and_a_field_neither(mongo: Mongo) -> None:
    source = leads(mongo)
    assert read_rows(source.where(name={"$ne": None})) == []
    with pytest.raises(BadParameter, match=r"\$where"):
        source.where("$where", "=", "sleep(1000)")
    with pytest.raises(BadParameter, match="like"):
        source.where("name", "like", "A%")
    with pytest.raises(SourceFailed, match="cannot be asked"):
        read(source.where(name=object()))
    with pytest.raises(SourceFailed, match="cannot be asked"):
        read(source.where(name=2**80))


MIXED: list[Any] = [
    MinKey(),
    None,
    math.nan,
    -math.inf,
    -5,
    Decimal128("-1.5"),
    0.5,
    1,
    Int64(2**60),
    math.inf,
    "",
    "A",
    "a",
    "é",
    {"a": 1},
    {"a": 1, "b": 2},
    {"b": 0},
    b"",
    b"\x01\xff",
    b"\x02\x00",
    ObjectId("000000000000000000000001"),
    OID,
    False,
    True,
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2024, 1, 1, tzinfo=UTC),
    Timestamp(1, 1),
    Timestamp(1, 2),
    MaxKey(),
]


@pytest.mark.parametrize("rows", [1, 4])
def test_a_reading_goes_on_behind_an_id_of_any_type(mongo: Mongo, rows: int) -> None:
    mongo.insert("t", [{"_id": key, "n": number} for number, key in reversed(list(enumerate(MIXED)))])
    source = collection(mongo.url, "t").columns("n")
    blocks = read(source, rows=rows)
    assert rows_of(blocks) == [(number,) for number in range(len(MIXED))]
    for number, block in enumerate(blocks, start=1):
        assert read(source, block.position, rows=rows) == blocks[number:]


def test_a_reading_goes_on_behind_uuids_and_in_pages(mongo: Mongo) -> None:
    keys = sorted(UUID(int=number * 7919) for number in range(10))
    mongo.insert("t", [{"_id": key} for key in keys])
    source = collection(mongo.url, "t")
    page = source.page(2, 4)
    assert page.count() == Count(4, estimated=False)
    blocks = read(page, rows=3)
    assert rows_of(blocks) == [(key,) for key in keys[4:8]]
    assert rows_of(read(page, blocks[0].position, rows=3)) == [(keys[7],)]
    assert read_rows(source.limit(0)) == []
    assert source.limit(3).count() == Count(3, estimated=False)


def test_a_reading_cannot_go_on_with_other_columns(mongo: Mongo) -> None:
    source = leads(mongo)
    position = read(source, rows=1)[0].position
    with pytest.raises(SourceFailed, match="columns are not those"):
        read(source.columns("name"), position)


def test_a_pipeline_without_a_key_says_that_it_starts_from_zero(mongo: Mongo) -> None:
    source = leads(mongo).aggregate([{"$unwind": "$tags"}, {"$project": {"_id": 0, "tags": 1}}])
    assert source.shape().key == ()
    assert "aggregate(…, key=…)" in source.shape().no_key_because
    blocks = read(source, rows=1)
    assert rows_of(blocks) == [("a",), ("b",)]
    assert [block.position for block in blocks] == [None, None]
    assert source.count() == Count(2, estimated=False)
    with pytest.raises(NoResumeKey, match="Pages need a total order"):
        read(source.page(1, 1))


def test_a_pipeline_with_a_key_goes_on_behind_it(mongo: Mongo) -> None:
    mongo.insert("t", [{"_id": number, "city": f"c{number % 5}"} for number in range(50)])
    groups = [{"$group": {"_id": "$city", "n": {"$sum": 1}}}]
    source = collection(mongo.url, "t").aggregate(groups, key="_id")
    blocks = read(source, rows=2)
    assert rows_of(blocks) == [(f"c{number}", 10) for number in range(5)]
    assert read(source, blocks[0].position, rows=2) == blocks[1:]
    assert rows_of(read(source.where("_id", ">", "c1").page(2, 2), rows=2)) == [("c4", 10)]
    with pytest.raises(BadParameter, match="is a path"):
        source.aggregate(groups, key="a.b")


@pytest.mark.parametrize(("city", "said"), [("x", "not unique"), (None, "NULL in a row")])
def test_a_promised_key_that_is_none_is_found_out(mongo: Mongo, city: str | None, said: str) -> None:
    mongo.insert("t", [{"_id": 1, "city": city}, {"_id": 2, "city": "x"}])
    with pytest.raises(SourceFailed, match=said):
        read(collection(mongo.url, "t").aggregate([], key="city"), rows=1)


def test_a_view_has_no_key_since_its_ids_may_repeat(mongo: Mongo) -> None:
    mongo.insert("leads", LEADS)
    with mongo.open() as database:
        database.create_collection("tags", viewOn="leads", pipeline=[{"$unwind": "$tags"}, {"$project": {"tags": 1}}])
    source = collection(mongo.url, "tags")
    assert source.shape().key == ()
    assert read_rows(source) == [(1, "a"), (1, "b")]


def test_a_reading_sees_one_snapshot_whatever_changes_meanwhile(spoken_mongo: Mongo) -> None:
    mongo = spoken_mongo
    mongo.insert("t", [{"_id": number, "v": "old"} for number in range(10)])
    source = collection(mongo.url, "t")
    reader = source.open(after=None, rows=2, raw_text=False)
    blocks = reader.blocks()
    seen = list(next(blocks).rows)
    with mongo.open() as database:
        database.t.update_many({}, {"$set": {"v": "new"}})
        database.t.delete_one({"_id": 7})
        database.t.insert_one({"_id": 99, "v": "new"})
    seen += rows_of(list(blocks))
    reader.close()
    assert seen == [(number, "old") for number in range(10)]


def test_a_count_that_takes_too_long_is_the_collections_own(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    from narrowboat.data.sources.mongo import session

    monkeypatch.setattr(session, "_COUNTING", 1)
    many = 500_000 if isinstance(mongo, RealMongo) else 5000  # which take far more than a millisecond
    mongo.insert("t", [{"_id": number, "a": number % 2} for number in range(many)])
    source = collection(mongo.url, "t")
    assert source.count() == Count(many, estimated=True)
    assert source.where(a=1).count() is None
    assert source.aggregate([{"$match": {"a": 1}}]).count() is None


def test_a_count_goes_no_further_than_what_is_wanted(real_mongo: RealMongo) -> None:
    real_mongo.insert("t", [{"_id": number} for number in range(20)])
    tenth: dict[str, Any] = {"$gt": [{"$divide": [1, {"$subtract": [10, "$_id"]}]}, 0]}
    source = collection(real_mongo.url, "t").find({"$expr": tenth})
    with pytest.raises(SourceFailed, match="divide by zero"):
        source.count()
    assert source.limit(10).count() == Count(10, estimated=False)
    assert source.page(2, 5).count() == Count(5, estimated=False)
    assert collection(real_mongo.url, "t").limit(0).count() == Count(0, estimated=False)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[SecantusDBServer]:
    """A server that may be left with work it cannot be stopped in, or be stopped itself."""
    server = SecantusDBServer(storage_path=str(tmp_path / "data"))
    server.start()
    yield server
    server.stop()


def test_a_reader_closed_half_way_leaves_no_cursor_on_the_server(mongo: Mongo) -> None:
    mongo.insert("t", [{"_id": number} for number in range(100)])
    with mongo.open() as database:
        before = open_cursors(database)
        reader = collection(mongo.url, "t").open(after=None, rows=2, raw_text=False)
        next(reader.blocks())
        assert open_cursors(database) == before + 1
        reader.close()
        assert open_cursors(database) == before


def open_cursors(database: Any) -> int:
    return int(database.client.admin.command("serverStatus")["metrics"]["cursor"]["open"]["total"])


def test_a_server_that_goes_away_is_worth_another_attempt(own_server: SecantusDBServer) -> None:
    place = Mongo(own_server.uri + "crm")
    place.insert("t", [{"_id": number} for number in range(1000)])
    source = collection(place.url + "?serverSelectionTimeoutMS=300", "t")
    reader = source.open(after=None, rows=10, raw_text=False)
    blocks = reader.blocks()
    next(blocks)
    own_server.stop()
    with pytest.raises(SourceUnavailable, match="cannot be read now"):
        list(blocks)
    reader.close()
    with pytest.raises(SourceUnavailable):
        source.shape()


FAULTS = [
    (43, SourceUnavailable),  # the cursor is gone: a time-out, or another server is the primary
    (189, SourceUnavailable),  # the primary stepped down
    (239, SourceUnavailable),  # the snapshot is too old
    (13, SourceFailed),  # no right to read
    (2, SourceFailed),  # a bad value
]


@pytest.mark.parametrize(("code", "error"), FAULTS)
def test_a_fault_under_way_is_worth_another_attempt_or_not(
    spoken_mongo: Mongo, code: int, error: type[Exception]
) -> None:
    mongo = spoken_mongo
    mongo.insert("t", [{"_id": number} for number in range(100)])
    source = collection(mongo.url, "t")
    fault = {"failCommands": ["getMore"], "errorCode": code, "appName": "narrowboat"}
    with mongo.open() as database:
        database.client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": fault})
    reader = source.open(after=None, rows=10, raw_text=False)
    delivered: list[Any] = []
    with pytest.raises(error, match="MongoDB"):
        delivered.extend(reader.blocks())
    reader.close()
    assert [row[0] for row in rows_of(read(source, rows=10))] == list(range(100))


def test_a_password_that_is_wrong_is_refused_and_never_shown(tmp_path: Path) -> None:
    with SecantusDBServer(storage_path=str(tmp_path), require_auth=True) as server:
        url = server.uri.replace("mongodb://", "mongodb://anna:s3cr%2Fet@") + "crm"
        for broken in (url, url + "?authMechanism=PLAIN", url + "?authSource=x&authMechanism=SCRAM-SHA-256"):
            with pytest.raises(SourceFailed) as caught:
                collection(broken, "leads").shape()
            assert "s3cr" not in str(caught.value)
            assert "s3cr" not in repr(collection(broken, "leads"))


@pytest.mark.parametrize("tail", ["@127.0.0.1:1/db?serverSelectionTimeoutMS=50", "@127.0.0.1:99999/db", "@h:x/db"])
def test_a_server_that_cannot_be_reached_does_not_tell_the_password(tail: str) -> None:
    with pytest.raises((SourceUnavailable, SourceFailed)) as caught:
        collection("mongodb://anna:s3cr%2Fet" + tail, "leads").shape()
    assert "s3cr" not in str(caught.value)


def test_an_unknown_collection_is_named_with_those_that_look_alike(mongo: Mongo) -> None:
    mongo.insert("driver_leads", [{"_id": 1}])
    with pytest.raises(SourceFailed, match=r"no collection 'driver_lead'\. Collections that look alike: driver_leads"):
        collection(mongo.url, "driver_lead").shape()


def test_a_pipeline_that_the_server_refuses_fails_with_what_it_said(mongo: Mongo) -> None:
    with pytest.raises(SourceFailed, match=r"refused the request.*\$nonsense"):
        leads(mongo).aggregate([{"$nonsense": 1}]).shape()


@pytest.mark.parametrize("url", ["mongodb://h", "mongodb://h/", "mongodb://u:s3cret@h/?x=1", "postgresql://h/db", ""])
def test_a_url_without_a_database_is_refused(url: str) -> None:
    with pytest.raises(BadConfiguration, match="mongodb://user@host/database") as caught:
        collection(url, "leads")
    assert "s3cret" not in str(caught.value)


def test_a_missing_driver_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymongo", None)
    for module in ("session", "visit"):
        monkeypatch.delitem(sys.modules, f"narrowboat.data.sources.mongo.{module}", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install narrowboat\[mongo\]"):
        collection("mongodb://h/db", "leads").shape()


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, json; from narrowboat.data.sources import table; from narrowboat.data.sources.mongo import "
        "collection; collection('mongodb://h/db', 'leads').where(a=1); print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pymongo", "bson", "pymysql", "sqlalchemy", "django"} & set(json.loads(done.stdout))


def test_the_example_of_the_page_works(mongo: Mongo) -> None:
    lead = {"name": "Anna", "address": {"city": "Köln"}, "paid": Decimal128("1.5"), "created_at": datetime(2024, 1, 1)}
    mongo.insert("driver_leads", [lead, {**lead, "_id": 2, "documents": [{"kind": "licence"}, {"kind": "visa"}]}])
    names: dict[str, Any] = {}
    exec(example("mongodb.md").replace("mongodb://localhost/crm", mongo.url), names)  # noqa: S102 - our own page
    at = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [("Anna", "Köln", None, Decimal("1.5"), at), ("Anna", "Köln", "licence, visa", Decimal("1.5"), at)]
    assert sorted(read_rows(names["by_city"](city="Köln")), key=str) == sorted(rows, key=str)
    assert read_rows(names["by_city"](city="Ulm")) == []
    assert read_rows(names["cities"]()) == [("Köln", 2)]
