"""Where a `:name` is a parameter, and where it only looks like one."""

from __future__ import annotations

import pytest

from narrowboat.data.sources.placeholders import named
from narrowboat.data.sources.relation import MARK, Sql
from narrowboat.errors import BadParameter


def test_names_are_bound_in_the_order_they_stand_in() -> None:
    found = named("select * from t where a = :a and b in (:b, :a)", {"a": 1, "b": 2})
    assert found == Sql(f"select * from t where a = {MARK} and b in ({MARK}, {MARK})", (1, 2, 1))


@pytest.mark.parametrize(
    "text",
    [
        "select ':a', 'it''s :a'",
        'select ":a" from ":a"":a"',
        "select `:a`",
        "select x::text, y :: numeric",
        "select list[1:a]",
        "select 1 -- :a",
        "select 1 /* :a \n :a */ + 1",
        "select $$ :a $$, $tag$ :a $$ :a $tag$",
        r"select E'\':a', e'\\'",
        "select '12:30', a:b",
    ],
)
def test_what_only_looks_like_a_parameter_stays(text: str) -> None:
    assert named(text, {}) == Sql(text)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("select :a::text", "select ?::text"),
        ("select ':x' || :a", "select ':x' || ?"),
        ("select 'é':a", "select 'é'?"),
        ("/* it's */ select :a", "/* it's */ select ?"),
        ("select :a;\n ", "select ?"),
        ("select x[:a]", "select x[?]"),
    ],
)
def test_parameters_are_found_beside_anything(text: str, marked: str) -> None:
    assert named(text, {"a": 1}) == Sql(marked.replace("?", MARK), (1,))


def test_a_parameter_without_value_and_a_value_without_parameter_are_refused() -> None:
    with pytest.raises(BadParameter, match=":b, :c has no value"):
        named("select :a, :b, :c", {"a": 1})
    with pytest.raises(BadParameter, match="no parameter :b"):
        named("select :a", {"a": 1, "b": 2})


def test_a_nul_is_refused() -> None:
    with pytest.raises(BadParameter, match="NUL"):
        named("select \0", {})


@pytest.mark.parametrize("end", [";", ";;", " ; -- all of them", ";\n/* all * of */ -- them\n", "; ; --"])
def test_the_end_of_a_statement_goes(end: str) -> None:
    assert named(f"select ';' from t{end}", {}) == Sql("select ';' from t" + (" " if end[0] == " " else ""))


@pytest.mark.parametrize(
    "text", ["select ';'", "select 1; select 2", "select 1; /* a */ select 2 /* b */", "select 1 -- ;"]
)
def test_what_is_not_the_end_of_a_statement_stays(text: str) -> None:
    assert named(text, {}) == Sql(text)
