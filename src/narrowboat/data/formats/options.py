"""A format's options, checked: each has a known name and a value of its kind."""

from __future__ import annotations

from collections.abc import Sequence

from narrowboat.data.format import Options
from narrowboat.errors import BadParameter

__all__ = ["Choices"]


class Choices:
    """Reads options one by one; `end` refuses those that nobody read. All raise BadParameter."""

    def __init__(self, name: str, options: Options) -> None:
        """name: the format's, for messages."""
        self._name, self._options = name, options
        self._known: list[str] = []

    def flag(self, option: str, default: bool) -> bool:
        """A yes or no: a bool, or the words `true` and `false`."""
        value = self._value(option, default)
        if isinstance(value, bool):
            return value
        if value not in ("true", "false"):
            raise self._bad(option, value, "true or false")
        return value == "true"

    def choice(self, option: str, allowed: Sequence[str]) -> str:
        """One of `allowed`, the first by default."""
        value = self._value(option, allowed[0])
        if value not in allowed:
            raise self._bad(option, value, "one of " + ", ".join(allowed))
        return str(value)

    def text(self, option: str, default: str) -> str:
        """Any text."""
        value = self._value(option, default)
        if not isinstance(value, str):
            raise self._bad(option, value, "text")
        return value

    def end(self) -> None:
        """Refuse options that the format does not have."""
        unknown = [option for option in self._options if option not in self._known]
        if unknown:
            known = ", ".join(self._known) or "none"
            raise BadParameter(f"The format {self._name} has no option {unknown[0]!r}. Options: {known}.")

    def _value(self, option: str, default: str | bool) -> str | int | bool:
        self._known.append(option)
        return self._options.get(option, default)

    def _bad(self, option: str, value: object, wanted: str) -> BadParameter:
        return BadParameter(f"The option {option!r} of the format {self._name} is {value!r}; give {wanted}.")
