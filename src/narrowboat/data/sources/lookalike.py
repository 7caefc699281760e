"""What to say where a table is not found."""

from __future__ import annotations

from collections.abc import Sequence

from narrowboat.errors import SourceFailed

_SHOWN = 10


def no_such_table(name: str, tables: Sequence[str], *, what: str = "table") -> SourceFailed:
    """The error, naming the tables (or `what` they are called) that look alike, or else the first few there are."""
    from difflib import get_close_matches

    by_folded = {table.rpartition(".")[2].casefold(): table for table in tables}
    by_folded |= {table.casefold(): table for table in tables}
    matches = get_close_matches(name.casefold(), by_folded, cutoff=0.5)
    alike = dict.fromkeys(by_folded[match] for match in matches)
    if alike:
        return SourceFailed(f"There is no {what} {name!r}. {what.capitalize()}s that look alike: {', '.join(alike)}.")
    more = ", …" if len(tables) > _SHOWN else ""
    return SourceFailed(
        f"There is no {what} {name!r}. {what.capitalize()}s: {', '.join(tables[:_SHOWN]) or 'none at all'}{more}."
    )
