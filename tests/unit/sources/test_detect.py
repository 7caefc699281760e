"""A URL and a word or a statement become a query."""

from __future__ import annotations

import pytest

from narrowboat.data.sources import detect, query, table
from narrowboat.errors import BadConfiguration

URL = "sqlite:///crm.db"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from t",
        "SELECT*FROM t",
        "  \n select 1",
        "with x as (select 1) select * from x",
        "values (1)",
        "-- leads\nselect 1",
        "/* leads */ select 1",
    ],
)
def test_a_statement_is_a_query(statement: str) -> None:
    assert detect(URL, statement, key=("id",)) == query(URL, statement, key=("id",))


@pytest.mark.parametrize(
    "name", ["leads", "select", "selected leads", "with", "Sales 2024", "crm.leads", "values_of_x"]
)
def test_anything_else_is_a_table(name: str) -> None:
    assert detect(URL, name, key=("id",)) == table(URL, name, key=("id",))


def test_a_url_of_nothing_known_is_refused() -> None:
    with pytest.raises(BadConfiguration):
        detect("crm.db", "leads")
