"""How much memory this process and its control group use: what makes chunks smaller before anything fails."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
V2 = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory.stat")
V1_FOLDER = Path("/sys/fs/cgroup/memory")
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


def _read_number(path: Path) -> int:
    text = path.read_text().strip()
    return UNLIMITED if text == "max" else int(text)


def _own_group(controller: str) -> str:
    """The path of this process's control group in the hierarchy of `controller` (empty for version 2)."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    return ""


class Group:
    """The control group that limits this process, if any: a container, a small server."""

    def __init__(self) -> None:
        self._limit, self._current, self._stat = self._paths()

    @staticmethod
    def _paths() -> tuple[Path, Path, Path]:
        try:
            if Path("/sys/fs/cgroup/cgroup.controllers").exists():
                folder = Path("/sys/fs/cgroup") / _own_group("")
                return folder / "memory.max", folder / "memory.current", folder / "memory.stat"
            folder = V1_FOLDER / _own_group("memory")
            # Inside a container the group's own path is not visible; its limit then stands at the root.
            folder = folder if folder.exists() else V1_FOLDER
            return folder / "memory.limit_in_bytes", folder / "memory.usage_in_bytes", folder / "memory.stat"
        except OSError:
            return V2

    def limit(self) -> int:
        """Bytes the group may use; `UNLIMITED` or more if it has no limit."""
        try:
            return _read_number(self._limit)
        except (OSError, ValueError):
            return UNLIMITED

    def working_set(self) -> int:
        """Bytes the group uses that cannot simply be dropped (page cache that is not in use left out)."""
        try:
            reclaimable = 0
            for line in self._stat.read_text().splitlines():
                name, _, value = line.partition(" ")
                if name in ("inactive_file", "total_inactive_file"):
                    reclaimable = max(reclaimable, int(value))
            return max(0, _read_number(self._current) - reclaimable)
        except (OSError, ValueError):
            return 0


class Pressure:
    """Whether memory is short: the group is near its limit, or this process is over its own mark."""

    NEAR = 0.85

    def __init__(self, mark: int | None = None) -> None:
        self._mark = mark
        self._group = Group()
        limit = self._group.limit()
        self._group_mark = int(limit * self.NEAR) if limit < UNLIMITED else None

    def over_mark(self) -> bool:
        """This process holds more than its mark."""
        return self._mark is not None and resident() > self._mark

    def high(self) -> bool:
        """Smaller pieces of work are wise now."""
        if self.over_mark():
            return True
        return self._group_mark is not None and self._group.working_set() > self._group_mark
