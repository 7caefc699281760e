"""A small server: a control group with a memory and a CPU limit, as a container has. Needs root and Linux.

Works with control groups of version 1 and 2. Swap is not used.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

ROOT = Path("/sys/fs/cgroup")
PERIOD = 100_000
"""Microseconds; a quota is CPU time a period, so half a CPU may burn 50 ms at once and then waits."""
ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'


class Memory(NamedTuple):
    """Memory of a group at a moment, in bytes."""

    charged: int
    """All that the kernel counts, page cache included."""
    needed: int
    """Without page cache that can simply be dropped."""
    own: int
    """Anonymous memory alone: heaps and stacks."""


def unavailable() -> str | None:
    """Why there can be no box here; None where there can."""
    if os.geteuid() != 0:
        return "control groups need root"
    folders = [ROOT] if _version_2() else [ROOT / "memory", ROOT / "cpu"]
    for folder in folders:
        if not os.access(folder / "cgroup.procs", os.W_OK):
            return f"{folder} is no control group that can be written"
    if _version_2() and not {"memory", "cpu"} <= set((ROOT / "cgroup.controllers").read_text().split()):
        return "the memory and cpu controllers are not given to this system"
    return None


def drop_page_cache() -> None:
    """Make the machine forget the files it holds in memory, as if it had just been started: their pages are then
    charged to whichever group reads them first."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def _version_2() -> bool:
    return (ROOT / "cgroup.controllers").exists()


class Group:
    """A control group of `memory` bytes and `cpu` CPUs (None: no limit), removed with all its processes at the end."""

    def __init__(self, name: str, *, memory: int | None = None, cpu: float | None = None) -> None:
        self._v2 = _version_2()
        names = ("",) * 3 if self._v2 else ("memory", "cpu", "cpuacct")
        unique = f"{name}-{secrets.token_hex(4)}"
        # Of version 1, the last two are one place on some systems and two on others.
        self._memory, self._cpu, self._used = [(ROOT / one).resolve() / unique for one in names]
        self._folders = list(dict.fromkeys((self._memory, self._cpu, self._used)))
        if self._v2:
            (ROOT / "cgroup.subtree_control").write_text("+memory +cpu")
        for folder in self._folders:
            folder.mkdir()
        self._limit(memory, cpu)

    def _limit(self, memory: int | None, cpu: float | None) -> None:
        if memory:
            (self._memory / ("memory.max" if self._v2 else "memory.limit_in_bytes")).write_text(str(memory))
            swap = self._memory / ("memory.swap.max" if self._v2 else "memory.memsw.limit_in_bytes")
            if swap.exists():
                swap.write_text("0" if self._v2 else str(memory))
        if cpu:
            quota = int(cpu * PERIOD)
            if self._v2:
                (self._cpu / "cpu.max").write_text(f"{quota} {PERIOD}")
            else:
                (self._cpu / "cpu.cfs_period_us").write_text(str(PERIOD))
                (self._cpu / "cpu.cfs_quota_us").write_text(str(quota))

    def __enter__(self) -> Group:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.remove()

    def start(
        self,
        command: Sequence[str | Path],
        *,
        output: IO[bytes] | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command inside; its children are inside too.

        A shell enters first, so that no page of the command is charged outside.
        """
        enter = ["/bin/sh", "-c", ENTER, "enter", *map(str, self._folders), "--", *map(str, command)]
        return subprocess.Popen(enter, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, env=env)

    def pids(self) -> list[int]:
        """The processes inside."""
        return [int(line) for line in (self._memory / "cgroup.procs").read_text().split()]

    def memory(self) -> Memory:
        """What is used now."""
        charged = self._number("memory.current" if self._v2 else "memory.usage_in_bytes")
        stat = self._pairs("memory.stat")
        return Memory(charged, charged - stat["inactive_file"], stat["anon" if self._v2 else "rss"])

    def peak(self) -> int:
        """The most that was ever charged, page cache included; never over the limit. 0 if the kernel does not tell."""
        with suppress(OSError):
            return self._number("memory.peak" if self._v2 else "memory.max_usage_in_bytes")
        return 0

    def kills(self) -> int:
        """How many processes the kernel killed for memory."""
        return self._pairs("memory.events" if self._v2 else "memory.oom_control").get("oom_kill", 0)

    def cpu(self) -> float:
        """Seconds of CPU that its processes used."""
        if self._v2:
            return self._pairs("cpu.stat", self._used)["usage_usec"] / 1e6
        return int((self._used / "cpuacct.usage").read_text()) / 1e9

    def throttled(self) -> float:
        """Seconds that the group waited because its CPU quota was spent."""
        stat = self._pairs("cpu.stat", self._cpu)
        return stat["throttled_usec"] / 1e6 if self._v2 else stat["throttled_time"] / 1e9

    def empty(self) -> None:
        """Kill what is still inside, and wait until it is gone."""
        for _ in range(200):
            if not (inside := self.pids()):
                return
            for pid in inside:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        raise TimeoutError(f"Processes {self.pids()} of the control group {self._memory} do not end.")

    def remove(self) -> None:
        """Kill what is still inside and remove the group."""
        self.empty()
        for folder in self._folders:
            folder.rmdir()

    def _number(self, name: str) -> int:
        return int((self._memory / name).read_text())

    def _pairs(self, name: str, folder: Path | None = None) -> dict[str, int]:
        words = ((folder or self._memory) / name).read_text().split()
        return dict(zip(words[::2], map(int, words[1::2]), strict=True))
