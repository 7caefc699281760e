"""What is told of rows that their target refuses: codes and sentences. Columns are the target's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from narrowboat.data.records.problem import Problem, shown

NO_PARENT: Final = "no-such-parent"


def record_of(values: Iterable[Any]) -> str:
    """What identifies a record, as text: a JSON array."""
    values = list(values)
    if len(values) == 1 and type(values[0]) is int:
        return f"[{values[0]}]"
    return json.dumps(values, ensure_ascii=False, default=str)


def shown_record(names: Sequence[str], record: str) -> str:
    """`id 17`, or `tenant 3, code A`."""
    return ", ".join(f"{name.strip(chr(34))} {value}" for name, value in zip(names, json.loads(record), strict=True))


def in_the_file(key: Sequence[str], row: int) -> Problem:
    """An earlier row of the file has the same key."""
    return Problem("duplicate-in-file", f"row {row} of this file has the same {_named(key)}", _column(key))


def exists(key: Sequence[str], record: str) -> Problem:
    """The record was there before the import."""
    return Problem("exists", f"there is a record with this {_named(key)} already: {record}", _column(key))


def written_meanwhile(key: Sequence[str], record: str) -> Problem:
    """Somebody else wrote the record while the import ran."""
    message = f"somebody else wrote a record with this {_named(key)} while this import ran: {record}"
    return Problem("written-meanwhile", message, _column(key))


def two_records(found: Iterable[tuple[Sequence[str], str]]) -> Problem:
    """Two keys of the row belong to different records."""
    told = "; ".join(f"its {_named(key)} is that of {record}" for key, record in found)
    return Problem("two-records", f"belongs to two records at once: {told}")


def no_record(keys: Sequence[Sequence[str]]) -> Problem:
    """There is nothing to update."""
    named = " or ".join(_named(key) for key in keys)
    return Problem("no-record", f"there is no record with this {named} to change")


def dropped() -> Problem:
    """The database took the row and kept nothing."""
    return Problem(
        "dropped", "the database kept nothing of this row and gave no reason: a trigger or a rule of the table drops it"
    )


def not_said() -> Problem:
    """A record of others, of which not even that it is there may be told."""
    return Problem("refused", "the database does not take this row")


def changed_since(record: str) -> Problem:
    """The record is not any more as the import left it."""
    return Problem("changed-since", f"{record} was changed after the import, and was left as it is")


def gone(record: str) -> Problem:
    """The record is not there any more."""
    return Problem("gone", f"{record} is not there any more")


def ambiguous(table: str, by: str, value: Any) -> Problem:
    """A cell that names several records."""
    return Problem("ambiguous", f"there are several {shown(value)} among the {by} of {table}")


def no_parent(column: str, value: Any) -> Problem:
    """A foreign key that leads nowhere."""
    return Problem(NO_PARENT, f"there is no record {shown(value)} that it could belong to", column)


def referred_to(record: str) -> Problem:
    """A record that cannot be removed."""
    return Problem("referred-to", f"other records refer to {record} by now, so it stays")


def no_index(table: str, key: Sequence[str]) -> str:
    """A unique key that the database does not know of."""
    return (
        f"{table} has no unique index on {', '.join(key)}: finding records is slow in a large table, and two writers "
        f"at once could both create one. Make one: create unique index on {table} ({', '.join(key)})"
    )


def _named(key: Sequence[str]) -> str:
    return " and ".join(key)


def _column(key: Sequence[str]) -> str | None:
    return key[0] if len(key) == 1 else None
