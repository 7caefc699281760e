"""Repeated: rows of one file that have a key in common. The first that is accepted wins, and the others name it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record
from narrowboat.data.target import Earlier, Outcome, What
from narrowboat.jobs.seen import Seen

Keys = tuple[tuple[int, str], ...]
"""Of a row: which of the unique keys, and its text."""


class Repeated:
    """Writes records to a target, each key of the file at most once at a time."""

    def __init__(self, seen: Seen, unique: Sequence[tuple[str, ...]], columns: Sequence[str]) -> None:
        self._seen, self._unique = seen, unique
        self._places = [[columns.index(name) for name in key] for key in unique]

    def write(
        self, records: Sequence[Record], write: Callable[[Sequence[Record], Earlier], Sequence[Outcome]]
    ) -> dict[int, Outcome]:
        """What became of each row.

        A row that shares a key with an earlier one waits for what becomes of that: if it is refused, this one's turn
        has come.
        """
        keys = {record.row: self._keys(record) for record in records}
        taken = self._seen.rows([text for found in keys.values() for _, text in found])
        outcomes, accepted, met = dict[int, Outcome](), dict[str, int](), dict[str, Outcome]()
        while records:
            now, later, claimed = list[Record](), list[Record](), set[str]()
            for record in records:
                texts = [text for _, text in keys[record.row]]
                if known := self._known(keys[record.row], taken) or next((met[t] for t in texts if t in met), None):
                    outcomes[record.row] = known
                elif claimed.isdisjoint(texts):
                    now.append(record)
                    claimed.update(texts)
                else:
                    later.append(record)
            for record, outcome in zip(now, write(now, self._earlier) if now else (), strict=True):
                outcomes[record.row] = outcome
                if outcome.what is not What.REJECTED:
                    own = dict.fromkeys((text for _, text in keys[record.row]), record.row)
                    taken |= own
                    accepted |= own | ({f"#{outcome.record}": record.row} if outcome.record else {})
                elif outcome.key is not None:
                    met |= {text: outcome for number, text in keys[record.row] if number == outcome.key}
            records = later
        self._seen.add(accepted.items())
        return outcomes

    def _keys(self, record: Record) -> Keys:
        """Keys without null; those with one are nobody's."""
        found = []
        for number, places in enumerate(self._places):
            values = [record.values[place] for place in places]
            if None not in values:
                found.append((number, "\x1f".join([str(number), *map(str, values)])))
        return tuple(found)

    def _known(self, keys: Keys, taken: Mapping[str, int]) -> Outcome | None:
        """The refusal of a row one of whose keys is taken."""
        for number, text in keys:
            if text in taken:
                key = self._unique[number]
                message = f"row {taken[text]} of this file has the same {' and '.join(key)}"
                column = key[0] if len(key) == 1 else None
                return Outcome(What.REJECTED, problem=Problem("duplicate-in-file", message, column))
        return None

    def _earlier(self, records: Collection[str]) -> Mapping[str, int]:
        """Records that earlier chunks made of rows."""
        found = self._seen.rows([f"#{record}" for record in records])
        return {key[1:]: row for key, row in found.items()}
