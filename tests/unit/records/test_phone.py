"""Telephone numbers: any way they are written, one way they are kept."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from narrowboat.data.records import PhoneNumber
from narrowboat.data.records.phone import usual


@pytest.mark.parametrize("written", ["+233 20 123 4567", "020 123 4567", "(020) 123-4567", "0201234567"])
def test_a_number_is_kept_in_e164_however_it_is_written(written: str) -> None:
    assert PhoneNumber().parse(written, "GH") == "+233201234567"


@pytest.mark.parametrize(
    ("written", "why"),
    [("12", "exists"), ("call me", "is no telephone number"), ("+233 20 123 456", "exists"), ("", "no telephone")],
)
def test_what_is_no_number_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PhoneNumber("GH").parse(written)


def test_a_number_without_a_country_is_asked_for_one() -> None:
    with pytest.raises(ValueError, match="with its country code"):
        PhoneNumber().parse("020 123 4567")


def thoroughly(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None


def test_the_short_way_agrees_with_the_library_for_numbers_of_every_country_also_mistyped_ones() -> None:
    chance, quick = random.Random(7), 0
    formats = phonenumbers.PhoneNumberFormat
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number(region)
        for form in (formats.E164, formats.INTERNATIONAL, formats.NATIONAL):
            for _ in range(4):
                text = list(phonenumbers.format_number(number, form))
                place = chance.randrange(len(text))
                text[place] = str(chance.randrange(10)) if text[place].isdigit() else text[place]
                if (found := usual("".join(text), region)) is not None:
                    quick += 1
                    assert found == thoroughly("".join(text), region), (region, "".join(text))
    assert quick > 500
