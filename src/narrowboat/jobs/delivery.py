"""Delivery: what jobs have in common whose function turns parameters into a source: exports and reports."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from narrowboat.data.columns import Column
from narrowboat.data.driven import Driven
from narrowboat.data.format import Format
from narrowboat.data.formats import format_named
from narrowboat.data.source import Count
from narrowboat.errors import BadParameter, NotRepresentable
from narrowboat.jobs import parameters, tables
from narrowboat.jobs.output import Output
from narrowboat.jobs.parameters import Parameter
from narrowboat.jobs.tables import Advice, Advised
from narrowboat.jobs.writing import Writing
from narrowboat.kernel.model import Lease, NewRun, Run
from narrowboat.people.requester import NOBODY, Attributes, Requester, recorded

REPORT_SECONDS = 300.0
"""A report may take so long, unless it says otherwise."""
REPORT_LIMIT = 5
"""Reports of one user under way, in the same way."""
REPORT_FIRST = 100
"""Rows of a report's first chunk, so that something shows at once."""
REPORT_UNFOLLOWED = 60.0
"""Seconds that a report goes on while nobody follows it."""


class Terms(NamedTuple):
    """The function of a job, and what holds for its runs."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    title: str
    description: str = ""
    formats: tuple[str, ...] = ()
    """Formats people may choose; empty: all. The first is the default."""
    queue: str = "default"
    priority: int = 0
    time_limit: float | None = None
    """Seconds."""
    limit: int | None = None
    """Runs of one user under way; one more is refused."""
    block_rows: int = 500
    consistent: bool = False
    """One snapshot for the whole file: a broken attempt starts from zero."""
    share_within: float = 300.0
    """Seconds for which an identical request joins a run under way."""
    requester: str | None = None
    """The function's parameter that is given the `Requester`."""
    unfollowed: float | None = None
    """Seconds that a run goes on while nobody follows it; None: to its end."""
    rollout: float = 100.0
    """Percentage of users for whom `Narrowboat.rollout` says the new path."""


class Delivery(Terms):
    """A job that delivers the rows of a source."""

    __slots__ = ()

    @property
    def kind(self) -> str:
        raise NotImplementedError

    @property
    def limit_kind(self) -> bool:
        """Whether the limit counts all runs of this kind, and not of this job alone."""
        return False

    @property
    def chunk_rows(self) -> int | None:
        """Rows of a chunk at most; None: as many as time and memory allow."""
        return None

    def format(self, output: Output) -> Format:
        """The format of the artifact. Raises UnknownFormat, BadParameter."""
        raise NotImplementedError

    def request(
        self,
        params: Mapping[str, Any],
        output: Output,
        *,
        owner: str,
        attributes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
    ) -> NewRun:
        """A checked request. Raises BadParameter, UnknownFormat; nothing is started.

        attributes: what the function may know of the owner. Kept with the run where it asks for its requester.
        """
        resolved = parameters.as_json(parameters.resolve(self.parameters, params))
        self.format(output)
        record = _checked({"params": resolved, "output": output.as_json()})
        if self.requester:
            record["requester"] = recorded(owner, attributes)
        return NewRun(
            job=self.name,
            kind=self.kind,
            params=record,
            owner=owner,
            queue=self.queue,
            priority=self.priority if priority is None else priority,
            not_before=not_before,
            time_limit=self.time_limit,
            block_rows=self.block_rows,
            idempotency_key=idempotency_key,
            identity=None if not_before else identity(self.name, record, owner),
            share_within=self.share_within,
            limit=self.limit,
            limit_kind=self.limit_kind,
            unfollowed=self.unfollowed,
        )

    def again(self, run: Run, attributes: Mapping[str, Any] | None = None) -> NewRun:
        """The same request as a new run: a rerun. attributes: of its owner now; None: those it had."""
        params, output = run.params["params"], Output.parse(run.params["output"])
        known = run.params.get("requester") if attributes is None else attributes
        return self.request(params, output, owner=run.owner, attributes=known)

    def retrying(self, run: Run, folder: Path, attributes: Mapping[str, Any] | None = None) -> NewRun:
        """The whole request again: what a source rejected has no file of its own."""
        return self.again(run, attributes)

    @property
    def usual(self) -> Output:
        """What nobody chose otherwise."""
        return Output(format=self.formats[0] if self.formats else Output().format)

    def warm(self) -> None:
        """Load what most runs will need, so that the first one does not wait for it; but nothing as large as Arrow.

        Of drivers, those of what the function goes by name to. It is not called: it may do more than name its source.
        """
        usual = self.format(self.usual)
        if not usual.spools:
            usual.writer()
        parameters.parsers()  # with decimals, which conditions and keys are compared as
        for one in parameters.named(self.function):
            if isinstance(one, Driven):
                with suppress(Exception):  # a driver that is missing or broken is for the runs that use it to tell
                    one.load()

    def offered(self, output: Output) -> Format:
        """The format a person chose, if this job offers it. Raises UnknownFormat, BadParameter."""
        if self.formats and output.format not in self.formats:
            raise BadParameter(f"{self.name!r} is offered as {', '.join(self.formats)}, not {output.format!r}.")
        return format_named(output.format, output.options)

    def tables(
        self, params: Mapping[str, Any], output: Output, requester: Requester = NOBODY
    ) -> tuple[tables.Named, ...]:
        """Call the function and apply the person's choices."""
        made = self.function(**parameters.resolve(self.parameters, params), **self._asked_by(requester))
        found = tables.named(made, self.title, output)
        if len(found) > 1 and not self.format(output).several_tables:
            raise NotRepresentable(
                f"A file of the format {output.format} holds one table and this {self.kind} has {len(found)}: "
                f"{self.remedy(output)}."
            )
        return found

    def remedy(self, output: Output) -> str:
        """What to do where the function returned several tables and the format holds one."""
        plain = output.format.partition(".")[0]
        zipped = f"{plain}.zip"
        return f"choose xlsx, or {zipped if format_named(zipped).several_tables else 'csv.zip'}"

    def _asked_by(self, requester: Requester) -> dict[str, Requester]:
        if self.requester is None:
            return {}
        return {self.requester: Requester(requester.id, Attributes(requester.id, requester.attributes))}

    def count_rows(self, params: Mapping[str, Any], output: Output, requester: Requester = NOBODY) -> Count | None:
        """How many rows a run of this person would deliver now; None if only reading them would tell."""
        return tables.count(table.source for table in self.tables(params, output, requester))

    def missing_indexes(self, params: Mapping[str, Any], output: Output, requester: Requester = NOBODY) -> list[Advice]:
        """Indexes that reading its tables would need. Asks the sources that can tell; nothing is made."""
        found = (table.source for table in self.tables(params, output, requester))
        return [one for source in found if isinstance(source, Advised) for one in source.missing_indexes()]

    def columns(self, params: Mapping[str, Any], requester: Requester = NOBODY) -> tuple[Column, ...]:
        """The columns that this person may choose of: those that all its tables have. Asks the source."""
        tables = self.tables(params, self.usual, requester)
        first, *others = (table.source.shape().columns for table in tables)
        common = set.intersection(*({column.name for column in columns} for columns in (first, *others)))
        return tuple(column for column in first if column.name in common)

    def open(self, lease: Lease, folder: Path) -> Writing:
        """See `kernel.work.Job`."""
        run, output = lease.run, Output.parse(lease.run.params["output"])
        requester = Requester(run.owner, run.params.get("requester", {}))
        return Writing(
            lease,
            folder,
            format=self.format(output),
            tables=lambda: self.tables(run.params["params"], output, requester),
            filename=self.filename(run),
            pinned=self.consistent,
            chunk_rows=self.chunk_rows,
        )

    def filename(self, run: Run) -> str:
        """What the file is called, without a path: safe on every system."""
        output = Output.parse(run.params["output"])
        stem = re.sub(r"[^\w.-]+", "-", self.name).strip("-.") or self.kind
        pages = f"-page-{output.pages[0]}" if len(output.pages) == 1 else ""
        return f"{stem}{pages}.{self.format(output).extension}"

    def tail(self, run: Run) -> bytes:
        """What makes the committed bytes of an unfinished run a valid file. Raises NotRepresentable (parquet)."""
        chosen = self.format(Output.parse(run.params["output"]))
        if chosen.spools:
            raise NotRepresentable(f"A {chosen.extension} file is made at the end; there is none of a part of it.")
        cursor = run.cursor or {}
        return b"" if cursor.get("done") else chosen.writer(cursor.get("writer")).end()


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    """The record, if it can be stored and shown again. Raises BadParameter."""
    try:
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise BadParameter("A value of this request is no text, number, yes or no that JSON can hold.") from None
    return record


def identity(job: str, record: Mapping[str, Any], owner: str) -> str:
    """Digest of all that makes two requests identical (the user among it)."""
    return hashlib.sha256(json.dumps([job, record, owner], sort_keys=True).encode()).hexdigest()
