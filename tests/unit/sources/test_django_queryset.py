"""QuerySets as sources: fields, choices, relations, resume by the primary key, replicas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, models
from django.db.models.functions import Upper

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Count
from narrowboat.data.sources.django import queryset
from narrowboat.errors import NoResumeKey, SourceFailed, SourceUnavailable, UnknownColumn
from tests.unit.sources.django_project import Lead, Owner, Tag
from tests.unit.sources.places import example, read, read_rows, rows_of

pytestmark = pytest.mark.usefixtures("django_databases")


def fill(rows: int = 5) -> None:
    owner = Owner.objects.create(name="Zoë")
    Lead.objects.bulk_create(Lead(name=f"n{number}", owner=owner, state="nd"[number % 2]) for number in range(rows))


AT = datetime(2024, 2, 29, 12, tzinfo=UTC)
TOKEN = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def test_fields_become_columns_and_cells() -> None:
    Lead.objects.create(
        id=1,
        name="Zoë",
        price=Decimal("1.50"),
        at=AT,
        extra={"a": [1]},
        token=TOKEN,
        took=timedelta(hours=25),
        data=b"\xff",
    )
    Lead.objects.create(id=2, state="?")
    source = queryset(Lead.objects.all)
    assert source.shape().columns == (
        Column("id", Type.INTEGER),
        Column("name", Type.TEXT),
        Column("score", Type.FLOAT),
        Column("state", Type.TEXT),
        Column("owner_id", Type.INTEGER),
        Column("price", Type.DECIMAL, scale=2),
        Column("at", Type.DATETIME),
        Column("extra", Type.TEXT),
        Column("token", Type.TEXT),
        Column("took", Type.TEXT),
        Column("data", Type.BINARY),
    )
    assert source.shape().key == ("id",)
    assert read_rows(source) == [
        (1, "Zoë", None, "New", None, Decimal("1.50"), AT, '{"a":[1]}', TOKEN, "1 day, 1:00:00", b"\xff"),
        (2, None, None, "?", None, None, None, None, None, None, None),
    ]
    assert [row[0] for row in read_rows(queryset(Lead.objects.all, choices=False).columns("state"))] == ["n", "?"]


def test_relations_and_annotations_are_columns() -> None:
    fill(2)
    source = queryset(lambda: Lead.objects.annotate(loud=Upper("name"))).columns("owner__name", "loud", "owner")
    assert [column.type for column in source.shape().columns] == [Type.TEXT, Type.TEXT, Type.INTEGER]
    assert read_rows(source) == [("Zoë", "N0", 1), ("Zoë", "N1", 1)]
    assert queryset(lambda: Lead.objects.annotate(loud=Upper("name"))).shape().columns[-1].name == "loud"


def test_a_column_that_is_none_is_named() -> None:
    for path in ("nmae", "owner__nmae", "name__x", "owner__name__x"):
        with pytest.raises(UnknownColumn, match=path):
            queryset(Lead.objects.all).columns(path).shape()
    with pytest.raises(UnknownColumn, match="nmae"):
        queryset(Lead.objects.all).rename({"nmae": "Name"}).shape()


def test_rows_come_in_the_order_of_the_primary_key_and_go_on_behind_it() -> None:
    fill(10)
    source = queryset(lambda: Lead.objects.filter(id__gt=2).order_by("-name")).columns("name")
    blocks = read(source, rows=3)
    assert rows_of(blocks) == [(f"n{number}",) for number in range(2, 10)]
    for number, block in enumerate(blocks, start=1):
        assert read(source, block.position, rows=3) == blocks[number:]
    page = source.page(2, 3)
    assert rows_of(read(page, rows=2)) == [("n5",), ("n6",), ("n7",)]
    assert rows_of(read(page, read(page, rows=2)[0].position)) == [("n7",)]
    assert page.count() == Count(3, estimated=False)
    assert source.limit(0).count() == Count(0, estimated=False)
    assert read_rows(source.limit(0)) == []


def test_a_key_of_text_goes_on() -> None:
    names = ["", "A", "a", "é", "🚚"]
    Tag.objects.bulk_create(Tag(name=name) for name in names)
    source = queryset(Tag.objects.all)
    blocks = read(source, rows=1)
    assert rows_of(blocks) == [(name,) for name in names]
    for number, block in enumerate(blocks, start=1):
        assert read(source, block.position, rows=1) == blocks[number:]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Lead.objects.distinct(),
        lambda: Lead.objects.all()[:3],
        lambda: Lead.objects.all().union(Lead.objects.all()),
        lambda: Lead.objects.annotate(n=models.Count("owner")),
    ],
)
def test_a_queryset_whose_primary_key_may_repeat_says_that_it_starts_from_zero(make: Any) -> None:
    fill(3)
    source = queryset(make)
    assert source.shape().key == ()
    assert "starts from zero" in source.shape().no_key_because
    assert [block.position for block in read(source, rows=3)] == [None]
    with pytest.raises(NoResumeKey):
        read(source.page(1, 2))


def test_a_queryset_of_dictionaries_is_refused() -> None:
    with pytest.raises(SourceFailed, match=r"values\(\)"):
        queryset(lambda: Lead.objects.values("name")).shape()


def test_a_replica_is_read_by_its_alias() -> None:
    Lead.objects.using("replica").create(name="there")
    assert read_rows(queryset(Lead.objects.all).columns("name")) == []
    assert read_rows(queryset(Lead.objects.all, using="replica").columns("name")) == [("there",)]
    with pytest.raises(SourceFailed, match="nonsense"):
        read(queryset(Lead.objects.all, using="nonsense"))


def test_the_connection_is_closed_at_the_end() -> None:
    fill(3)
    source = queryset(Lead.objects.all)
    source.count()
    assert connections["default"].connection is None
    reader = source.open(after=None, rows=2, raw_text=False)
    next(reader.blocks())
    assert connections["default"].connection is not None
    reader.close()
    reader.close()
    assert connections["default"].connection is None


def test_a_database_that_is_not_there_is_worth_another_attempt(tmp_path: Path) -> None:
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = str(tmp_path / "nowhere" / "x.db")
    with pytest.raises(SourceUnavailable, match="'default' cannot be read now"):
        read(queryset(Lead.objects.all))
    with pytest.raises(SourceUnavailable):
        queryset(Lead.objects.all).count()


def test_a_table_that_is_not_there_is_not() -> None:
    with connections["default"].schema_editor() as editor:
        editor.delete_model(Tag)
    with pytest.raises(SourceFailed, match="no such table"):
        read(queryset(Tag.objects.all))


def test_the_example_of_the_page_works() -> None:
    owner = Owner.objects.using("replica").create(name="Zoë")
    Lead.objects.using("replica").create(id=1, name="Anna", owner=owner)
    names: dict[str, Any] = {}
    code = example("django-querysets.md").replace("crm.models", "tests.unit.sources.django_project")
    exec(code, names)  # noqa: S102 - our own page
    assert read_rows(names["leads"]) == [(1, "Anna", "Zoë", "New")]
