"""Memory of a server that has nothing to do: of each process, and of all as a control group counts them.

    python -m benchmarks.idle [--settle 10] [--cold | --installed] [--json]

A control group counts page cache too: the pages of libraries and of Python's compiled modules that its processes
were the first to touch. On a machine that has them in memory already they are counted elsewhere; --cold drops the
machine's page cache first, as in a container that has just been started on another host, but for what other processes
have mapped. --installed is as strict as can be, and the same everywhere: a clean installation that nobody has read,
Python and the system's libraries in it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import installation, tables
from benchmarks.group import Group, Memory, drop_page_cache, unavailable
from benchmarks.server import Server, serving

SERVER, WORKER, TOGETHER = 70.0, 45.0, 80.0
"""MB at most."""
REST = 10.0
"""Seconds: some of what a start took is given back a little later."""
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> tuple[float, float]:
    """Resident set and proportional share of a process, in MB."""
    total = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    share = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total, share / 1024


def processes(server: Server) -> list[tables.Record]:
    """A line for each process: RSS, and PSS, in which pages that several map are shared out."""
    lines: list[tables.Record] = []
    for name, pid, most in (("server", server.pid, SERVER), *(("worker", pid, WORKER) for pid in server.workers())):
        total, share = resident(pid)
        lines.append({"process": name, "RSS MB": total, "PSS MB": share, "at most": most, "holds": total <= most})
    return lines


def together(memory: Memory) -> list[tables.Record]:
    """What the group counts; the target is for all of it."""
    charged = memory.charged / 2**20
    return [
        {"control group": "all that is charged", "MB": charged, "at most": TOGETHER, "holds": charged <= TOGETHER},
        {"control group": "without cache that can be dropped", "MB": memory.needed / 2**20},
        {"control group": "heaps and stacks alone", "MB": memory.own / 2**20},
    ]


@contextmanager
def resting(group: Group, *, installed: bool = False, settle: float = REST) -> Iterator[Server]:
    """A server that has had nothing to do for so many seconds. installed: of a clean installation, made anew."""
    if not installed:
        with serving(100, group) as server:
            time.sleep(settle)
            yield server
        return
    installation.install()
    with (
        installation.mounted(),
        serving(100, group, python=installation.PYTHON, more=installation.ENVIRONMENT) as server,
    ):
        time.sleep(settle)
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settle", type=float, default=REST, help="seconds of rest before the look")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--installed", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if reason := unavailable() or (options.installed and installation.unavailable()):
        raise SystemExit(f"No control group: {reason}.")
    if options.cold:
        drop_page_cache()
    with (
        Group("narrowboat-idle") as group,
        resting(group, installed=options.installed, settle=options.settle) as server,
    ):
        tables.show("At idle, each process", processes(server), as_json=options.json)
        tables.show("At idle, together", together(group.memory()), as_json=options.json)


if __name__ == "__main__":
    main()
