"""What a command line calls a source: a URL, and a table's name or a statement."""

from __future__ import annotations

import re

from narrowboat.data.sources.database import Database
from narrowboat.data.sources.query import Query, query, table

_STATEMENT = r"(?is)\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:select|with|values)[\s(*]"


def detect(url: str, wanted: str, *, key: tuple[str, ...] = ()) -> Query:
    """The table called `wanted`, or the rows of the statement that it is (select, with, values)."""
    return (query if re.match(_STATEMENT, wanted) else table)(Database(url), wanted, key=key)
