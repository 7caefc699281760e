"""Which pages of a file the kernel has in memory: for tests of what is read and given back."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
from pathlib import Path

_MINCORE = ctypes.CDLL(None, use_errno=True).mincore


def cached(path: Path) -> int:
    """How many of its pages are in memory. Looking brings none there."""
    size = path.stat().st_size
    pages = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY) as view:
        first = ctypes.c_char.from_buffer(view)
        failed = _MINCORE(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(size), pages)
        del first  # or the view cannot be closed
    assert not failed, ctypes.get_errno()
    return sum(page & 1 for page in pages)


def no_disk(folder: Path) -> str | None:
    """Why nothing can be dropped there: files of a tmpfs are nowhere but in memory."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    return f"{folder} is on {kind}, which has no disk" if kind in ("tmpfs", "ramfs") else None
