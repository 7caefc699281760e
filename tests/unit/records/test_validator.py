"""Validator: rows in, records and rejects out; by declared fields and by a pydantic model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pydantic
import pytest

from narrowboat.data.columns import Column, Type
from narrowboat.data.records import Field, Lookup, Phone, PhoneNumber, Rules
from narrowboat.data.records.field import declared
from narrowboat.data.records.manners import Manners
from narrowboat.data.records.mapping import find_columns
from narrowboat.data.records.model import ModelCheck, fields_of
from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record, Rejected
from narrowboat.data.records.validator import Validator
from narrowboat.errors import BadConfiguration
from narrowboat.jobs.importer import row_of

CITIES = {"Accra": 1, "Kumasi": 2}


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Customer(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=2, max_length=20)
    phone: Phone
    mark: str = pydantic.Field(alias="shippingMark")
    credit: Decimal = pydantic.Field(default=Decimal(5), ge=0)
    size: Size = Size.SMALL
    level: Literal["gold", "silver"] | None = None
    city_id: Annotated[int | None, Field(lookup=Lookup("cities", "name"), aliases=("City",))] = None

    @pydantic.field_validator("name")
    @classmethod
    def not_shouting(cls, name: str) -> str:
        if name.isupper():
            raise ValueError("must not be all capitals")
        return name.title()

    @pydantic.model_validator(mode="after")
    def no_credit_for_silver(self) -> Customer:
        if self.level == "silver" and self.credit > 100:
            raise ValueError("silver customers have at most 100 of credit")
        return self


def find(lookup: Lookup, values: Sequence[Any]) -> Mapping[Any, Any]:
    assert len(set(values)) == len(values), "each value is asked for once"
    return {value: CITIES[value] for value in values if value in CITIES}


def checked(headers: Sequence[str], *rows: tuple[Any, ...]) -> list[Record | Rejected]:
    fields = fields_of(Customer)
    check = ModelCheck(Customer, "GH")
    return outcome(fields, headers, rows, check=check)


def outcome(
    fields: Sequence[Field], headers: Sequence[str], rows: Sequence[tuple[Any, ...]], **more: Any
) -> list[Record | Rejected]:
    found = find_columns(headers, fields, {}, guess=False)
    validator = Validator(fields, found, Manners(region="GH"), **{"check": None, "find": find, **more})
    records, rejects = validator.validate(list(enumerate(rows, 2)))
    return sorted([*records, *rejects], key=lambda one: one.row)


HEADERS = ("Name", "Phone", "Shipping Mark", "Credit", "Size", "Level", "City")
GOOD = ("ama", "020 123 4567", 12.0, "7.50", "l", "gold", "Kumasi")


def test_a_good_row_becomes_the_models_values_in_the_order_of_its_fields() -> None:
    (record,) = checked(HEADERS, GOOD)
    assert record == Record(2, ("Ama", "+233201234567", "12", Decimal("7.50"), "l", "gold", 2), GOOD)


def test_an_empty_cell_and_a_missing_column_are_the_models_default() -> None:
    (record,) = checked(("name", "phone", "mark", "credit"), ("Ama", "0201234567", "A", None))
    assert isinstance(record, Record)
    assert record.values[3:] == (Decimal(5), "s", None, None)


REFUSED = [
    (0, None, "required", "Name: is required"),
    (0, "A", "too-short", "Name: must have at least 2 characters, not 1"),
    (0, "A" * 21, "too-long", "Name: must have at most 20 characters, not 21"),
    (0, "AMA", "invalid", "Name: must not be all capitals"),
    (1, "12", "bad-phone", "Phone: '12' is no telephone number that exists"),
    (3, "x", "not-a-number", "Credit: must be a number, not 'x'"),
    (3, -1, "out-of-range", "Credit: must be at least 0, not '-1'"),
    (4, "xl", "not-allowed", "Size: must be 's' or 'l', not 'xl'"),
    (5, "tin", "not-allowed", "Level: must be 'gold' or 'silver', not 'tin'"),
    (6, "Acra", "not-found", "City: there is no 'Acra' among the name of cities"),
]


@pytest.mark.parametrize(("place", "cell", "code", "message"), REFUSED)
def test_a_bad_cell_is_named_with_its_column_a_code_and_words(place: int, cell: Any, code: str, message: str) -> None:
    (reject,) = checked(HEADERS, (*GOOD[:place], cell, *GOOD[place + 1 :]))
    assert isinstance(reject, Rejected)
    assert ([problem.code for problem in reject.problems], reject.message) == ([code], message)


def test_what_is_wrong_with_the_row_as_a_whole_names_no_column() -> None:
    (reject,) = checked(HEADERS, (*GOOD[:3], "500", "s", "silver", "Accra"))
    assert isinstance(reject, Rejected)
    assert reject.problems[0] == ("invalid", "silver customers have at most 100 of credit", None)


def test_all_that_is_wrong_is_told_at_once_and_other_rows_are_not_touched_by_it() -> None:
    one, bad, two = checked(HEADERS, GOOD, (None, None, "A", "x"), GOOD)
    assert isinstance(bad, Rejected)
    assert [problem.code for problem in bad.problems] == ["required", "required", "not-a-number"]
    assert isinstance(one, Record)
    assert isinstance(two, Record)


def test_rows_may_be_shorter_or_longer_than_the_header() -> None:
    short, long = checked(("name", "phone", "mark"), ("Ama", "0201234567"), ("Ama", "0201234567", "A", "more"))
    assert isinstance(short, Rejected)
    assert isinstance(long, Record)


def upper(value: str) -> str:
    if value == "?":
        raise ValueError("must not be a question mark")
    return value.upper()


DECLARED = (
    Field("sex", Type.TEXT, values={"Male": "m", "female": "f"}),
    declared(Column("price", Type.MONEY, label="Unit price")),
    Field("code", Type.TEXT, default="NONE", transform=lambda cell: str(cell).replace("-", ""), check=upper),
)


def test_declared_fields_map_values_transform_check_and_fill_in() -> None:
    headers = ("sex", "unit price", "code")
    first, second, third = outcome(DECLARED, headers, [("MALE", "3.5", "a-b"), ("f", None, None), ("f", 1, "?")])
    assert isinstance(first, Record)
    assert first.values == ("m", Decimal("3.5"), "AB")
    assert isinstance(second, Record)
    assert second.values == ("f", None, "NONE")
    assert isinstance(third, Rejected)
    assert third.message == "code: must not be a question mark"


RULED = (
    Field("age", Type.INTEGER, check=Rules(min=0, max=120)),
    Field("since", Type.DATE, check=Rules(min=date(2000, 1, 1))),
    Field("mark", Type.TEXT, check=Rules(min_length=2, max_length=4, pattern="[A-Z]+")),
    Field("phone", Type.TEXT, check=PhoneNumber("GH").parse),
)


@pytest.mark.parametrize(
    ("column", "cell", "code", "message"),
    [
        ("age", -1, "out-of-range", "must be at least 0, not '-1'"),
        ("age", 121, "out-of-range", "must be at most 120, not '121'"),
        ("since", "1999-12-31", "out-of-range", "must be at least 2000-01-01, not '1999-12-31'"),
        ("mark", "A", "too-short", "must have at least 2 characters, not 1"),
        ("mark", "ABCDE", "too-long", "must have at most 4 characters, not 5"),
        ("mark", "AB1", "wrong-form", "'AB1' does not have the form it must"),
        ("phone", "12", "bad-phone", "is no telephone number that exists"),
    ],
)
def test_rules_of_declared_fields_have_codes_of_their_own(column: str, cell: Any, code: str, message: str) -> None:
    good = {"age": 0, "since": "2000-01-01", "mark": "ABCD", "phone": "020 123 4567"}
    fine, bad = outcome(RULED, tuple(good), [tuple(good.values()), tuple({**good, column: cell}.values())])
    assert isinstance(fine, Record)
    assert isinstance(bad, Rejected)
    assert bad.problems == (Problem(code, message, column),)


@pytest.mark.parametrize(
    ("kind", "rules", "said"),
    [
        (Type.TEXT, Rules(min=1), "min and max are for numbers and dates, not for text"),
        (Type.INTEGER, Rules(max_length=3), "max_length and pattern are for text, not for integer"),
        (Type.TEXT, Rules(pattern="["), "cannot be: unterminated character set"),
        (Type.DATE, Rules(min=3), "cannot be: "),
        (Type.FLOAT, Rules(max=float("nan")), "cannot be: nan is no bound"),
    ],
)
def test_rules_that_say_nothing_of_a_type_are_a_mistake(kind: Type, rules: Rules, said: str) -> None:
    with pytest.raises(BadConfiguration, match=said):
        row_of([Field("x", kind, check=rules)])


def test_a_field_of_raw_bytes_cannot_come_from_a_spreadsheet() -> None:
    with pytest.raises(BadConfiguration, match="cannot be of the type binary"):
        outcome([Field("photo", Type.BINARY)], ["photo"], [])
