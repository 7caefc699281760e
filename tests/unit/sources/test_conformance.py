"""What every source promises, asked of each: a new one is a line in `SOURCES`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from narrowboat.data.source import Row, Source
from narrowboat.data.sources import query, rows, table
from narrowboat.data.sources.mongo import Collection, collection
from narrowboat.data.sources.sqlalchemy import select_rows
from narrowboat.errors import SourceUnavailable
from tests.unit.sources.places import Mongo, Mysql, Place, marks, read, read_rows, rows_of

NAMES = ("id", "name", "score")
SAMPLE: list[Row] = [
    (number, name, score)
    for number, (name, score) in enumerate(
        [
            ("Anna", 1.5),
            (None, None),
            ("", 0.0),
            ("Zoë 🚚 “quoted”", -2.25),
            ("O'Neil; drop table leads", 1e300),
            ("line\nbreak\ttab", 3.0),
            ("<b>&amp;</b>", None),
            ("=cmd|'/c calc'!A1", 7.125),
            ("日本語", 0.1),
            ("007", 9.0),
        ],
        start=-4,
    )
]


@dataclass(frozen=True)
class Lead:
    id: int
    name: str | None
    score: float | None


def _filled(request: pytest.FixtureRequest, place: str, sample: Sequence[Row]) -> Place | Mysql:
    found: Place | Mysql = request.getfixturevalue(place)
    found.run("create table leads (id integer primary key, name text, score double precision)")
    found.insert("leads", sample)
    return found


def _collected(request: pytest.FixtureRequest, place: str, sample: Sequence[Row]) -> Collection:
    found: Mongo = request.getfixturevalue(place)
    found.insert("leads", [dict(zip(("_id", *NAMES[1:]), row, strict=True)) for row in sample])
    return collection(found.url, "leads")


def _as_collection(request: pytest.FixtureRequest, place: str, sample: Sequence[Row]) -> Source:
    return _collected(request, place, sample).columns("_id", *NAMES[1:]).rename({"_id": "id"})


def _as_pipeline(request: pytest.FixtureRequest, place: str, sample: Sequence[Row]) -> Source:
    return _collected(request, place, sample).aggregate([{"$addFields": {"id": "$_id"}}], key="id").columns(*NAMES)


def _modelled(request: pytest.FixtureRequest, sample: Sequence[Row]) -> Source:
    request.getfixturevalue("django_databases")
    from narrowboat.data.sources.django import queryset
    from tests.unit.sources.django_project import Lead as Model

    Model.objects.bulk_create(Model(**dict(zip(NAMES, row, strict=True))) for row in sample)
    return queryset(Model.objects.all).columns(*NAMES)


SOURCES: dict[str, Callable[[pytest.FixtureRequest, Sequence[Row]], Source]] = {
    "sqlite table": lambda request, sample: table(_filled(request, "sqlite", sample).url, "leads"),
    "sqlite query": lambda request, sample: query(
        _filled(request, "sqlite", sample).url, "select id, name, score from leads", key=("id",)
    ),
    "postgres table": lambda request, sample: table(_filled(request, "postgres", sample).url, "leads"),
    "postgres query": lambda request, sample: query(
        _filled(request, "postgres", sample).url, "select id, name, score from leads", key=("id",)
    ),
    "mysql table": lambda request, sample: table(_filled(request, "mysql", sample).url, "leads"),
    "mysql query": lambda request, sample: query(
        _filled(request, "mysql", sample).url, "select id, name, score from leads", key=("id",)
    ),
    "sqlalchemy": lambda request, sample: select_rows(
        _filled(request, "sqlite", sample).url,
        sa.select(sa.table("leads", sa.column("id", sa.Integer), sa.column("name"), sa.column("score"))),
        key=("id",),
    ),
    "django": lambda request, sample: _modelled(request, sample),
    "mongo collection": lambda request, sample: _as_collection(request, "spoken_mongo", sample),
    "mongo pipeline": lambda request, sample: _as_pipeline(request, "spoken_mongo", sample),
    "mongod collection": lambda request, sample: _as_collection(request, "real_mongo", sample),
    "mongod pipeline": lambda request, sample: _as_pipeline(request, "real_mongo", sample),
    "collection of tuples": lambda _, sample: rows(sample, columns=NAMES, repeatable=True),
    "function of dicts": lambda _, sample: rows(
        lambda: (dict(zip(NAMES, row, strict=True)) for row in sample), columns=NAMES, repeatable=True
    ),
    "function of dataclasses": lambda _, sample: rows(
        lambda: (Lead(*row) for row in sample), columns=NAMES, repeatable=True
    ),
}

Make = Callable[[Sequence[Row]], Source]


@pytest.fixture(params=[pytest.param(name, marks=marks(name), id=name.replace(" ", "-")) for name in SOURCES])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a source of rows `(id, name, score)`, the id being the key."""
    return lambda sample: SOURCES[request.param](request, sample)


def test_the_shape_names_the_columns_and_the_key(make: Make) -> None:
    shape = make(SAMPLE).shape()
    assert tuple(column.header for column in shape.columns) == NAMES
    assert shape.resumable
    assert shape.no_key_because == ""


def test_each_row_comes_once_in_the_order_of_the_key(make: Make) -> None:
    assert read_rows(make(SAMPLE)) == SAMPLE


def test_reading_again_gives_the_same(make: Make) -> None:
    source = make(SAMPLE)
    assert read(source) == read(source)


@pytest.mark.parametrize(("size", "expected"), [(3, [3, 3, 3, 1]), (5, [5, 5]), (10, [10]), (11, [10]), (1, [1] * 10)])
def test_only_the_last_block_is_short(make: Make, size: int, expected: list[int]) -> None:
    assert [len(block.rows) for block in read(make(SAMPLE), rows=size)] == expected


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_reading_goes_on_behind_every_block(make: Make, size: int) -> None:
    source = make(SAMPLE)
    blocks = read(source, rows=size)
    for number, block in enumerate(blocks, start=1):
        assert read(source, block.position, rows=size) == blocks[number:]


def test_a_position_holds_for_blocks_of_another_size(make: Make) -> None:
    source = make(SAMPLE)
    position = read(source, rows=4)[0].position
    assert rows_of(read(source, position, rows=3)) == SAMPLE[4:]


def test_a_position_is_plain_json(make: Make) -> None:
    reader = make(SAMPLE).open(after=None, rows=4, raw_text=False)
    positions = [block.position for block in reader.blocks()]
    reader.close()
    assert json.loads(json.dumps(positions)) == positions


def test_no_rows_are_no_blocks(make: Make) -> None:
    source = make([])
    assert tuple(column.header for column in source.shape().columns) == NAMES
    assert read(source) == []


def test_one_row_is_one_block(make: Make) -> None:
    assert [list(block.rows) for block in read(make(SAMPLE[:1]))] == [SAMPLE[:1]]


def test_text_and_integers_may_come_as_bytes(make: Make) -> None:
    def decoded(row: Row, plain: Row) -> Row:
        kinds = [type(cell) for cell in plain]
        return tuple(
            kind(cell.decode()) if isinstance(cell, bytes) else cell for cell, kind in zip(row, kinds, strict=True)
        )

    source = make(SAMPLE)
    raw = read(source, raw_text=True)
    assert [decoded(row, plain) for row, plain in zip(rows_of(raw), SAMPLE, strict=True)] == SAMPLE
    assert [block.position for block in raw] == [block.position for block in read(source)]


def test_a_count_is_what_is_read_and_unknown_to_functions_alone(make: Make, request: pytest.FixtureRequest) -> None:
    count = make(SAMPLE).count()
    if "[function" in request.node.name:  # only calling it would tell
        assert count is None
    else:
        assert count is not None
        assert (count.rows, count.estimated) == (len(SAMPLE), False)


def test_closing_twice_is_closing_once(make: Make) -> None:
    reader = make(SAMPLE).open(after=None, rows=2, raw_text=False)
    next(reader.blocks())
    reader.close()
    reader.close()


def test_a_reader_that_was_never_read_can_be_closed(make: Make) -> None:
    make(SAMPLE).open(after=None, rows=2, raw_text=False).close()


def test_cancelling_ends_a_reading_with_an_error(make: Make) -> None:
    reader = make(SAMPLE).open(after=None, rows=2, raw_text=False)
    blocks = reader.blocks()
    next(blocks)
    canceller = threading.Thread(target=lambda: (reader.cancel(), reader.cancel()))
    canceller.start()
    canceller.join()
    with pytest.raises(SourceUnavailable, match="cancelled"):
        next(blocks)
    reader.close()


def test_a_reader_cancelled_before_it_reads_delivers_nothing(make: Make) -> None:
    reader = make(SAMPLE).open(after=None, rows=2, raw_text=False)
    reader.cancel()
    with pytest.raises(SourceUnavailable, match="cancelled"):
        next(reader.blocks())
    reader.close()


def test_a_reader_closed_can_still_be_cancelled(make: Make) -> None:
    reader = make(SAMPLE).open(after=None, rows=2, raw_text=False)
    reader.close()
    reader.cancel()
