"""Advice: indexes that are missing are named, and those that are there are known."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat.data.sources import Query, query, table
from narrowboat.errors import UnknownColumn
from tests.unit.sources.places import Mysql, Place


@pytest.fixture
def shop(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.executescript("""
            create table sales (id integer primary key, region text, city text, "sold at" text, price real);
            create index by_city on sales (city, "sold at");
            create index some on sales (region) where price > 5;
            create index lower_region on sales (lower(region));
            create view cheap as select * from sales where price < 5;
        """)
    return f"sqlite:///{tmp_path}/shop.db"


def statements(asked: Query) -> list[str]:
    return [one.statement for one in asked.missing_indexes()]


def test_a_condition_without_an_index_is_named_with_its_statement(shop: str) -> None:
    (missing,) = table(shop, "sales").where(region="north").missing_indexes()
    assert missing.columns == ("region",)
    assert missing.because.startswith("No index begins with region, so every row of the table is read")
    assert missing.statement == 'create index idx_sales_region on "sales" ("region")'


def test_the_statement_helps(shop: str) -> None:
    asked = table(shop, "sales").where(region="north").where("sold at", ">=", "2026-01-01").order_by("-price")
    found = statements(asked)
    assert found == [
        'create index idx_sales_region_sold_at on "sales" ("region", "sold at")',
        'create index idx_sales_region_price on "sales" ("region", "price")',
    ]
    with closing(sqlite3.connect(shop.removeprefix("sqlite:///"))) as db:
        for statement in found:
            db.execute(statement)
    assert statements(asked) == []


@pytest.mark.parametrize(
    "asked",
    [
        lambda sales: sales,
        lambda sales: sales.where(city="Accra"),
        lambda sales: sales.where(city=["Accra", "Tema"], region="north"),
        lambda sales: sales.where("id", ">", 5),
        lambda sales: sales.where(city="Accra").order_by("sold at"),
        lambda sales: sales.order_by("city"),
        lambda sales: sales.order_by("-id"),
        lambda sales: sales.where("price", "is not null"),
        lambda sales: sales.where(region=None),
    ],
)
def test_what_an_index_serves_is_not_named(shop: str, asked: object) -> None:
    assert callable(asked)
    assert statements(asked(table(shop, "sales"))) == []


def test_partial_indexes_and_those_of_expressions_do_not_serve(shop: str) -> None:
    assert len(statements(table(shop, "sales").where(region="north"))) == 1


def test_a_key_that_the_catalogue_does_not_know_needs_an_index(shop: str) -> None:
    assert statements(table(shop, "sales", key=("region", "id"))) == [
        'create index idx_sales_region_id on "sales" ("region", "id")'
    ]
    assert statements(table(shop, "sales", key=("city",))) == []


def test_nothing_is_known_of_views_and_statements(shop: str) -> None:
    assert statements(table(shop, "cheap").where(region="north")) == []
    assert statements(query(shop, "select * from sales").where(region="north")) == []


def test_a_column_that_is_not_there_is_an_error(shop: str) -> None:
    with pytest.raises(UnknownColumn):
        table(shop, "sales").where(town="Accra").missing_indexes()


@pytest.mark.parametrize(
    "kind", ["sqlite", *(pytest.param(kind, marks=pytest.mark.services) for kind in ("postgres", "mysql"))]
)
def test_each_database_names_and_takes_its_statement(request: pytest.FixtureRequest, kind: str) -> None:
    place: Place | Mysql = request.getfixturevalue(kind)
    place.run(
        "create table orders (id integer primary key, region varchar(20), city varchar(20))",
        "create index by_city on orders (city)",
    )
    asked = table(place.url, "orders").where(region="north")
    assert statements(table(place.url, "orders").where(city="Accra")) == []
    (statement,) = statements(asked)
    place.run(statement)
    assert statements(asked) == []
