"""Page cache: what the kernel keeps of files in memory once they were read, which a control group counts as used.

Compiled modules are read once, and of a library the disk reads far more ahead than a process then uses. The kernel
drops both by itself when memory is short; what is given back is not counted before that either.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import ModuleType

SETTLED = 5.0
"""Seconds after which a process that was just started has done what waited for it."""


def modules(names: Iterable[str]) -> set[str]:
    """The files that these loaded modules may have been read from: byte code, and source where there was none."""
    loaded = [module for name in names if isinstance(module := sys.modules.get(name), ModuleType)]
    specs = [spec for module in loaded if (spec := vars(module).get("__spec__")) and spec.has_location]
    return {path for spec in specs for path in (spec.cached, spec.origin) if path}


def libraries(maps: Path = Path("/proc/self/maps")) -> set[str]:
    """The files whose machine code this process has mapped; none where the system does not tell.

    maps: its mappings, as proc(5) has them.
    """
    try:
        lines = [line.split(None, 5) for line in maps.read_text(errors="surrogateescape").splitlines()]
    except OSError:
        return set()
    return {line[5] for line in lines if "x" in line[1] and line[5:] and line[5].startswith("/")}


def give_back(paths: Iterable[str]) -> None:
    """Drop what the kernel keeps of these files, but for pages that are in use: mapped by any process, or not yet
    written. Does nothing where the system cannot, or a file has gone."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in paths:
        with suppress(OSError), open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def give_back_later(paths: Callable[[], Iterable[str]], *, after: float = SETTLED) -> None:
    """The same in so many seconds, from a thread, for a process that stays. paths: asked then which."""
    timer = threading.Timer(after, lambda: give_back(paths()))
    timer.daemon = True
    timer.start()
