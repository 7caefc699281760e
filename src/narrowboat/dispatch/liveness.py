"""Liveness on one host: a worker holds a file lock as long as it lives, so its death is known at once.

The kernel drops an flock when its holder dies, however it died; the lease then only catches workers that hang.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_UNNAMED = "."


def try_lock(path: Path) -> int | None:
    """An open, locked handle of `path`, or None while another process holds it. Close it to let go."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return handle


@contextmanager
def alive(folder: Path, worker: str) -> Iterator[None]:
    """Be known as alive under the name `worker` while inside."""
    path = folder / worker
    # Who looks for the dead tries each lock: the file gets its name when it is locked, or this one would seem dead.
    unnamed = folder / f"{_UNNAMED}{worker}"
    handle = try_lock(unnamed)
    unnamed.rename(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


def dead(folder: Path) -> list[str]:
    """Names of workers that died without saying so."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            if not path.name.startswith(_UNNAMED) and (handle := try_lock(path)) is not None:
                os.close(handle)
                found.append(path.name)
    return found


def bury(folder: Path, workers: list[str]) -> None:
    """Forget dead workers, once their runs were given to others."""
    for worker in workers:
        (folder / worker).unlink(missing_ok=True)
