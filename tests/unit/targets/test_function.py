"""A Python function as a target."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from narrowboat.data.records import Lookup
from narrowboat.data.target import Mode
from narrowboat.data.targets import Row, function
from narrowboat.errors import BadConfiguration
from tests.unit.targets.places import customer, nothing, told, wish


def test_it_is_given_run_row_and_values_and_may_refuse_rows() -> None:
    seen: list[Row] = []

    def take(rows: Sequence[Row]) -> dict[int, str]:
        seen.extend(rows)
        return {3: "is on the black list"}

    opened = function(take).open(wish())
    outcomes = opened.write([customer(2), customer(3)], nothing)
    assert [told(one) for one in outcomes] == ["created", "refused"]
    assert outcomes[1].problem == ("refused", "is on the black list", None)
    assert seen[0] == ("run", 2, {"phone": "+23300002", "mark": "M2", "name": "Ama 2", "credit": 5})


def test_it_is_not_called_for_a_dry_run_nor_for_no_rows() -> None:
    def never(rows: Sequence[Row]) -> None:
        raise AssertionError("called")

    assert [told(o) for o in function(never).open(wish(dry_run=True)).write([customer(2)], nothing)] == ["created"]
    assert function(never).open(wish()).write([], nothing) == []


@pytest.mark.parametrize("wanted", [wish(undo=True), wish(Mode.UPSERT)])
def test_what_only_a_table_can_do_is_refused(wanted: object) -> None:
    with pytest.raises(BadConfiguration):
        function(lambda rows: None).open(wanted)  # type: ignore[arg-type]


def test_a_lookup_needs_a_table() -> None:
    with pytest.raises(BadConfiguration, match="lookup needs a table"):
        function(lambda rows: None).open(wish()).find(Lookup("cities", "name"), ["Accra"])
