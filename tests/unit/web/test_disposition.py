"""File names in headers."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowboat.web.disposition import attachment, partial


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("leads.xlsx", 'attachment; filename="leads.xlsx"'),
        ("Żółw.csv", "attachment; filename=\"Zo_w.csv\"; filename*=UTF-8''%C5%BB%C3%B3%C5%82w.csv"),
        ('a"; x="b.csv', "attachment; filename=\"a__ x__b.csv\"; filename*=UTF-8''a%22%3B%20x%3D%22b.csv"),
        ("a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie_ b\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b"),
        ("50%.csv", "attachment; filename=\"50_.csv\"; filename*=UTF-8''50%25.csv"),
    ],
)
def test_a_name_is_written_for_every_client(name: str, header: str) -> None:
    assert attachment(name) == header


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_name_leaves_its_place(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    _, star, encoded = header.partition("; filename*=UTF-8''")
    assert (unquote(encoded) if star else header.split('"')[1]) == name


@pytest.mark.parametrize(
    ("name", "found"), [("a.xlsx", "a-partial.xlsx"), ("a.csv.gz", "a-partial.csv.gz"), ("a", "a-partial")]
)
def test_a_partial_file_says_so_in_its_name(name: str, found: str) -> None:
    assert partial(name) == found
