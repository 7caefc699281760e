"""Which row names the columns."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from narrowboat.data.sources.spreadsheet import Header, Heading, find_header, header_of
from narrowboat.errors import NoHeader

BODY: list[tuple[Any, ...]] = [(1, "Zoë", "Accra"), (2, "Ama", "Lagos"), (3, "Kofi", None)]


def rows(*cells: tuple[Any, ...]) -> list[tuple[int, tuple[Any, ...]]]:
    return list(enumerate(cells, 1))


@pytest.mark.parametrize(
    ("above", "found"),
    [
        ([], 1),
        ([("Customers",)], 2),
        ([("Customers",), ("as of", date(2024, 2, 29))], 3),
        ([("x", "x", "x"), (1, 2, 3)], 3),
    ],
)
def test_titles_above_the_header_are_passed_over(above: list[tuple[Any, ...]], found: int) -> None:
    header = find_header(rows(*above, ("Id", "Name", "Town"), *BODY))
    assert header == Header(found, (Heading(0, "Id"), Heading(1, "Name"), Heading(2, "Town")))


def test_rows_are_known_by_their_numbers() -> None:
    sample = [(4, ("Title",)), (7, ("Id", "Name")), (9, (1, "x")), (12, (2, "y"))]
    assert find_header(sample).row == 7


def test_years_among_the_names_are_names() -> None:
    found = find_header(rows(("Town", "A", "B", "C", 2024), *[("x", 1, 2, 3, 4)] * 9))
    assert [heading.name for heading in found.headings] == ["Town", "A", "B", "C", "2024"]


def test_one_column_has_its_header_in_the_first_row() -> None:
    assert find_header(rows(("Phone",), ("+233",), ("+234",))).row == 1


def test_names_that_come_twice_are_told_apart_and_blanks_are_called_by_their_letter() -> None:
    header = find_header(rows((" Phone\n(work)", "phone", None, "Phone", None), ("1", "2", "3", "4")), row=1)
    assert header.headings == (
        Heading(0, "Phone (work)"),
        Heading(1, "phone"),
        Heading(2, "Column C"),
        Heading(3, "Phone (2)"),
    )


def test_the_row_may_be_given() -> None:
    assert find_header(rows(("Title", "x", "y"), ("Id", "Name", "Town"), *BODY), row=2).row == 2
    with pytest.raises(NoHeader, match="Row 9 is empty"):
        find_header(rows(*BODY), row=9)


def test_where_no_row_can_be_the_header_it_is_said() -> None:
    with pytest.raises(NoHeader, match="first 3 rows"):
        find_header(rows((1, 2), (3, 4), (5, 6)))
    with pytest.raises(NoHeader):
        find_header([])


def test_names_without_a_row_are_a_header_too() -> None:
    assert header_of(("id", "name")) == Header(0, (Heading(0, "id"), Heading(1, "name")))
