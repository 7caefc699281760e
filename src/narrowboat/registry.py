"""Registry: the jobs of an installation, by name, and who is told of their runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from narrowboat.errors import BadConfiguration, CannotNotify, UnknownJob
from narrowboat.jobs.definition import Definition, Delivering, Remembered, delivering
from narrowboat.jobs.delivery import REPORT_FIRST, REPORT_LIMIT, REPORT_SECONDS, REPORT_UNFOLLOWED, Delivery
from narrowboat.jobs.export import Export
from narrowboat.jobs.keeping import Keeping
from narrowboat.jobs.output import RESERVED
from narrowboat.jobs.parameters import requester_of, signature
from narrowboat.kernel.model import Run, Wanted
from narrowboat.parts import Parts

if TYPE_CHECKING:
    from pydantic import BaseModel

    from narrowboat.data.columns import Column
    from narrowboat.data.records import Field
    from narrowboat.data.records.manners import Manners
    from narrowboat.data.target import Target
    from narrowboat.jobs.importer import Import
    from narrowboat.kernel.rollout import Rollout
    from narrowboat.notify.channel import Channel
    from narrowboat.uploads import UploadLimits, Uploads


class Registry(Parts):
    """Jobs are registered by the decorators of their kind."""

    def __init__(
        self, *, mail: Channel | None, channels: Mapping[str, Channel], uploads: UploadLimits | None, **parts: Any
    ) -> None:
        super().__init__(**parts)
        self._upload_limits = uploads
        self.jobs: dict[str, Definition] = {}
        self.channels = _channels(mail, channels)
        self._told: dict[str, tuple[str, ...]] = {}

    @cached_property
    def keeping(self) -> Keeping:
        """What becomes of the files of runs."""
        return Keeping(self.sink, self.folder / "runs", self._forget)

    @cached_property
    def uploads(self) -> Uploads:
        """Files that people send, to import them."""
        from narrowboat.stores.uploads import SqlUploads
        from narrowboat.uploads import UploadLimits, Uploads

        limits, folder = self._upload_limits or UploadLimits(), self.folder / "uploads"
        return Uploads(SqlUploads(self._database), folder, limits, check=self.keeping.check, note=self.audit)

    def _forget(self, run: Run) -> None:
        """Drop what a run left in the place of its rows, as its job knows it."""
        job = self.jobs.get(run.job)
        if isinstance(job, Remembered):
            job.forget(run)
        elif job is None:
            _tell_what_stays(run)

    def export(
        self,
        name: str,
        *,
        title: str | None = None,
        formats: tuple[str, ...] = (),
        queue: str = "default",
        priority: int = 0,
        time_limit: float | None = None,
        limit: int | None = None,
        block_rows: int = 500,
        consistent: bool = False,
        share_within: float = 300.0,
        notify: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function as an export: parameters in, a source (or several by name) out.

        notify: who is told when a run of it has ended: names of channels, or addresses that are told by mail.
        See `jobs.export.Export` for the options. Raises BadConfiguration for a name that is taken.
        """

        return self._delivery(
            Export,
            name,
            title,
            notify,
            formats=formats,
            queue=queue,
            priority=priority,
            time_limit=time_limit,
            limit=limit,
            block_rows=block_rows,
            consistent=consistent,
            share_within=share_within,
        )

    def report(
        self,
        name: str,
        *,
        title: str | None = None,
        formats: tuple[str, ...] = (),
        queue: str = "default",
        priority: int = 0,
        time_limit: float | None = REPORT_SECONDS,
        limit: int | None = REPORT_LIMIT,
        block_rows: int = REPORT_FIRST,
        consistent: bool = False,
        share_within: float = 300.0,
        unfollowed: float | None = REPORT_UNFOLLOWED,
        rollout: float = 100.0,
        notify: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function as a report: parameters in, one source out.

        formats: of its downloads. limit: reports of one user under way. unfollowed: seconds that a run goes on while
        nobody follows it; None: to its end. rollout: percentage of users whom `Narrowboat.rollout` sends here.
        notify: as of `export`. See `jobs.report.Report`. Raises BadConfiguration for a name that is taken.
        """
        from narrowboat.jobs.report import Report

        return self._delivery(
            Report,
            name,
            title,
            notify,
            formats=formats,
            queue=queue,
            priority=priority,
            time_limit=time_limit,
            limit=limit,
            block_rows=block_rows,
            consistent=consistent,
            share_within=share_within,
            unfollowed=unfollowed,
            rollout=rollout,
        )

    def _delivery(
        self, kind: type[Delivery], name: str, title: str | None, notify: tuple[str, ...], **terms: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            terms.update(requester=requester_of(function), description=(function.__doc__ or "").strip())
            self.register(kind(name, function, signature(function), title or name, **terms), notify=notify)
            return function

        return register

    def importer(
        self,
        name: str,
        *,
        row: type[BaseModel] | Sequence[Field | Column | str],
        into: Target,
        unique: Sequence[str | Sequence[str]] = (),
        mode: str = "create",
        title: str | None = None,
        description: str = "",
        undo: bool = False,
        manners: Manners | None = None,
        notify: tuple[str, ...] = (),
        **terms: Any,
    ) -> Import:
        """Register an import: rows of a spreadsheet become records of a target.

        row: a pydantic model, or fields. into: `table(url, name)`, `function(f)`. unique: keys by which a row's record
        is found, each a column's name or several. mode: `create`, `update`, `upsert` or `skip`. undo: runs can be taken
        back. manners: how people write numbers, dates and telephone numbers. notify: as of `export`. terms: queue,
        priority, time_limit, limit, block_rows, preview; see `jobs.importer.Import`. Raises BadConfiguration for a name
        that is taken, or a definition that cannot work.
        """
        from narrowboat.jobs.importer import define

        job = define(
            name, row=row, into=into, home=lambda: self.url, unique=unique, mode=mode, title=title or name,
            description=description, undo=undo, manners=manners, **terms,
        )  # fmt: skip
        self.register(job, notify=notify)
        return job

    def register(self, job: Definition, *, notify: tuple[str, ...] = ()) -> None:
        """Add a job that was defined without the decorator. notify: as of `export`.

        Raises BadConfiguration for a name that is taken.
        """
        if job.name in self.jobs:
            raise BadConfiguration(f"There are two jobs called {job.name!r}.")
        if not job.name or "/" in job.name:
            raise BadConfiguration(f"A job cannot be called {job.name!r}: its name stands in addresses.")
        if taken := RESERVED.intersection(p.name for p in job.parameters):
            raise BadConfiguration(
                f"The parameter {min(taken)!r} of {job.name!r} needs another name: {', '.join(sorted(RESERVED))} "
                "are choices about the file in the address of every export."
            )
        try:
            self._wanted(notify)
        except CannotNotify as error:
            raise BadConfiguration(f"{job.name!r} cannot tell {', '.join(notify)}: {error}") from error
        self.jobs[job.name], self._told[job.name] = job, notify

    def job(self, name: str) -> Definition:
        """Raises UnknownJob."""
        try:
            return self.jobs[name]
        except KeyError:
            raise UnknownJob(f"There is no job {name!r}. Jobs: {', '.join(self.jobs) or 'none'}.") from None

    def delivering(self, name: str) -> Delivering:
        """The job of that name, if it makes a file for people. Raises UnknownJob."""
        return delivering(self.job(name))

    def importing(self, name: str) -> Import:
        """The import of that name. Raises UnknownJob."""
        from narrowboat.jobs.importer import importing

        return importing(self.job(name))

    def _wanted(self, whom: tuple[str, ...]) -> tuple[Wanted, ...]:
        if not whom:
            return ()
        from narrowboat.notify.whom import wanted

        return wanted(self.channels, whom)

    def rollout(self, name: str) -> Rollout:
        """Who takes the path of this job, and who the one that was there before. Raises UnknownJob."""
        from narrowboat.kernel.rollout import Rollout

        job = self.job(name)
        return Rollout(name, job.rollout if isinstance(job, Delivery) else 100.0, self.tally.note)


def _channels(mail: Channel | None, channels: Mapping[str, Channel]) -> dict[str, Channel]:
    if mail is None and not channels:
        return {}
    from narrowboat.notify.whom import checked

    return checked(mail, channels)


def _tell_what_stays(run: Run) -> None:
    """Of an import that is no longer defined, so that nobody knows where its rows went."""
    import logging  # a run needs neither of these

    from narrowboat.jobs.importer import ACCOUNTED

    if run.kind in ACCOUNTED:
        note = "no job is called %r any more: what undoing run %s would need stays where its rows went, until %s"
        command = f"narrowboat undo {run.id} --forget --into DATABASE --table NAME"
        logging.getLogger("narrowboat.keeping").warning(note, run.job, run.id, command)
