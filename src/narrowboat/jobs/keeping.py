"""Keeping: what becomes of the files of all runs: room for them, a copy where one is wanted, their removal."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from narrowboat.data.sink import Finished, Sink
from narrowboat.errors import (
    IllegalTransition,
    SinkFailed,
    SinkUnavailable,
    TargetFailed,
    TargetUnavailable,
    UnknownRun,
)
from narrowboat.jobs import artifact
from narrowboat.kernel.model import Artifact, Run
from narrowboat.kernel.store import Store

PURGE_FOR = 1.0
"""Seconds after which a purge makes room for what else its thread looks after."""

SWEEP_EVERY = 3600.0
GOING = ".going"
"""A file in the folder of a run that is about to be forgotten. Without it, nobody else's folder is ever touched."""


class Keeping:
    """Implements `kernel.work.Outlet`. folder: with one folder a run in it. forget: drops what a run left elsewhere."""

    def __init__(self, sink: Sink, folder: Path, forget: Callable[[Run], None] = lambda run: None) -> None:
        self._sink, self._folder, self._elsewhere = sink, folder, forget
        self._sweep_at = 0.0
        self._stuck: set[str] = set()
        """Runs that cannot be purged, as their copies or what they left elsewhere cannot be removed."""

    def check(self) -> None:
        """See `kernel.work.Outlet`."""
        self._sink.room.check(self._folder)

    def deliver(self, run: Run, artifact: Artifact, sent: Callable[[], None]) -> Artifact:
        """See `kernel.work.Outlet`. Raises SinkUnavailable, SinkFailed, MissingExtra."""
        path = self._folder / run.id / artifact.path
        file = Finished(f"{run.id}/{artifact.path}", path, artifact.media_type, artifact.bytes, artifact.sha256)
        return artifact._replace(copy=self._sink.put(file, sent))

    def url(self, made: Artifact, disposition: str, *, is_local: bool) -> str | None:
        """Where to download it; None: from here. Raises SinkFailed, MissingExtra.

        disposition: the Content-Disposition it shall come with. is_local: whether it is on the local disk.
        """
        if made.copy is None or (is_local and not self._sink.redirect):
            return None
        return self._sink.url(made.copy, media_type=made.media_type, disposition=disposition)

    def purge(self, store: Store, ended_before: float, *, limit: int) -> int:
        """Delete runs that ended before that moment, and their files. Returns how many went.

        A run is forgotten after its copy is removed, and what it left elsewhere, so that none of it is. One where that
        cannot be done stays, and is tried again; its local file goes. Raises what the store raises.
        """
        began, gone = time.monotonic(), 0
        runs = store.expired(ended_before, limit=limit + len(self._stuck))
        for tried, run_id in enumerate(sorted(runs, key=self._stuck.__contains__)):
            if tried and time.monotonic() > began + PURGE_FOR:  # one at least, however slow everything is
                break
            try:
                gone += self._forget(store, run_id)
            except SinkUnavailable as error:
                _log("the copy of run %s stays for now: %s", run_id, error)
                break
        return gone

    def _forget(self, store: Store, run_id: str) -> bool:
        """Whether the run is gone."""
        folder = self._folder / run_id
        try:
            run = store.get(run_id)
            self._remove_copy(run)
            self._elsewhere(run)
            _mark(folder)
            store.forget(run_id)  # before its file goes: one that somebody resumes at this moment keeps it
        except SinkFailed as error:
            return self._stays(run_id, "the copy of run %s cannot be removed: %s", error)
        except (TargetUnavailable, TargetFailed) as error:
            return self._stays(run_id, "what run %s keeps where its rows went stays for now: %s", error)
        except (IllegalTransition, UnknownRun):  # resumed, or purged by another process, meanwhile
            return False
        self._stuck.discard(run_id)
        artifact.remove(folder)
        return True

    def sweep(self, store: Store) -> None:
        """Remove folders of runs that were forgotten by a process that was killed before they went; once an hour."""
        if time.monotonic() < self._sweep_at:
            return
        self._sweep_at = time.monotonic() + SWEEP_EVERY
        for mark in self._folder.glob(f"*/{GOING}"):
            if mark.parent.name in store.versions([mark.parent.name]):
                mark.unlink(missing_ok=True)  # it was resumed
            else:
                artifact.remove(mark.parent)

    def _stays(self, run_id: str, message: str, error: Exception) -> bool:
        """It is told once, and tried again after the others. The run is not gone."""
        if run_id not in self._stuck:
            _log(message, run_id, error)
        self._stuck.add(run_id)
        artifact.remove(self._folder / run_id)
        return False

    def _remove_copy(self, run: Run) -> None:
        if run.artifact and run.artifact.copy:
            self._sink.remove(run.artifact.copy)
        elif run.artifact is None and (run.cursor or {}).get("done"):
            self._sink.abandon(run.id)

    def drop_local(self, store: Store) -> None:
        """Delete from the local disk what is kept elsewhere and is older than the sink wants it here."""
        if self._sink.keep_local is None:
            return
        old = store.now() - self._sink.keep_local
        for folder in self._folder.glob("*"):
            with suppress(FileNotFoundError):  # another process cleared it away meanwhile
                if folder.stat().st_mtime < old and self._is_copied(store, folder.name, old):
                    artifact.remove(folder)

    def _is_copied(self, store: Store, run_id: str, ended_before: float) -> bool:
        try:
            run = store.get(run_id)
        except UnknownRun:
            return False
        if run.kind == "report":  # whose rows are read here, page by page, as long as it is kept
            return False
        copied = run.artifact is not None and run.artifact.copy is not None
        return copied and run.finished is not None and run.finished <= ended_before


def _mark(folder: Path) -> None:
    with suppress(OSError):  # there is none, or the disk is full: then more than ever it shall go
        (folder / GOING).touch()


def _log(message: str, *about: object) -> None:
    import logging  # most processes never need it here

    logging.getLogger("narrowboat.keeping").warning(message, *about)
