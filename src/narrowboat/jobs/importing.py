"""Importing: one attempt at a run that turns a file's rows into records, chunk by chunk, each in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from narrowboat.data.records.field import Field
from narrowboat.data.records.mapping import Columns, find_columns
from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record, Rejected
from narrowboat.data.records.validator import Validator
from narrowboat.data.sheet import SheetRow
from narrowboat.data.target import Loading, Outcome, What
from narrowboat.errors import MissingColumns, UnusableFile
from narrowboat.jobs.filling import filled
from narrowboat.jobs.importer import Import
from narrowboat.jobs.input import Input
from narrowboat.jobs.rejecting import Rejecting
from narrowboat.jobs.repeated import Repeated
from narrowboat.jobs.seen import Seen
from narrowboat.jobs.settling import Settling
from narrowboat.jobs.sheet import Sheet
from narrowboat.kernel.model import Artifact, Chunk, Control, Counters, Cursor, Extent, Lease

START: Cursor = {
    "row": 0,
    "rejected": 0,
    "fences": [],
    "writer": None,
    "since": None,
    "headers": [],
    "columns": [],
    "warnings": [],
    "done": False,
}


class Importing:
    """Implements `kernel.work.Work` and `kernel.work.Transactional`.

    The cursor holds: `row`, the number of the last row dealt with; how many were `rejected`; `fences`, up to which row
    each fence committed; the state of the `writer` of rejects; `since`, the target's mark when the run began; the
    file's `headers`, what each of its `columns` is, and `warnings`; `done`.
    """

    resumable = True

    def __init__(self, job: Import, lease: Lease, folder: Path) -> None:
        self._job, self._lease, self._folder = job, lease, folder
        self._input = Input.parse(lease.run.params["input"])
        self._fields = filled(job.fields, lease.run.params.get("requester", {}))
        self._cursor: Cursor = lease.run.cursor or START
        self._sheet: Sheet | None = None
        self._loading: Loading | None = None
        self._seen: Seen | None = None
        self._pending: Chunk | None = None
        self._rows = lease.run.counters.rows
        self._rejecting = Rejecting(lease, folder, self._cursor["headers"], self._cursor["writer"])
        if not self._cursor["done"]:
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    def _prepare(self) -> None:
        """Find the columns before anything connects: a file of something else is refused at once."""
        job, given = self._job, self._input
        self._sheet = sheet = Sheet(job.opener, given, job.load)
        found = find_columns(sheet.headers, self._fields, given.mapping, guess=given.guess)
        found.confirm({name for key in job.unique for name in key})
        self._written = _written(self._fields, found)
        self._loading = loading = job.into.open(self._wish(found))
        self._settling = Settling(loading, self._lease, shared=job.into.is_in(job.home()), dry_run=given.dry_run)
        self._pending = self._settling.pending()
        if self._cursor is START:
            self._cursor = {
                **START,
                "since": loading.mark(),
                "headers": list(sheet.headers),
                "columns": found.as_json(),
                "warnings": [*loading.warnings(), *found.warnings()],
            }
        self._validator = Validator(self._fields, found, job.manners, check=job.check(), find=loading.find)
        self._headers = self._by_field(found)
        self._continue(self._pending.cursor if self._pending else self._cursor)

    def _wish(self, found: Columns) -> Any:
        return self._job.wish(
            self._lease.run.id,
            self._lease.fence,
            columns=self._names(),
            updated=frozenset(self._by_field(found)),
            unique=self._unique(),
            since=self._cursor["since"],
            dry_run=self._input.dry_run,
        )

    def _names(self) -> tuple[str, ...]:
        return tuple(self._fields[n].name for n in self._written)

    def _unique(self) -> tuple[tuple[str, ...], ...]:
        """The keys that the file has. Raises MissingColumns where it has none."""
        keys = tuple(key for key in self._job.unique if set(key) <= set(self._names()))
        if self._job.unique and not keys:
            wanted = " or ".join(" and ".join(key) for key in self._job.unique)
            raise MissingColumns(f"The file has no column that tells records apart: it needs {wanted}.")
        return keys

    def _by_field(self, found: Columns) -> Mapping[str, str]:
        """The fields that the file has, as it calls them."""
        places = zip(self._fields, found.places, strict=True)
        return {field.name: found.headers[place] for field, place in places if place is not None}

    def _continue(self, cursor: Cursor) -> None:
        assert self._sheet is not None  # noqa: S101  it was opened before
        self._cursor = cursor
        self._rejecting = Rejecting(self._lease, self._folder, cursor["headers"], cursor["writer"])
        self._seen = Seen(self._folder, self._lease.fence, cursor["fences"])
        self._repeated = Repeated(self._seen, self._unique(), self._names())
        self._sheet.go_to(max(cursor["row"], self._sheet.first))

    def advance(self, blocks: int) -> Chunk:
        """See `kernel.work.Work`. The transaction stays open for `commit`."""
        assert self._sheet is not None  # noqa: S101  advance is not called once done
        if self._pending:
            chunk, self._pending = self._pending, None
            self._rows += chunk.counters.rows
            return self._settling.hold(chunk, settled=True)
        rows, last = self._sheet.take(blocks * self._lease.run.block_rows)
        first = self._cursor["row"] == 0
        counters, rejects = self._deal_with(rows, first=first, last=last)
        extent = self._rejecting.write(rejects, last=last)
        self._rows += len(rows)
        row = rows[-1][0] if rows else max(self._cursor["row"], self._sheet.first)
        self._cursor = self._moved(row, len(rejects), last)
        return self._settling.hold(
            Chunk(
                cursor=self._cursor,
                counters=counters._replace(bytes=extent.length if extent else 0),
                extent=extent,
                rejects=self._rejecting.kept(rejects),
                last=last,
                total=self._total(first=first, last=last),
            )
        )

    def _deal_with(self, rows: Sequence[SheetRow], *, first: bool, last: bool) -> tuple[Counters, list[Rejected]]:
        """Check the rows and write those that are right; what became of them, and those that were refused, in order."""
        records, rejects = self._validator.validate(rows)
        if first:
            self._refuse_what_is_wrong_altogether([row for row, _ in rows], rejects)
        outcomes = self._write(records, last=last)
        rejects += [self._rejected(one, outcomes[one.row].problem) for one in records if outcomes[one.row].problem]
        counted = Counter(outcome.what for outcome in outcomes.values())
        counters = Counters(
            rows=len(rows),
            created=counted[What.CREATED],
            updated=counted[What.UPDATED],
            skipped=counted[What.SKIPPED],
            rejected=len(rejects),
        )
        return counters, sorted(rejects, key=lambda one: one.row)

    def _total(self, *, first: bool, last: bool) -> tuple[int, bool] | None:
        """Rows of the file, and whether that is only what it says: news at its beginning, and at its end."""
        if last:
            return self._rows, False
        told = self._sheet.total if self._sheet else None
        return (told, True) if first and told is not None else None

    def _write(self, records: Sequence[Record], *, last: bool) -> dict[int, Outcome]:
        assert self._loading is not None  # noqa: S101  it was opened before
        if len(self._written) < len(self._fields):
            records = [one._replace(values=tuple([one.values[n] for n in self._written])) for one in records]
        return self._repeated.write(records, self._loading.write, last=last)

    def _rejected(self, record: Record, problem: Problem | None) -> Rejected:
        assert problem is not None  # noqa: S101  it was chosen for having one
        column = problem.column and self._headers.get(problem.column, problem.column)
        return Rejected(record.row, record.cells, (problem._replace(column=column),))

    def _moved(self, row: int, rejected: int, done: bool) -> Cursor:
        fences = [pair for pair in self._cursor["fences"] if pair[0] != self._lease.fence]
        return {
            **self._cursor,
            "row": row,
            "rejected": self._cursor["rejected"] + rejected,
            "fences": [*fences, [self._lease.fence, row]],
            "writer": self._rejecting.state(),
            "done": done,
        }

    def _refuse_what_is_wrong_altogether(self, rows: Sequence[int], rejects: Sequence[Rejected]) -> None:
        """Raises UnusableFile where the first rows all have the same thing wrong: a million rejects help nobody."""
        preview = self._job.preview
        seen = rejects[:preview]
        if not seen or [one.row for one in seen] != list(rows[:preview]) or len(seen) < preview:
            return
        if set.intersection(*({(problem.column, problem.code) for problem in one.problems} for one in seen)):
            example = seen[0]
            raise UnusableFile(
                f"The first {preview} rows are all refused for the same reason, so nothing was imported. "
                f"Row {example.row}: {example.message}. Is this the right file, and is each column mapped as it should?"
            )

    def commit(self, save: Callable[[Any], Control]) -> Control:
        """See `kernel.work.Transactional`."""
        return self._settling.commit(save)

    def publish(self, extents: Iterable[Extent]) -> Artifact | None:
        """See `kernel.work.Work`. The artifact is the file of rejects, if there are any."""
        if self._seen:
            self._seen.close()
        rejected = self._cursor["rejected"]
        facts = {
            "rows": rejected,
            "tables": [rejected],
            "columns": self._cursor["columns"],
            "dry_run": self._input.dry_run,
        }
        made = self._rejecting.publish(list(extents), self._job.filename(self._lease.run), facts)
        Seen.remove(self._folder)
        if self._loading:
            self._settling.finish()
        return made

    def interrupt(self) -> None:
        """See `kernel.work.Work`."""
        if self._loading:
            self._loading.interrupt()

    def close(self) -> None:
        """See `kernel.work.Work`."""
        for opened in (self._sheet, self._loading, self._seen, self._rejecting):
            if opened:
                opened.close()


def _written(fields: Sequence[Field], found: Columns) -> list[int]:
    """Which fields are written: those that the file has, and those that have a value without it.

    The others are the database's to fill, with a default of its own.
    """
    places = enumerate(zip(fields, found.places, strict=True))
    return [n for n, (field, place) in places if place is not None or field.always]
