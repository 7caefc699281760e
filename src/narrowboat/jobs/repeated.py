"""Repeated: rows of one file that have a key in common. The first that is accepted wins, and the others name it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import repeat
from typing import Any

from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record
from narrowboat.data.target import Earlier, Outcome, What
from narrowboat.jobs.seen import Seen

Keys = tuple[str | None, ...]
"""Of a row: the text of each unique key; None for one that has a null in it, which is nobody's."""


class Repeated:
    """Writes records to a target, each key of the file at most once at a time."""

    def __init__(self, seen: Seen, unique: Sequence[tuple[str, ...]], columns: Sequence[str]) -> None:
        self._seen, self._unique = seen, unique
        self._places = [[columns.index(name) for name in key] for key in unique]

    def write(
        self,
        records: Sequence[Record],
        write: Callable[[Sequence[Record], Earlier], Sequence[Outcome]],
        *,
        last: bool = False,
    ) -> dict[int, Outcome]:
        """What became of each row. last: no rows come after these, so nobody will ask for their keys.

        A row that shares a key with an earlier one waits for what becomes of that: if it is refused, this one's turn
        has come.
        """
        keys = self._keys(records)
        texts = [text for found in keys.values() for text in found if text is not None]
        taken = self._seen.rows(texts)
        strangers = not taken and len(set(texts)) == len(texts)  # as most chunks are
        if strangers and last and records:
            return {record.row: one for record, one in zip(records, write(records, self._earlier), strict=True)}
        outcomes, accepted, met = dict[int, Outcome](), dict[str, int](), dict[str, Outcome]()
        while records:
            now, later = (records, ()) if strangers else self._turns(records, keys, taken, met, outcomes)
            for record, outcome in zip(now, write(now, self._earlier) if now else (), strict=True):
                row = record.row
                outcomes[row] = outcome
                if outcome.what is not What.REJECTED:
                    for text in keys[row]:
                        if text is not None:
                            taken[text] = accepted[text] = row
                    if outcome.record:
                        accepted[f"#{outcome.record}"] = row
                elif outcome.key is not None and (text := keys[row][outcome.key]) is not None:
                    met[text] = outcome
            records = later
        if not last:
            self._seen.add(accepted)
        return outcomes

    def _turns(
        self,
        records: Sequence[Record],
        keys: Mapping[int, Keys],
        taken: Mapping[str, int],
        met: Mapping[str, Outcome],
        outcomes: dict[int, Outcome],
    ) -> tuple[list[Record], list[Record]]:
        """Rows whose turn it is, and those that wait for one of them. What is known of others goes to `outcomes`."""
        now, later, claimed = list[Record](), list[Record](), set[str]()
        for record in records:
            texts = [text for text in keys[record.row] if text is not None]
            if known := self._known(keys[record.row], taken) or next((met[t] for t in texts if t in met), None):
                outcomes[record.row] = known
            elif claimed.isdisjoint(texts):
                now.append(record)
                claimed.update(texts)
            else:
                later.append(record)
        return now, later

    def _keys(self, records: Sequence[Record]) -> dict[int, Keys]:
        """By row."""
        values = [record.values for record in records]
        columns = [_texts(number, places, values) for number, places in enumerate(self._places)]
        keys = zip(*columns, strict=True) if columns else repeat(())
        return {record.row: found for record, found in zip(records, keys, strict=False)}

    def _known(self, keys: Keys, taken: Mapping[str, int]) -> Outcome | None:
        """The refusal of a row one of whose keys is taken."""
        for number, text in enumerate(keys):
            if text is not None and text in taken:
                key = self._unique[number]
                message = f"row {taken[text]} of this file has the same {' and '.join(key)}"
                column = key[0] if len(key) == 1 else None
                return Outcome(What.REJECTED, problem=Problem("duplicate-in-file", message, column))
        return None

    def _earlier(self, records: Collection[str]) -> Mapping[str, int]:
        """Records that earlier chunks made of rows."""
        found = self._seen.rows([f"#{record}" for record in records])
        return {key[1:]: row for key, row in found.items()}


def _texts(number: int, places: Sequence[int], rows: Sequence[Sequence[Any]]) -> list[str | None]:
    """One key of all rows."""
    if len(places) == 1:
        return [None if (value := row[places[0]]) is None else f"{number}\x1f{value}" for row in rows]
    found = [[row[place] for place in places] for row in rows]
    return [None if None in values else "\x1f".join([str(number), *map(str, values)]) for values in found]
