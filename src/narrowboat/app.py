"""Narrowboat: the one object an application makes. Jobs are registered on it, and it wires everything else."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrowboat.data.sink import Sink
from narrowboat.data.sinks import Folder
from narrowboat.errors import BadConfiguration, CannotNotify, NothingToRetry, UnknownJob
from narrowboat.jobs.definition import Definition, Delivering, Remembered, delivering
from narrowboat.jobs.delivery import Delivery
from narrowboat.jobs.export import Export
from narrowboat.jobs.keeping import Keeping
from narrowboat.jobs.output import RESERVED, Output
from narrowboat.jobs.parameters import requester_of, signature
from narrowboat.kernel.dispatch import Dispatcher
from narrowboat.kernel.model import NewRun, Request, Run, Submitted, Wanted
from narrowboat.kernel.runner import Moment, Runner, Settings
from narrowboat.kernel.store import Store
from narrowboat.stores import open_database

if TYPE_CHECKING:
    from pydantic import BaseModel

    from narrowboat.data.columns import Column
    from narrowboat.data.records import Field
    from narrowboat.data.records.manners import Manners
    from narrowboat.data.target import Target
    from narrowboat.dispatch.care import Care
    from narrowboat.jobs.importer import Import
    from narrowboat.kernel.attendance import Attendance
    from narrowboat.kernel.model import Reject
    from narrowboat.kernel.outbox import Notice, Outbox
    from narrowboat.kernel.rollout import Paths, Rollout, Tally
    from narrowboat.notify.channel import Channel, Message
    from narrowboat.notify.message import Download
    from narrowboat.notify.sending import Sender
    from narrowboat.people.audit import Audit
    from narrowboat.people.links import Links
    from narrowboat.people.people import People
    from narrowboat.stores.database import Database
    from narrowboat.uploads import Upload, UploadLimits, Uploads
    from narrowboat.web.access import WhoIs
    from narrowboat.web.follow import Follow

DAY = 86400.0


class Narrowboat:
    """Jobs, their runs, and how they are worked on.

    url: the database of runs, `sqlite:///file.db` or `postgresql://…`, or a function that tells it when it is first
    needed. folder: where artifacts grow (beside the SQLite file, else `./narrowboat-files`). sink: where finished ones
    are kept, a `data.sinks.Folder` or `S3`; None: in that folder, without a quota. workers: child processes of the
    server that do the work. retention: seconds that an ended run and its file are kept. audit_retention: the same of
    entries in the audit log. public_url: where people reach the mounted application, such as
    `https://shop.example/bulk`, for links that leave it. users: people sign in here, see `people`. mail: how people who
    ask for it are told when their run has ended. channels: others who can be told, by name. settings: how a worker
    works. uploads: how large files may be that people send, and how long they are kept. watch: called in the worker at
    every moment of a run, for logs and tests. target: `module:name` by which a worker finds this object; found by
    itself where it is a global of an importable module.
    """

    def __init__(
        self,
        url: str | Callable[[], str] = "sqlite:///narrowboat.db",
        *,
        folder: str | Path | None = None,
        sink: Sink | None = None,
        workers: int = 1,
        retention: float = 7 * DAY,
        audit_retention: float = 365 * DAY,
        public_url: str | None = None,
        mail: Channel | None = None,
        channels: Mapping[str, Channel] | None = None,
        users: bool = False,
        settings: Settings | None = None,
        uploads: UploadLimits | None = None,
        watch: Callable[[Moment], None] | None = None,
        target: str | None = None,
    ) -> None:
        self.workers, self.retention, self.audit_retention = workers, retention, audit_retention
        self._url, self._folder = url, folder
        self.users = users
        self.sink = sink or Folder()
        self.public_url = _address(public_url)
        self.channels = _channels(mail, channels or {})
        self._told: dict[str, tuple[str, ...]] = {}
        self.settings = settings or Settings()
        self._upload_limits = uploads
        self.watch = watch
        self.jobs: dict[str, Definition] = {}
        self.dispatcher: Dispatcher | None = None
        self._target = target
        self._module = sys._getframe(1).f_globals.get("__name__", "__main__")

    @cached_property
    def url(self) -> str:
        """The database of runs."""
        return self._url() if callable(self._url) else self._url

    @cached_property
    def folder(self) -> Path:
        """Where artifacts are kept."""
        return Path(self._folder) if self._folder else _beside(self.url)

    @cached_property
    def keeping(self) -> Keeping:
        """What becomes of the files of runs."""
        return Keeping(self.sink, self.folder / "runs", self._forget)

    @cached_property
    def _database(self) -> Database:
        """The database of runs and of what belongs to them, opened and migrated on first use."""
        database = open_database(self.url)
        database.migrate()
        return database

    @cached_property
    def store(self) -> Store:
        """The runs."""
        from narrowboat.stores.store import SqlStore

        return SqlStore(self._database)

    @cached_property
    def outbox(self) -> Outbox:
        """Who is told when a run ends."""
        from narrowboat.stores.outbox import SqlOutbox

        return SqlOutbox(self._database)

    @cached_property
    def attendance(self) -> Attendance:
        """Who follows runs."""
        from narrowboat.stores.attendance import SqlAttendance

        return SqlAttendance(self._database)

    @cached_property
    def paths(self) -> Paths:
        """Figures of the paths that requests took."""
        from narrowboat.stores.paths import SqlPaths

        return SqlPaths(self._database)

    @cached_property
    def tally(self) -> Tally:
        """Figures of this process that are not in `paths` yet."""
        from narrowboat.kernel.rollout import Tally

        return Tally()

    def rollout(self, name: str) -> Rollout:
        """Who takes the path of this job, and who the one that was there before. Raises UnknownJob."""
        from narrowboat.kernel.rollout import Rollout

        job = self.job(name)
        return Rollout(name, job.rollout if isinstance(job, Delivery) else 100.0, self.tally.note)

    @cached_property
    def audit(self) -> Audit:
        """Who did what: call it to note something of your own."""
        from narrowboat.people.audit import Audit
        from narrowboat.stores.audit import SqlTrail

        return Audit(SqlTrail(self._database))

    @cached_property
    def links(self) -> Links:
        """Links by which anybody may download the file of a run, for a time."""
        from narrowboat.people.links import Links
        from narrowboat.stores.links import SqlLinks

        return Links(SqlLinks(self._database), public_url=self.public_url, note=self.audit)

    @cached_property
    def people(self) -> People:
        """Users of this server's own: `nb.asgi(user=nb.people)`."""
        from narrowboat.people.people import People
        from narrowboat.stores.people import SqlDirectory

        return People(SqlDirectory(self._database), note=self.audit)

    @cached_property
    def uploads(self) -> Uploads:
        """Files that people send, to import them."""
        from narrowboat.stores.uploads import SqlUploads
        from narrowboat.uploads import UploadLimits, Uploads

        limits, folder = self._upload_limits or UploadLimits(), self.folder / "uploads"
        return Uploads(SqlUploads(self._database), folder, limits, check=self.keeping.check, note=self.audit)

    @cached_property
    def follow(self) -> Follow:
        """Snapshots of runs for whoever follows them in this process."""
        from narrowboat.web.follow import Follow

        return Follow(lambda: self.store, every=0.1 if self.url.startswith("sqlite:") else 0.25)

    @cached_property
    def lock(self) -> Path:
        """The file whose lock makes a process the one that supervises workers on this host."""
        return self.folder / "supervisor.lock"

    @cached_property
    def target(self) -> str:
        """`module:name` (or `file.py:name`) of this object, from which worker processes start."""
        if self._target:
            return self._target
        module = sys.modules[self._module]
        place = module.__file__ if self._module == "__main__" else self._module
        for name, value in vars(module).items():
            if value is self and place:
                return f"{place}:{name}"
        raise BadConfiguration(
            f"Worker processes cannot find this Narrowboat: make it a global of {self._module}, "
            "or pass target='module:name'."
        )

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
        time_limit: float | None = 300.0,
        limit: int | None = 5,
        block_rows: int = 100,
        consistent: bool = False,
        share_within: float = 300.0,
        unfollowed: float | None = 60.0,
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

    def importing(self, name: str) -> Import:
        """The import of that name. Raises UnknownJob."""
        from narrowboat.jobs.importer import importing

        return importing(self.job(name))

    def import_file(
        self,
        name: str,
        file: str | Path,
        *,
        owner: str = "",
        again: bool = False,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
        **choices: Any,
    ) -> Submitted:
        """Queue a run of the import `name` over a file that workers can read, and that stays until the run has ended.

        The same content, imported by this owner before, is answered with that run (`how` is `known`), but for
        again=True.
        choices: name, sheet, header, mapping, guess, dry_run; see `jobs.input.Input`. Raises UnknownJob, BadParameter.
        """
        from narrowboat.jobs.input import Input

        new = self.importing(name).request(
            Input.of(Path(file), **choices),
            owner=owner,
            again=again,
            idempotency_key=idempotency_key,
            not_before=not_before,
            priority=priority,
        )
        return self._submit(new)

    def import_upload(
        self,
        name: str,
        upload: Upload,
        *,
        owner: str,
        again: bool = False,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
        notify: tuple[str, ...] = (),
        parent: Run | None = None,
        **choices: Any,
    ) -> Submitted:
        """As `import_file`, of a file that was uploaded, which stays as long as the run is kept.

        notify: as of `start`. parent: the run whose refused rows these are. Raises what `import_file` raises, and
        UnknownUpload where it expired just now.
        """
        from narrowboat.jobs.input import Input

        given = Input(str(self.uploads.path(upload).absolute()), upload.sha256 or "", upload.name, **choices)
        new = self.importing(name).request(
            given._replace(upload=upload.id),
            owner=owner,
            again=again,
            idempotency_key=idempotency_key,
            not_before=not_before,
            priority=priority,
        )
        return self._submit(_child(new, parent, "retry") if parent else new, notify=notify)

    def resubmit(self, run: Run, rows: Sequence[Mapping[str, Any]], *, owner: str, dry_run: bool = False) -> Submitted:
        """Import rows that `run` refused, as somebody put them right: a run of its own over these rows alone.

        rows: each a `row`, its number in the file that was imported, and its `data` by header. Raises BadParameter,
        IllegalTransition for a run that is no import or has not ended.
        """
        from narrowboat.jobs.resubmitting import choices_of, lines

        job = self.importing(run.job)
        choices = choices_of(run, job.kind, rows)
        content = lines(rows)
        made = self.uploads.create(owner, f"{run.job}-resubmitted.jsonl", len(content))
        upload = self.uploads.append(made, 0, content)
        return self.import_upload(run.job, upload, owner=owner, again=True, parent=run, dry_run=dry_run, **choices)

    def undo(self, run: Run, *, owner: str | None = None) -> Submitted:
        """Take an import back, as a run of its own: what it created goes, what it changed is as it was before.

        Records that were changed since are left as they are and reported. owner: who asks; the run's owner if None.
        Raises NotReversible where the import was defined without undo=True, IllegalTransition for a run under way.
        """
        asked_by = run.owner if owner is None else owner
        return self._submit(self.importing(run.job).undoing(run, asked_by))

    def account(self, run: Run, *, plain: bool = False) -> dict[str, Any]:
        """What became of the rows of an import, as JSON. plain: under the few names of a simple import's answer."""
        from narrowboat.jobs import account

        rejects: list[Reject] = []
        while page := self.store.rejects(run.id, after=rejects[-1].row if rejects else 0):
            rejects.extend(page)
        return account.plain_account(run, rejects) if plain else account.account(run, rejects)

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

    def start(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        output: Output | None = None,
        *,
        owner: str = "",
        attributes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
        background: bool = False,
        notify: tuple[str, ...] = (),
        conn: Any = None,
    ) -> Submitted:
        """Queue a run, or join the identical one under way. `conn` makes it part of the caller's transaction.

        attributes: JSON values that describe the owner, for a job that asks for its `Requester`. background: it goes
        on to its end whether somebody follows it or not. notify: who is told when it has ended, beside those whom the
        job tells: addresses, or names of channels; who is to be told need not follow.

        Raises BadParameter, UnknownJob, UnknownFormat, CannotNotify, TooManyRuns, IdempotencyConflict, and StorageFull
        where the disk or its quota has no room.
        """
        new = self.delivering(name).request(
            params or {},
            output or Output(),
            owner=owner,
            attributes=attributes,
            idempotency_key=idempotency_key,
            not_before=not_before,
            priority=priority,
        )
        new = new._replace(unfollowed=None) if background or notify else new
        return self._submit(new, conn, notify=notify)

    def rerun(self, run: Run, *, attributes: Mapping[str, Any] | None = None, by: str | None = None) -> Submitted:
        """The same request again, as a new run of the same owner.

        attributes: of the owner now; None: those they had. by: who asks, for the audit log; the owner if None.
        """
        new = self.job(run.job).again(run, attributes)
        return self._submit(_child(new, run, "rerun"), by=by)

    def retry_failed(
        self, run: Run, *, attributes: Mapping[str, Any] | None = None, by: str | None = None
    ) -> Submitted:
        """A run over what `run` rejected, from its file of rejects or by its parent. Raises NothingToRetry.

        attributes, by: as of `rerun`.
        """
        if not run.counters.rejected:
            raise NothingToRetry(f"Run {run.id} rejected nothing. To go on where it stopped, resume it.")
        if run.kind == "import":
            new = self.importing(run.job).retrying(run, self.run_folder(run.id))
        else:
            new = self.job(run.job).again(run, attributes)
        return self._submit(_child(new, run, "retry"), by=by)

    def _submit(
        self, new: NewRun, conn: Any = None, *, notify: tuple[str, ...] = (), by: str | None = None
    ) -> Submitted:
        told = self._wanted((*self._told[new.job], *notify))
        self.keeping.check()
        with nullcontext(conn) if conn is not None else self._database.transaction() as joined:
            submitted = self.store.submit(new._replace(notify=told), conn=joined)
            upload = new.params.get("input", {}).get("upload")
            if upload and submitted.how == "created":
                self.uploads.hold(upload, submitted.run.id, conn=joined)
            detail = {"job": new.job, "how": submitted.how, **({"parent": new.parent} if new.parent else {})}
            if given := new.params.get("input"):
                detail |= {"file": given["name"], "sha256": given["sha256"], "dry_run": given["dry_run"]}
            by = new.owner if by is None else by
            self.audit(new.relation or "start", by=by, about=submitted.run.id, detail=detail, conn=joined)
        self._hint(submitted.run, conn)
        return submitted

    def _wanted(self, whom: tuple[str, ...]) -> tuple[Wanted, ...]:
        if not whom:
            return ()
        from narrowboat.notify.whom import wanted

        return wanted(self.channels, whom)

    def sender(self) -> Sender | None:
        """What sends notices in a worker process; None where there are no channels."""
        if not self.channels:
            return None
        from narrowboat.notify.sending import Sender

        return Sender(self.outbox, self.channels, self._message)

    def _message(self, notice: Notice, channel: Channel) -> Message:
        from narrowboat.notify.message import compose

        run = self.store.get(notice.run)
        return compose(
            notice,
            run,
            channel,
            title=self.jobs[run.job].title if run.job in self.jobs else run.job,
            download=self._download(run, channel) if self.public_url and run.artifact else None,
            page=f"{self.public_url}/" if self.public_url else "",
        )

    def _download(self, run: Run, channel: Channel) -> Download:
        """Where the file can be had: by anybody who has the link, one for all who are told of the run; or signed in."""
        from narrowboat.notify.message import Download

        if not channel.link:
            return Download(f"{self.public_url}/runs/{run.id}/artifact", None)
        link = self.links.lasting(run, by="notices")
        return Download(link.url, link.expires)

    def _hint(self, run: Run, conn: Any = None) -> None:
        if run.ended:
            return
        if self.dispatcher:
            self.dispatcher.hint(run.id, queue=run.queue, priority=run.priority, not_before=run.not_before, conn=conn)
        else:
            self._ring("hint")

    def ask(self, run_id: str, request: Request, *, by: str | None = None) -> Run:
        """Pause, resume or cancel a run."""
        run = self.store.request(run_id, request, by=by)
        self.audit(request.value, by=by or "", about=run_id, detail={"job": run.job, "state": run.state.value})
        self._wake(run_id)
        if request is Request.RESUME:
            self._hint(run)
        return run

    def abandon(self, *, watched: float) -> Sequence[str]:
        """Stop runs that nobody follows any more. watched: seconds that this process has been looking."""
        stopped = self.attendance.abandon(watched=watched)
        for run_id in stopped:
            self._wake(run_id)
        return stopped

    def _wake(self, run_id: str) -> None:
        """Whoever works on this run shall hear what was asked of it."""
        if self.dispatcher:
            self.dispatcher.wake(run_id)
        else:
            self._ring("wake", run_id)

    def _ring(self, word: str, run_id: str = "") -> None:
        """Reach the process that supervises this host's workers, if there is one."""
        if self.lock.exists():
            from narrowboat.dispatch.bell import Bell

            Bell.of(self.lock).ring(word, run_id)

    def run_folder(self, run_id: str) -> Path:
        """Where the files of a run are."""
        return self.folder / "runs" / run_id

    def runner(self, worker: str, *, watch: Callable[[Moment], None] | None = None) -> Runner:
        """A runner for this process. `watch` is called after the object's own."""
        watchers = [w for w in (self.watch, watch) if w]

        def tell(moment: Moment) -> None:
            for watcher in watchers:
                watcher(moment)

        return Runner(
            self.store,
            self.jobs,
            self.run_folder,
            outlet=self.keeping,
            worker=worker,
            settings=self.settings,
            watch=tell,
        )

    def care(self, changed: Callable[[Run], None] | None = None) -> Care:
        """What every server, and every worker without one, calls about once a second.

        changed: told each run that was given to others or ended by it.
        """

        from narrowboat.dispatch.care import Care

        def tell(run_id: str) -> None:
            run = self.store.get(run_id)
            self._hint(run)
            if changed:
                changed(run)

        return Care(
            lambda: self.store,
            self.folder / "workers",
            barren_limit=self.settings.barren_limit,
            changed=tell,
            purge=self.purge,
        )

    def rest(self) -> None:
        """Close the connections to the database of runs that nobody uses, such as before it is dropped."""
        if "_database" in vars(self):  # else none was opened
            self._database.rest()

    def purge(self, *, limit: int = 100) -> int:
        """Delete ended runs and entries of the audit log past their retention, and local files that are kept elsewhere.

        Returns how many runs went: not all, where that would take longer than about a second.
        """
        now = self.store.now()
        self.audit.purge(now - self.audit_retention)
        if "people" in vars(self):
            self.people.purge()
        if any(job.kind == "import" for job in self.jobs.values()):
            self.uploads.purge()
        self.keeping.drop_local(self.store)
        return self.keeping.purge(self.store, now - self.retention, limit=limit)

    def _forget(self, run: Run) -> None:
        """Drop what a run left in the place of its rows, as its job knows it."""
        job = self.jobs.get(run.job)
        if isinstance(job, Remembered):
            job.forget(run)
        elif job is None and run.kind in ("import", "undo"):
            note = "no job is called %r any more: what undoing run %s would need stays where its rows went"
            logging.getLogger("narrowboat.keeping").warning(note, run.job, run.id)

    def lifespan(self, app: Any) -> AbstractAsyncContextManager[None]:
        """For `FastAPI(lifespan=nb.lifespan)`: starts the workers with the application and stops them with it."""
        from narrowboat.web.lifespan import lifespan

        return lifespan(self)

    def asgi(self, *, user: WhoIs | People | None = None, cors: tuple[str, ...] = ()) -> Any:
        """An ASGI application to mount: `app.mount("/bulk", nb.asgi(user=current_user))`.

        user: the one callable that decides who asks and what they may; `nb.people`, where users sign in here; None:
        loopback only. cors: origins whose pages may call.
        """
        from narrowboat.web.app import build

        return build(self, user=user or (self.people if self.users else None), cors=cors)


def _child(new: NewRun, run: Run, relation: str) -> NewRun:
    return new._replace(parent=run.id, relation=relation, identity=None)


def _address(url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise BadConfiguration(f"public_url must begin with https:// (or http://), not {url!r}.")
    return url.rstrip("/") if url else None


def _channels(mail: Channel | None, channels: Mapping[str, Channel]) -> dict[str, Channel]:
    if mail is None and not channels:
        return {}
    from narrowboat.notify.whom import checked

    return checked(mail, channels)


def _beside(url: str) -> Path:
    """`narrowboat.db` keeps its files in `narrowboat.files`."""
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).with_suffix(".files")
    return Path("narrowboat-files")
