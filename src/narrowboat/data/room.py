"""Room: how much of the local disk the files of runs may take."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from narrowboat.errors import BadConfiguration, StorageFull

MB = 1_000_000
KEEP_FREE = 64 * MB
"""Without room to write, the database of runs beside the files stops too."""
SHARE = 50
"""A walk through the folder may take a fiftieth of the time."""


class Room:
    """Checks a folder with one folder a run in it. Safe to use from several threads.

    quota: bytes that the files may take; None: no limit. keep_free: bytes of the disk that stay free of them.
    at_most_every: seconds for which a measured size holds; longer, the longer it takes to measure.
    """

    def __init__(self, quota: int | None = None, keep_free: int = KEEP_FREE, *, at_most_every: float = 3.0) -> None:
        if (quota is not None and quota <= 0) or keep_free < 0:
            raise BadConfiguration("A quota is a number of bytes above 0, and keep_free one of at least 0.")
        self.quota, self.keep_free = quota, keep_free
        self._at_most_every = at_most_every
        self._used, self._until = 0, 0.0
        self._lock = threading.Lock()

    def check(self, folder: Path) -> None:
        """Raises StorageFull, with the figures, where nothing more may be written."""
        free = self.free(folder)
        if free < self.keep_free:
            raise StorageFull(
                f"Only {_mb(free)} of the disk of {folder} are free, and {_mb(self.keep_free)} must stay free "
                "(keep_free). Free some space, then try again."
            )
        if self.quota is not None and (used := self.used(folder)) >= self.quota:
            raise StorageFull(
                f"The files of runs in {folder} take {_mb(used)}, and they may take {_mb(self.quota)} (quota). Raise "
                "the quota, keep runs for a shorter time, or wait until old ones are deleted; then try again."
            )

    def free(self, folder: Path) -> int:
        """Bytes of the folder's disk that are free to us."""
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        disk = os.statvfs(there)
        return disk.f_bavail * disk.f_frsize

    def used(self, folder: Path) -> int:
        """Bytes on the disk that the files in the folder take, as measured some seconds ago at most."""
        with self._lock:
            began = time.monotonic()
            if began >= self._until:
                self._used = sum(_sizes(folder))
                ended = time.monotonic()
                self._until = ended + max(self._at_most_every, SHARE * (ended - began))
            return self._used


def _sizes(folder: Path) -> Iterator[int]:
    """Of every file in the folders of this folder; what goes away meanwhile does not count."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path))
                else:
                    yield entry.stat(follow_symlinks=False).st_blocks * 512
    except FileNotFoundError:
        return


def _mb(size: int) -> str:
    return f"{size / MB:,.1f} MB"
