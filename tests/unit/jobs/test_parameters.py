"""Parameters: read off the signature, checked before anything starts."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest

from narrowboat.errors import BadConfiguration, BadParameter
from narrowboat.jobs.parameters import Parameter, as_json, resolve, signature


def job(
    city: str | None = None,
    since: date = date(2026, 1, 1),
    least: int = 0,
    price: Decimal = Decimal("1.50"),
    active: bool = True,
    order: Literal["name", "age"] = "name",
    at: datetime | None = None,
    ratio: float = 0.5,
) -> None: ...


def required(city: str) -> None: ...


def test_text_from_a_query_string_becomes_what_the_function_wants() -> None:
    given = {
        "since": "2026-02-03",
        "least": "7",
        "price": "2.75",
        "active": "no",
        "order": "age",
        "at": "2026-01-31T09:30:00",
    }
    values = resolve(signature(job), given)
    assert values == {
        "city": None, "since": date(2026, 2, 3), "least": 7, "price": Decimal("2.75"), "active": False,
        "order": "age", "at": datetime(2026, 1, 31, 9, 30), "ratio": 0.5,
    }  # fmt: skip


def test_resolved_values_survive_the_store() -> None:
    values = resolve(signature(job), {"city": "Accra", "active": True, "least": 3})
    assert resolve(signature(job), json.loads(json.dumps(as_json(values)))) == values


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"town": "Accra"}, "Unknown parameter 'town'. Parameters: active, at, city"),
        ({"since": "yesterday"}, "'since' must be a date such as 2026-01-31, not 'yesterday'"),
        ({"since": datetime(2026, 1, 31, 9)}, "'since' must be a date such as 2026-01-31, not datetime"),
        ({"least": "many"}, "'least' must be a whole number"),
        ({"least": True}, "'least' must be a whole number"),
        ({"least": None}, "'least' must not be null"),
        ({"price": "cheap"}, "'price' must be a decimal number"),
        ({"active": "maybe"}, "'active' must be true or false"),
        ({"order": "size"}, "'order' must be one of name, age"),
        ({"order": []}, "'order' must be text, not "),
        ({"city": ["Accra"]}, "'city' must be text, not "),
        ({"city": {"a": 1}}, "'city' must be text, not "),
        ({"city": "\ud83d"}, "'city' must be text, not "),
        ({"least": 2**63}, "'least' must be a whole number of at most 64 bits"),
        ({"ratio": float("nan")}, "'ratio' must be a number, not nan"),
        ({"ratio": "1e999"}, "'ratio' must be a number, not '1e999'"),
        ({"price": "sNaN"}, "'price' must be a decimal number, not 'sNaN'"),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadParameter, match=says):
        resolve(signature(job), given)


def test_a_missing_required_parameter_is_named() -> None:
    assert signature(required) == (Parameter("city", str, required=True, nullable=False),)
    with pytest.raises(BadParameter, match="'city' is required"):
        resolve(signature(required), {})


def test_a_function_that_cannot_be_called_over_http_is_refused_at_registration() -> None:
    def takes_anything(**more: str) -> None: ...
    def takes_object(thing: object) -> None: ...

    for function in (takes_anything, takes_object):
        with pytest.raises(BadConfiguration, match="cannot be sent"):
            signature(function)
