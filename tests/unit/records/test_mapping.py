"""Mapping: which column of a file is which field."""

from __future__ import annotations

import pytest

from narrowboat.data.records import Field
from narrowboat.data.records.mapping import Columns, find_columns
from narrowboat.errors import BadParameter, MissingColumns

FIELDS = (
    Field("name", required=True),
    Field("phone", required=True, aliases=("Mobile", "Téléphone")),
    Field("shipping_mark"),
)


def found(*headers: str, guess: bool = False, **given: str | None) -> Columns:
    return find_columns(headers, FIELDS, given, guess=guess)


def test_case_blanks_accents_and_punctuation_do_not_matter() -> None:
    assert found("NÁME", "telephone", "Shipping  Mark").places == (0, 1, 2)
    assert found("shipping-mark", "name ", "PHONE").places == (1, 2, 0)


def test_columns_nobody_knows_are_left_alone_and_named() -> None:
    matched = found("name", "phone", "Remarks", "")
    assert [(m.header, m.how) for m in matched.matches[2:]] == [("Remarks", "unknown"), ("", "ignored")]


def test_what_a_file_of_rejects_has_besides_is_ignored_when_it_comes_back() -> None:
    matched = found("name", "phone", "Import row", "Import code", "Import problem")
    assert {match.how for match in matched.matches[2:]} == {"ignored"}


def test_what_only_looks_alike_is_suggested_and_never_taken() -> None:
    matched = found("name", "phone", "shiping_marc")
    assert matched.matches[2] == ("shiping_marc", "shipping_mark", "suggested")
    assert matched.places == (0, 1, None)


def test_a_suggestion_is_taken_where_that_was_asked_for() -> None:
    assert found("name", "phone", "shiping_marc", guess=True).places == (0, 1, 2)


def test_a_mapping_that_a_person_gave_goes_before_names() -> None:
    assert found("name", "phone", "Number two", **{"Number two": "phone", "phone": None}).places == (0, 2, None)


def test_a_file_without_a_required_column_says_which_and_what_may_be_meant() -> None:
    with pytest.raises(MissingColumns, match=r"lacks phone.*'fone' looks like 'phone'"):
        found("name", "fone")


def test_a_file_of_something_else_altogether_says_so() -> None:
    with pytest.raises(MissingColumns, match="lacks name, phone"):
        found("invoice", "total")


def test_two_columns_for_one_field_are_not_guessed_about() -> None:
    with pytest.raises(BadParameter, match="'phone' and 'Mobile', are both 'phone'"):
        found("name", "phone", "Mobile")


@pytest.mark.parametrize(("given", "said"), [({"nam": "name"}, "no column 'nam'"), ({"name": "nam"}, "no field 'nam'")])
def test_a_mapping_of_what_is_not_there_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        find_columns(["name", "phone"], FIELDS, given, guess=False)


def test_columns_that_are_left_out_are_told() -> None:
    assert found("name", "phone", "shiping_marc", "Remarks").warnings() == [
        "'shiping_marc' looks like 'shipping_mark' and was left out: confirm it with a mapping, if it is.",
        "Left out, because no field has this name: 'Remarks'.",
    ]


def test_what_tells_records_apart_is_not_left_out_without_asking() -> None:
    matched = found("name", "phone", "shiping_marc")
    matched.confirm({"phone"})
    with pytest.raises(MissingColumns, match="Say whether it is: map 'shiping_marc' to 'shipping_mark', or to nothing"):
        matched.confirm({"phone", "shipping_mark"})
