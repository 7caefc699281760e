"""Durable: what makes files survive a power cut, and what is said where the disk has no room for them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from narrowboat.errors import StorageFull


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
    except StorageFull:
        raise
    except OSError as error:
        raise storage_error(error, path) from error


def storage_error(error: OSError, path: Path) -> OSError:
    """The error to raise for an OSError while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull(f"No room left while writing {path.name} in {path.parent}. Free some space, then resume.")
    return error
