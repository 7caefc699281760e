"""A value of a key comes out of JSON as it went in."""

from __future__ import annotations

import json
import math
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowboat.data.sources.position import NotUtf8, decode, encode

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))),
    st.builds(NotUtf8, st.binary()),
)


@given(values)
def test_a_value_survives_json_exactly(value: Any) -> None:
    found = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    assert type(found) is type(value)
    assert found == value
    assert str(found) == str(value)


def test_what_json_does_not_have_survives_too() -> None:
    assert math.isnan(decode(json.loads(json.dumps(encode(math.nan), allow_nan=False))))
    assert decode(encode(-math.inf)) == -math.inf
    assert math.copysign(1, decode(encode(-0.0))) == -1


@pytest.mark.parametrize("value", [2**53, -(2**53), 0, True, "x", None])
def test_what_every_reader_of_json_keeps_is_plain(value: Any) -> None:
    assert encode(value) is value


@pytest.mark.parametrize("value", [2**53 + 1, -(2**63)])
def test_what_some_readers_of_json_would_round_is_text(value: int) -> None:
    assert encode(value) == {"int": str(value)}


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="list"):
        encode([1])
