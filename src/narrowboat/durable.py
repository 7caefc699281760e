"""Durable: what makes files survive a power cut, and what is said where the disk has no room for them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from narrowboat.errors import StorageFull

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def sync_folder(folder: Path) -> None:
    """Make a creation or rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """What is written to `path` within raises StorageFull where the disk has no room for it."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        said = f"No room left while writing {path.name} in {path.parent}. Free some space, then resume."
        raise StorageFull(said) from error
