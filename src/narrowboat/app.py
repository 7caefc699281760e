"""Narrowboat: the one object an application makes. Jobs are registered on it, and it wires everything else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrowboat.data.sink import Sink
from narrowboat.desk import Desk
from narrowboat.errors import BadConfiguration
from narrowboat.kernel.model import Lease, Run
from narrowboat.kernel.runner import Moment, Runner, Settings

if TYPE_CHECKING:
    from narrowboat.dispatch.care import Care
    from narrowboat.kernel.outbox import Notice
    from narrowboat.notify.channel import Channel, Message
    from narrowboat.notify.message import Download
    from narrowboat.notify.sending import Sender
    from narrowboat.people.people import People
    from narrowboat.uploads import UploadLimits
    from narrowboat.web.access import WhoIs

DAY = 86400.0


class Narrowboat(Desk):
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
        super().__init__(
            url=url,
            folder=folder,
            sink=sink,
            public_url=public_url,
            uploads=uploads,
            mail=mail,
            channels=channels or {},
        )
        self.workers, self.retention, self.audit_retention = workers, retention, audit_retention
        self.users = users
        self.settings = settings or Settings()
        self.watch = watch
        self._target = target
        self._module = sys._getframe(1).f_globals.get("__name__", "__main__")

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

    def runner(
        self,
        worker: str,
        *,
        watch: Callable[[Moment], None] | None = None,
        stuck: Callable[[Lease], None] | None = None,
    ) -> Runner:
        """A runner for this process.

        watch: called before the object's own, which may be slow. stuck: called while work that must stop does not.
        """
        watchers = [w for w in (watch, self.watch) if w]

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
            stuck=stuck,
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
        if self.users or "people" in vars(self):  # also in a worker, where nobody signs in
            self.people.purge()
        if (self.folder / "uploads").exists():  # also where no import is defined any more
            self.uploads.purge()
        self.keeping.drop_local(self.store)
        self.keeping.sweep(self.store)
        return self.keeping.purge(self.store, now - self.retention, limit=limit)

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
