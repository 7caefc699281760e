"""Rules: what must hold for a value of a declared field, where no pydantic model says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from narrowboat.data.columns import Type
from narrowboat.data.records.cells import Refused
from narrowboat.data.records.problem import shown
from narrowboat.errors import BadConfiguration

_COMPARED = (Type.INTEGER, Type.FLOAT, Type.DECIMAL, Type.MONEY, Type.DATE, Type.DATETIME)


@dataclass(frozen=True, slots=True)
class Rules:
    """A field's check: `Field("age", Type.INTEGER, check=Rules(min=0, max=120))`."""

    min: int | float | Decimal | date | None = None
    max: int | float | Decimal | date | None = None
    """Of numbers, dates and moments; these values themselves are allowed."""
    min_length: int | None = None
    max_length: int | None = None
    """In characters, of texts."""
    pattern: str = ""
    """A regular expression for the whole text."""

    def __call__(self, value: Any) -> Any:
        """The value. Raises `cells.Refused`."""
        if self.min is not None and value < self.min:
            raise Refused("out-of-range", f"must be at least {self.min}, not {shown(value)}")
        if self.max is not None and value > self.max:
            raise Refused("out-of-range", f"must be at most {self.max}, not {shown(value)}")
        if self.min_length is not None and len(value) < self.min_length:
            raise Refused("too-short", f"must have at least {self.min_length} characters, not {len(value)}")
        if self.max_length is not None and len(value) > self.max_length:
            raise Refused("too-long", f"must have at most {self.max_length} characters, not {len(value)}")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise Refused("wrong-form", f"{shown(value)} does not have the form it must")
        return value

    def fit(self, kind: Type) -> None:
        """Raises BadConfiguration where they say nothing of values of this type, or the pattern is none."""
        compared = self.min is not None or self.max is not None
        if compared and kind not in _COMPARED:
            raise BadConfiguration(f"min and max are for numbers and dates, not for {kind}.")
        of_text = self.min_length is not None or self.max_length is not None or bool(self.pattern)
        if of_text and kind is not Type.TEXT:
            raise BadConfiguration(f"min_length, max_length and pattern are for text, not for {kind}.")
        try:
            re.compile(self.pattern)
            if compared:
                self._compare(kind)
        except (re.error, TypeError) as error:
            raise BadConfiguration(f"{self} cannot be: {error}.") from error

    def _compare(self, kind: Type) -> None:
        """Raises TypeError where a bound cannot be compared with a value of the type."""
        sample: Any = {Type.DATE: date.min, Type.DATETIME: datetime.min}.get(kind, 0)
        for bound in (self.min, self.max):
            if bound is not None and (sample < bound) is (sample >= bound):
                raise TypeError(f"{bound!r} is no bound")

    def __str__(self) -> str:
        """For people who fill in a file: `from 0, to 120`."""
        told = [
            f"from {self.min}" if self.min is not None else "",
            f"to {self.max}" if self.max is not None else "",
            f"at least {self.min_length} characters" if self.min_length is not None else "",
            f"at most {self.max_length} characters" if self.max_length is not None else "",
            f"of the form {self.pattern}" if self.pattern else "",
        ]
        return ", ".join(part for part in told if part)
