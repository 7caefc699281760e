"""Cells: what people and spreadsheets write, and what it means."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from narrowboat.data.columns import Type
from narrowboat.data.records.cells import converted, stripped
from narrowboat.data.records.manners import Manners
from narrowboat.data.records.problem import Problem

UNDERSTOOD: list[tuple[Type, Any, Any]] = [
    (Type.TEXT, "007", "007"),
    (Type.TEXT, 12.0, "12"),
    (Type.TEXT, 12.5, "12.5"),
    (Type.TEXT, 233201234567.0, "233201234567"),
    (Type.TEXT, True, "TRUE"),
    (Type.TEXT, datetime(2026, 1, 31), "2026-01-31"),
    (Type.INTEGER, 12.0, 12),
    (Type.INTEGER, "1,234", 1234),
    (Type.INTEGER, "12.0", 12),
    (Type.INTEGER, "-7", -7),
    (Type.DECIMAL, 0.1, Decimal("0.1")),
    (Type.DECIMAL, "1,234.50", Decimal("1234.50")),
    (Type.MONEY, "1 234.50", Decimal("1234.50")),
    (Type.FLOAT, "2.5", 2.5),
    (Type.BOOLEAN, "Yes", True),
    (Type.BOOLEAN, 0.0, False),
    (Type.DATE, datetime(2026, 1, 31), date(2026, 1, 31)),
    (Type.DATE, "2026-01-31", date(2026, 1, 31)),
    (Type.DATE, "31.01.2026", date(2026, 1, 31)),
    (Type.DATE, "31/01/2026", date(2026, 1, 31)),
    (Type.DATETIME, "31.01.2026 09:30", datetime(2026, 1, 31, 9, 30)),
    (Type.DATETIME, date(2026, 1, 31), datetime(2026, 1, 31)),
    (Type.TIME, "09:30", time(9, 30)),
]
REFUSED: list[tuple[Type, Any, str]] = [
    (Type.INTEGER, 12.5, "not-whole"),
    (Type.INTEGER, "twelve", "not-whole"),
    (Type.INTEGER, 1e30, "out-of-range"),
    (Type.FLOAT, "1e999", "out-of-range"),
    (Type.DECIMAL, "1e999999999", "out-of-range"),
    (Type.DECIMAL, "12,5", "not-a-number"),
    (Type.DECIMAL, "1_000", "not-a-number"),
    (Type.DECIMAL, "nan", "not-a-number"),
    (Type.DECIMAL, True, "not-a-number"),
    (Type.BOOLEAN, "perhaps", "not-yes-or-no"),
    (Type.DATE, "01/02/2026", "not-a-date"),
    (Type.DATE, "31/31/2026", "not-a-date"),
    (Type.DATE, datetime(2026, 1, 31, 9), "not-a-date"),
    (Type.DATETIME, 46053, "not-a-moment"),
    (Type.DATE, f"1/1/{'1' * 5000}", "not-a-date"),
    (Type.DATETIME, f"{'1' * 5000}.1.2026", "not-a-moment"),
    (Type.TIME, "25:00", "not-a-time"),
]


@pytest.mark.parametrize(("kind", "cell", "meant"), UNDERSTOOD)
def test_a_cell_is_understood_as_its_field_means_it(kind: Type, cell: Any, meant: Any) -> None:
    (value,) = converted([cell], kind, Manners())
    assert (value, type(value)) == (meant, type(meant))


@pytest.mark.parametrize(("kind", "cell", "code"), REFUSED)
def test_a_cell_that_cannot_be_understood_is_refused_with_a_code(kind: Type, cell: Any, code: str) -> None:
    (value,) = converted([cell], kind, Manners())
    assert isinstance(value, Problem)
    assert value.code == code


def test_a_decimal_comma_is_a_matter_of_manners() -> None:
    german = Manners(decimal_comma=True)
    assert converted(["1.234,50", "12,5", "7"], Type.DECIMAL, german) == [Decimal("1234.50"), Decimal("12.5"), 7]


@pytest.mark.parametrize(("day_first", "meant"), [(True, date(2026, 2, 1)), (False, date(2026, 1, 2))])
def test_the_order_of_day_and_month_is_a_matter_of_manners(day_first: bool, meant: date) -> None:
    assert converted(["01/02/2026"], Type.DATE, Manners(day_first=day_first)) == [meant]


def test_blanks_around_text_go_and_a_cell_of_blanks_is_empty() -> None:
    assert stripped(["  Ama ", "   ", "", None, 7]) == ["Ama", None, None, None, 7]
