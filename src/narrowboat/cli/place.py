"""Where a command works that can be gone on with: a hidden folder beside its file, held by one process at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from narrowboat.dispatch.liveness import try_lock
from narrowboat.durable import sync_folder
from narrowboat.errors import BadConfiguration, BadParameter
from narrowboat.jobs import artifact


class Place:
    """The output `target`, and beside it `.TARGET.narrowboat/` with the run's state and the bytes written so far.

    Both are in one folder, so that the finished file is put in its place by a rename.
    """

    def __init__(self, target: Path, extension: str) -> None:
        self.target = target
        self.folder = target.with_name(f".{target.name}.narrowboat")
        self.partial = target.with_name(_partial_name(target, extension))
        self.manifest = target.with_name(f"{target.name}.manifest.json")
        self.finished = False
        """Nothing here is needed any more: it goes when the place is left."""

    @property
    def begun(self) -> bool:
        """Whether an export was begun here and not finished."""
        return (self.folder / "runs.db").exists()

    @property
    def store(self) -> str:
        """The URL of the run's state."""
        return f"sqlite:///{self.folder / 'runs.db'}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others out while inside. Raises BadConfiguration, BadParameter."""
        try:
            self._check()
            lock = try_lock(self.folder / "lock")
        except OSError as error:
            raise BadConfiguration(f"Cannot write beside {self.target}: {error.strerror}.") from error
        if lock is None:
            raise BadParameter(f"Another process works on {self.target} at this moment.")
        try:
            yield
        finally:
            if self.finished or not self.begun:
                artifact.remove(self.folder)
            os.close(lock)

    def _check(self) -> None:
        if self.target.is_dir():
            raise BadParameter(f"{self.target} is a folder; name a file in it.")
        is_pipe = self.target.parent.match("/proc/*/fd")  # where a link to one leads: /dev/stdout
        if is_pipe or (self.target.exists() and not self.target.is_file()):
            raise BadParameter(f"{self.target} is a device or a pipe; name a file.")
        if not self.target.parent.is_dir():
            raise BadParameter(f"There is no folder {self.target.parent}; make it first.")

    def forget(self) -> None:
        """Drop what was begun here."""
        artifact.remove(self.folder / "runs")
        for name in ("runs.db", "runs.db-wal", "runs.db-shm", "partial"):
            (self.folder / name).unlink(missing_ok=True)

    def deliver(self, made: Path, *, manifest: bool) -> None:
        """Put the finished file in its place, whole or not at all."""
        if manifest and (told := made.parent / artifact.MANIFEST).exists():  # else it was put there before a crash
            os.replace(told, self.manifest)
        made.chmod(0o666 & ~_umask())
        os.replace(made, self.target)
        sync_folder(self.target.parent)
        if (self.folder / "partial").exists():
            self.partial.unlink(missing_ok=True)

    def keep_partial(self, pieces: Iterable[bytes]) -> None:
        """Leave what there is of the file, under a name that says so. Raises OSError."""
        temporary = self.folder / "partial"
        with open(temporary, "wb") as file:
            file.writelines(pieces)
        os.replace(temporary, self.partial)
        temporary.touch()  # so that the whole file will take its place


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _partial_name(target: Path, extension: str) -> str:
    """`leads.csv.gz` becomes `leads.partial.csv.gz`."""
    name = target.name
    at = len(name) - len(f".{extension}" if name.lower().endswith(f".{extension}") else target.suffix)
    return f"{name[:at]}.partial{name[at:]}"
