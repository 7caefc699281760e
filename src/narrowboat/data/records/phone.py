"""Telephone numbers: understood by the `phonenumbers` library, kept in E.164, `+233201234567`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

from narrowboat.data.records.cells import Refused
from narrowboat.errors import MissingExtra


class PhoneNumber:
    """Checks and normalises a telephone number. region: the country of numbers that name none (ISO 3166, `GH`)."""

    def __init__(self, region: str | None = None) -> None:
        self.region = region

    def parse(self, text: str, region: str | None = None) -> str:
        """The number in E.164. Raises `cells.Refused` for what is none."""
        where = self.region or region
        if (known := usual(text, where)) is not None:
            return known
        phonenumbers = _library()
        try:
            number = phonenumbers.parse(text, where)
        except phonenumbers.NumberParseException:
            hint = "" if where or text.lstrip().startswith("+") else " with its country code, such as +233 20 123 4567"
            raise Refused("bad-phone", f"is no telephone number{hint}") from None
        if not phonenumbers.is_valid_number(number):
            raise Refused("bad-phone", "is no telephone number that exists")
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """How pydantic asks a type for its rules."""
        from pydantic_core import PydanticCustomError, core_schema

        def check(text: str, info: Any) -> str:
            try:
                return self.parse(text, (info.context or {}).get("region"))
            except ValueError as error:
                raise PydanticCustomError("bad_phone", "{reason}", {"reason": str(error)}) from None

        return core_schema.with_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        return handler(schema) | {"format": "phone", "examples": ["+233201234567"]}


_MARKS: Final = str.maketrans("", "", " -()./\u00a0")
_KINDS: Final = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip


class Country(NamedTuple):
    """What the library knows of the numbers of one country. prefix: what is dialled before them within it."""

    code: str
    prefix: str
    valid: re.Pattern[str]
    """National numbers, but for those of which something may have to be taken away."""
    whole: re.Pattern[str]
    """The same numbers in E.164."""


def usual(text: str, region: str | None) -> str | None:
    """The number in E.164, if it is plainly a valid one; else None, and the library itself must look.

    The same patterns from the library's data, without its general way through them, which takes ten times as long.
    """
    if text.startswith("+") and (found := _country_of_start(text[1:4])) and found.whole.fullmatch(text):
        return text  # as most are that come from another program
    digits = text.translate(_MARKS)
    if digits.startswith("+"):
        digits = digits[1:]
        found = _country_of_start(digits[:3])
        national = digits[len(found.code) :] if found else ""
    else:
        found = _country(region) if region else None
        national = digits[len(found.prefix) :] if found and found.prefix and digits.startswith(found.prefix) else ""
    if not found or not digits.isascii() or not digits.isdigit():
        return None
    return f"+{found.code}{national}" if found.valid.fullmatch(national) else None


@lru_cache(1024)
def _country_of_start(digits: str) -> Country | None:
    """The country whose code is at the beginning. No code is the beginning of another."""
    return next((one for n in (1, 2, 3) if (one := _country_of_code(digits[:n]))), None)


def _country_of_code(code: str) -> Country | None:
    if not code.isascii() or not code.isdigit() or code.startswith("0"):
        return None
    regions: tuple[str, ...] = _library().COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return _country(regions[0]) if len(regions) == 1 else None


@lru_cache(256)
def _country(region: str) -> Country | None:
    """None for a country that shares its code with others, or whose prefixes are not simple."""
    phonenumbers = _library()
    known = phonenumbers.PhoneMetadata.metadata_for_region(region.upper(), None)
    if known is None or len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[known.country_code]) > 1:
        return None
    if known.national_prefix_for_parsing != known.national_prefix or known.general_desc.national_number_pattern is None:
        return None
    kinds = [getattr(known, kind) for kind in _KINDS]
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    prefix = known.national_prefix or ""
    whole = f"(?!{prefix})" if prefix else ""
    every = f"{whole}(?={known.general_desc.national_number_pattern}$)(?:{'|'.join(patterns)})"
    code = str(known.country_code)
    return Country(code, prefix, re.compile(every), re.compile(rf"\+{code}{every}", re.ASCII))


def _library() -> Any:
    try:
        import phonenumbers
    except ImportError as error:
        raise MissingExtra("Telephone numbers need their library: pip install narrowboat[phone]") from error
    return phonenumbers


Phone: TypeAlias = Annotated[str, PhoneNumber()]
"""For a pydantic model: `phone: Phone`. The import's `manners` say which country numbers without one belong to."""
