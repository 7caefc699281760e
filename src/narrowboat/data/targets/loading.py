"""Loading: a chunk of records into a table, in bulk; what the database refuses is halved until the culprit is alone."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from narrowboat.data.records.field import Lookup
from narrowboat.data.records.record import Record
from narrowboat.data.target import Earlier, Image, Mode, Outcome, What, Wish
from narrowboat.data.targets import words
from narrowboat.data.targets.engine import PLACE, ROW, STAGE, Again, Catalogue, Engine, Refusal, listed, quoted
from narrowboat.data.targets.images import keep, make_images
from narrowboat.data.targets.meeting import Decisions, Met, decide
from narrowboat.data.targets.receipts import Attempt
from narrowboat.errors import TargetUnavailable

_TRIES: Final = 8
"""Times that a chunk is begun anew when its transaction meets others."""
T = TypeVar("T")


class Ambiguous(Exception):
    """The database kept fewer rows than it was given, and nothing tells which: the chunk is halved."""


class TableLoading(Attempt):
    """Implements `data.target.Loading`."""

    def __init__(self, engine: Engine, table: Catalogue, wish: Wish) -> None:
        super().__init__(engine, wish.run, wish.fence)
        self._table, self._wish = table, wish
        self._identity = engine.identity(table)
        self._keys = list(dict.fromkeys(name for key in wish.unique for name in key))
        self._places = [wish.columns.index(name) for name in self._keys]
        self._returned = ", ".join(f"{table.ref}.{name}" for name in self._identity)
        if wish.undo:
            self._returned += f", {engine.image(table, table.ref)}"
        self._made: dict[str, int] = {}
        self._at_once = True
        self._earlier: Earlier = lambda records: {}
        engine.prepare(table, wish.columns)
        if wish.undo and not wish.dry_run:
            make_images(engine)

    def warnings(self) -> Sequence[str]:
        """See `data.target.Loading`."""
        indexed = {frozenset(key.columns) for key in self._table.keys}
        keys = [tuple(dict.fromkeys((*self._wish.filled, *key))) for key in self._wish.unique]
        return [words.no_index(self._table.sql, key) for key in keys if frozenset(key) not in indexed]

    def mark(self) -> Any:
        """See `data.target.Loading`."""
        self._wish = self._wish._replace(since=self._engine.mark(self._table))
        return self._wish.since

    def find(self, lookup: Lookup, values: Sequence[Any]) -> Mapping[Any, Any]:
        """See `data.target.Loading`."""
        other, by, gives = self._engine.catalogue(lookup.table).sql, quoted(lookup.by), quoted(lookup.gives)
        among = "".join(f" and {quoted(column)} = ?" for column in lookup.among)
        wanted = f"select {by}, {gives} from {other} where {by} in ?any{among}"  # noqa: S608  all quoted
        found: dict[Any, Any] = {}
        for value, meant in self._engine.execute(wanted, (list(values), *lookup.among.values())):
            several = value in found and found[value] != meant
            found[value] = words.ambiguous(lookup.table, lookup.by, value) if several else meant
        return found

    def write(self, records: Sequence[Record], earlier: Earlier) -> Sequence[Outcome]:
        """See `data.target.Loading`."""
        self._earlier = earlier
        ordered = sorted(records, key=self._order)
        for attempt in range(_TRIES):
            self._made, self._at_once = {}, True
            try:
                self._begin()
                outcomes = self._some(ordered)
                return [outcomes[record.row] for record in records]
            except Again:
                self.rollback()
                time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311  two that met shall not meet again
        raise TargetUnavailable(f"Other transactions kept {self._table.sql} busy: {_TRIES} tries of a chunk failed.")

    def _order(self, record: Record) -> list[str]:
        """All writers lock records in this order, so that few wait for each other in a circle."""
        values = record.values
        return [str(values[place]) for place in self._places]

    def _some(self, records: Sequence[Record]) -> dict[int, Outcome]:
        """What became of each row, with every row that the database refuses found by halving."""
        if not records:
            return {}
        try:
            return self._or_not_at_all(lambda: self._together(records))
        except Refusal as refusal:
            if len(records) == 1:
                return {records[0].row: self._refused(refusal)}
        except Ambiguous:
            pass
        middle = len(records) // 2
        return {**self._some(records[:middle]), **self._some(records[middle:])}

    def _refused(self, refusal: Refusal) -> Outcome:
        """What is told of it: nothing of a record in the way that may be somebody else's."""
        theirs = refusal.problem.code == "exists" and not set(self._wish.filled) <= set(refusal.key)
        return Outcome(What.REJECTED, problem=words.not_said() if theirs else refusal.problem)

    def _same(self, names: Sequence[str], table: str) -> str:
        """That a record has the key of a staged row, and is the requester's."""
        columns = map(quoted, dict.fromkeys((*names, *self._wish.filled)))
        return " and ".join(f"{table}.{name} = s.{name}" for name in columns)

    def _or_not_at_all(self, work: Callable[[], T]) -> T:
        """Do the work; where that fails, it is as if it had not begun."""
        self._engine.execute("savepoint narrowboat")
        before = len(self._made)
        try:
            done = work()
        except (Refusal, Ambiguous):
            while len(self._made) > before:  # the last to come are the first to go
                self._made.popitem()
            self._engine.execute("rollback to savepoint narrowboat")
            self._engine.execute("release savepoint narrowboat")
            raise
        self._engine.execute("release savepoint narrowboat")
        return done

    def _together(self, records: Sequence[Record]) -> dict[int, Outcome]:
        self._engine.stage([(record.row, *record.values) for record in records])
        outcomes = self._meet(records, meanwhile=False)
        if outcomes:
            self._engine.unstage(list(outcomes))
        new = [record for record in records if record.row not in outcomes] if outcomes else records
        if self._wish.mode is Mode.UPDATE:
            nothing = Outcome(What.REJECTED, problem=words.no_record(self._wish.unique))
            outcomes |= {record.row: nothing for record in new}
        elif new:
            outcomes |= self._create(new)
        self._engine.settle()
        return outcomes

    def _meet(self, records: Sequence[Record], *, meanwhile: bool) -> dict[int, Outcome]:
        """What becomes of rows whose records are there. meanwhile: a moment ago they were not."""
        found = self._matches(meanwhile)
        if not found:
            return {}
        ours = {**self._earlier({met.record for mets in found.values() for met in mets}), **self._made}
        decided = decide(records, found, ours, self._wish, lambda record: words.shown_record(self._identity, record))
        return decided.outcomes | self._update(decided)

    def _matches(self, meanwhile: bool) -> dict[int, list[Met]]:
        """The records that the keys of staged rows find, by row."""
        found: dict[int, list[Met]] = {}
        changes = self._wish.mode in (Mode.UPDATE, Mode.UPSERT)
        identity = ", ".join(f"t.{name}" for name in self._identity)
        image = self._engine.image(self._table, "t") if self._wish.undo and changes else "null"
        for key, names in enumerate(self._wish.unique):
            statement = (
                f"select s.{ROW}, {self._engine.age(self._table)}, {image}, {identity} "  # noqa: S608  all quoted
                f"from {STAGE} as s join {self._table.sql} as t on {self._same(names, 't')} order by s.{PLACE}"
                f"{self._engine.locking if changes else ''}"
            )
            for row, age, before, *record in self._engine.execute(statement):
                newer = meanwhile or (self._wish.since is not None and self._engine.is_newer(age, self._wish.since))
                found.setdefault(row, []).append(Met(words.record_of(record), key, newer, before))
        return found

    def _update(self, decided: Decisions) -> dict[int, Outcome]:
        """Change the records that were met, key by key."""
        changing, images = decided.changing, list[Image]()
        outcomes = {row: Outcome(What.REJECTED, met.record, words.dropped()) for row, met in changing.items()}
        rows_of = {met.record: row for row, met in changing.items()}
        self._made |= rows_of
        for key, names in enumerate(self._wish.unique):
            rows = [row for row, met in changing.items() if met.key == key]
            for row, record, after in self._changed(names, rows, rows_of) if rows else ():
                self._made[record] = row
                outcomes[row] = Outcome(What.UPDATED, record)
                images.append(Image(row, record, changing[row].before, after))
        self._keep(images)
        return outcomes

    def _changed(
        self, names: Sequence[str], rows: Sequence[int], rows_of: Mapping[str, int]
    ) -> Iterator[tuple[int, str, str]]:
        """Update the records that these columns find for these rows; each row, its record, and the image afterwards."""
        fixed = {*names, *self._table.primary, *self._wish.filled}
        setting = [name for name in self._wish.columns if name in self._wish.updated and name not in fixed] or names
        values = ", ".join(f"{quoted(name)} = s.{quoted(name)}" for name in setting)
        told = f", s.{ROW}" if self._engine.tells_rows else ""
        statement = (
            f"update {self._table.sql} set {values} from {STAGE} as s "  # noqa: S608  all quoted
            f"where {self._same(names, self._table.ref)} and s.{ROW} in ?any returning {self._returned}{told}"
        )
        for kept in self._engine.execute(statement, (list(rows),)):
            record, after = self._record(kept)
            yield (kept[-1] if self._engine.tells_rows else rows_of[record]), record, after

    def _create(self, new: Sequence[Record]) -> dict[int, Outcome]:
        """Insert what is staged; a row that is not kept met somebody else's, or a trigger."""
        made = self._made_of(new, self._inserted())
        outcomes = self._created(made)
        missing = [record for record in new if record.row not in made]
        if not missing:
            return outcomes
        if made:
            self._engine.unstage(list(made))
        outcomes |= self._meet(missing, meanwhile=True)
        for record in missing:
            if record.row not in outcomes:
                outcomes |= self._alone(record)
        return outcomes

    def _inserted(self) -> list[tuple[Any, ...]]:
        """All rows, which costs the server half of passing over those whose records somebody else has just written."""
        if self._table.deferrable:
            return self._insert("")
        if self._at_once:
            try:
                return self._or_not_at_all(lambda: self._insert(""))
            except Refusal as refusal:
                if refusal.problem.code != "exists":
                    raise
                self._at_once = False
        return self._insert(" on conflict do nothing")

    def _insert(self, otherwise: str) -> list[tuple[Any, ...]]:
        columns = self._wish.columns
        keys = f", {listed(self._keys, self._table.ref + '.')}" if self._keys else ""
        return self._engine.execute(
            f"insert into {self._table.sql} ({listed(columns)}) select {listed(columns, 's.')} "  # noqa: S608  all quoted
            f"from {STAGE} as s where true order by s.{PLACE}{otherwise} returning {self._returned}{keys}"
        )

    def _made_of(self, new: Sequence[Record], kept: Sequence[tuple[Any, ...]]) -> dict[int, tuple[str, str]]:
        """Rows to the records that became of them. Raises Ambiguous where a trigger made that unknowable."""
        width = len(self._identity) + self._wish.undo
        if len(kept) == len(new):  # they come in the order in which they went in
            return {record.row: self._record(row) for record, row in zip(new, kept, strict=True)}
        rows = {tuple(self._order(record)): record.row for record in new}
        keys = [tuple(map(str, row[width:])) for row in kept]
        if len(rows) < len(new) or not all(key in rows for key in keys):
            raise Ambiguous
        return {rows[key]: self._record(row) for key, row in zip(keys, kept, strict=True)}

    def _record(self, kept: Sequence[Any]) -> tuple[str, str]:
        """A record and its image, of what a statement returned."""
        width = len(self._identity)
        return words.record_of(kept[:width]), kept[width] if self._wish.undo else ""

    def _created(self, made: Mapping[int, tuple[str, str]]) -> dict[int, Outcome]:
        self._made |= {record: row for row, (record, _) in made.items()}
        self._keep(Image(row, record, None, after) for row, (record, after) in made.items())
        return {row: Outcome(What.CREATED, record) for row, (record, _) in made.items()}

    def _alone(self, record: Record) -> dict[int, Outcome]:
        """A row that was not kept, though no record has its keys: let the database say why."""
        nothing = {record.row: Outcome(What.REJECTED, problem=words.dropped())}
        try:
            self._engine.stage([(record.row, *record.values)])
            kept = self._or_not_at_all(lambda: self._insert(""))
        except Refusal as refusal:
            return {record.row: self._refused(refusal)}
        return self._created({record.row: self._record(kept[0])}) if kept else nothing

    def _keep(self, images: Iterable[Image]) -> None:
        if self._wish.undo and not self._wish.dry_run:
            made = list(images)
            keep(self._engine, self._run, self._followed(made) if self._table.followed else made)

    def _followed(self, images: Sequence[Image]) -> list[Image]:
        """As triggers that came after the statement left the records."""
        self._engine.settle()
        where = " and ".join(f"{name} = ?" for name in self._identity)
        now = f"select {self._engine.image(self._table, 't')} from {self._table.sql} as t where {where}"  # noqa: S608  quoted
        found = [(image, self._engine.execute(now, json.loads(image.record))) for image in images]
        return [image._replace(after=kept[0][0]) if kept else image for image, kept in found]
