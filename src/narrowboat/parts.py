"""Parts: the database of an installation and what is kept in it, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from narrowboat.data.sink import Sink
from narrowboat.data.sinks import Folder
from narrowboat.errors import BadConfiguration
from narrowboat.kernel.store import Store
from narrowboat.stores import open_database

if TYPE_CHECKING:
    from narrowboat.kernel.attendance import Attendance
    from narrowboat.kernel.outbox import Outbox
    from narrowboat.kernel.rollout import Paths, Tally
    from narrowboat.people.audit import Audit
    from narrowboat.people.links import Links
    from narrowboat.people.people import People
    from narrowboat.stores.database import Database
    from narrowboat.web.follow import Follow


class Parts:
    """See `app.Narrowboat` for what is given."""

    def __init__(
        self,
        url: str | Callable[[], str],
        *,
        folder: str | Path | None,
        sink: Sink | None,
        public_url: str | None,
    ) -> None:
        self._url, self._folder = url, folder
        self.sink = sink or Folder()
        self.public_url = _address(public_url)

    @cached_property
    def url(self) -> str:
        """The database of runs."""
        return self._url() if callable(self._url) else self._url

    @cached_property
    def folder(self) -> Path:
        """Where artifacts are kept."""
        return Path(self._folder) if self._folder else _beside(self.url)

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
    def follow(self) -> Follow:
        """Snapshots of runs for whoever follows them in this process."""
        from narrowboat.web.follow import Follow

        return Follow(lambda: self.store, every=0.1 if self.url.startswith("sqlite:") else 0.25)

    @cached_property
    def lock(self) -> Path:
        """The file whose lock makes a process the one that supervises workers on this host."""
        return self.folder / "supervisor.lock"

    def run_folder(self, run_id: str) -> Path:
        """Where the files of a run are."""
        return self.folder / "runs" / run_id


def _address(url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise BadConfiguration(f"public_url must begin with https:// (or http://), not {url!r}.")
    return url.rstrip("/") if url else None


def _beside(url: str) -> Path:
    """`narrowboat.db` keeps its files in `narrowboat.files`."""
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).with_suffix(".files")
    return Path("narrowboat-files")
