"""A problem: why a cell or a row is refused, in words for the person who filled it in."""

from __future__ import annotations

from typing import Any, NamedTuple


class Problem(NamedTuple):
    """What is wrong. `column` is the header as it stands in the file; None where the row as a whole is at fault."""

    code: str
    """Stable; docs/reference/import-codes.md lists them all."""
    message: str
    column: str | None = None


def shown(value: Any) -> str:
    """A value as a message quotes it: short, and never over several lines."""
    text = " ".join(str(value).split())
    return repr(text if len(text) <= 40 else text[:39] + "…")
