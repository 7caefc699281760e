"""How much memory this process and its control group use: what makes chunks smaller before anything fails."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
UNLIMITED = 1 << 60


def resident(process: int | str = "self") -> int:
    """Bytes of physical memory a process of this host holds (RSS); 0 where the system does not tell."""
    try:
        with open(f"/proc/{process}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return 0


def peak(process: int | str = "self") -> int:
    """The most bytes of physical memory a process of this host has held; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    _, found, rest = status.partition("VmHWM:")
    return int(rest.split(None, 1)[0]) * 1024 if found else 0


def forget_peak() -> None:
    """From now on `peak` of this process counts anew, where the system can do that."""
    with suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def settle_in() -> None:
    """This process stays: what it has loaded lives to its end, so looks for garbage pass over it and cost little."""
    gc.collect()
    gc.freeze()


class Group:
    """The control group that limits this process, if any: a container, a small server.

    system: the root of the file system that tells, for tests.
    """

    def __init__(self, system: Path = Path("/")) -> None:
        root, own = system / "sys/fs/cgroup", system / "proc/self/cgroup"
        if (root / "cgroup.controllers").exists():
            self._folder, self._names = _own_folder(root, own, ""), ("memory.max", "memory.current")
        else:
            self._folder = _own_folder(root / "memory", own, "memory")
            self._names = ("memory.limit_in_bytes", "memory.usage_in_bytes")

    def limit(self) -> int:
        """Bytes the group may use; `UNLIMITED` or more if it has no limit."""
        try:
            text = (self._folder / self._names[0]).read_text().strip()
            return UNLIMITED if text == "max" else int(text)
        except OSError:
            return UNLIMITED

    def working_set(self) -> int:
        """Bytes the group uses that cannot simply be dropped (page cache that is not in use left out); 0 if unknown."""
        try:
            used = int((self._folder / self._names[1]).read_text())
            lines = (self._folder / "memory.stat").read_text().splitlines()
        except OSError:
            return 0
        figures = dict(line.split() for line in lines)
        return max(0, used - int(figures.get("total_inactive_file", figures.get("inactive_file", 0))))


def _own_folder(root: Path, own: Path, controller: str) -> Path:
    """Where this process's group is in a hierarchy (`controller` is empty for version 2), as /proc/self/cgroup tells.

    Inside a container that path is not visible; the container's own limit then stands at the root.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return root
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") and (root / path.lstrip("/")).is_dir():
            return root / path.lstrip("/")
    return root


class Pressure:
    """Whether memory is short: the group is near its limit, or this process is over its own mark."""

    NEAR = 0.85
    GROWTH = 256 << 20
    """Bytes that a process may take more than it held at first, where the group has at least twice as many."""

    def __init__(self, mark: int | None = None, group: Group | None = None) -> None:
        self._mark = mark
        self._group = group or Group()
        limit = self._group.limit()
        self._most = resident() + min(self.GROWTH, limit // 2) if mark is None else mark
        self._group_mark = int(limit * self.NEAR) if limit < UNLIMITED else None

    def over_mark(self) -> bool:
        """This process holds more than its mark."""
        return self._mark is not None and resident() > self._mark

    def grown(self) -> bool:
        """This process should make room for a fresh one when it can."""
        return resident() > self._most

    def high(self) -> bool:
        """Smaller pieces of work are wise now."""
        if self.over_mark():
            return True
        return self._group_mark is not None and self._group.working_set() > self._group_mark
