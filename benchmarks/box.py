"""The whole server in a small box (256 MB, half a CPU), the client outside it.

    python -m benchmarks.box [--memory 256] [--cpu 0.5] [--turns 10] [--only small,five,…] [--json]

small: exports of 50 to 33,407 rows over HTTP, each ten times in a row, directly and by POST and follow. postgres,
mongodb: the same from PostgreSQL or MongoDB, outside the box; MONGOD names the program of its server, as
`make mongod` has it.
five: five of 33,407 rows at once. million: one of 1,000,000 rows, memory sampled. smallest: the least memory in which
the million still works. pandas: what pandas + openpyxl does in the same box.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import TypeAlias

from benchmarks import mongodb, postgres, tables
from benchmarks.client import Download, get, post_and_follow
from benchmarks.data import database
from benchmarks.group import Group, Memory, drop_page_cache, unavailable
from benchmarks.install import install
from benchmarks.places import CACHE, PEERS, ROOT, environment
from benchmarks.server import serving

WHOLE = 33_407
MILLION = 1_000_000
TARGETS = {50: 0.1, 100: 0.1, 1_000: 0.2, 5_000: 0.5, 10_000: 1.0, WHOLE: 2.0}
"""Rows to seconds."""
FIRST_BYTE = 0.5
FIVE, EACH_OF_FIVE = 5, 10.0
SIZES = (256, 192, 160, 144, 128, 112, 104, 96, 88, 80, 72, 64)
"""MB, from the largest."""
MB = 2**20
SAMPLE = 0.05
"""Seconds between two looks at the memory."""
PARTS = ("small", "postgres", "mongodb", "five", "million", "smallest", "pandas")

Way: TypeAlias = Callable[[int, int, int | None, Path], Download]
WAYS: dict[str, Way] = {"GET": get, "POST, follow": post_and_follow}


class Peak:
    """The most of each kind of memory a group was seen to use."""

    def __init__(self) -> None:
        self.most = Memory(0, 0, 0)

    def look(self, now: Memory) -> None:
        self.most = Memory(*map(max, self.most, now))


@contextmanager
def watching(group: Group) -> Iterator[Peak]:
    """Sample the memory of a group while inside."""
    peak, ended = Peak(), threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE):
            peak.look(group.memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


class Client:
    """Downloads into a folder, each request unlike all others."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port, self._folder, self._turns = port, folder, count(1)

    def export(self, way: Way, rows: int | None) -> Download:
        """One export, its file checked and removed."""
        turn = next(self._turns)
        out = self._folder / f"{turn}.xlsx"
        try:
            return way(self._port, turn, rows, out)
        finally:
            out.unlink(missing_ok=True)

    def at_once(self, way: Way, number: int) -> list[Download]:
        """Several exports of everything at the same time."""
        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(lambda _: self.export(way, None), range(number)))


@contextmanager
def boxed(rows: int, memory: int, cpu: float, source: str | None = None) -> Iterator[tuple[Client, Group]]:
    """A server with that many leads in a box of `memory` MB, and a client outside."""
    folder = CACHE / "out"
    folder.mkdir(parents=True, exist_ok=True)
    with Group("narrowboat-box", memory=memory * MB, cpu=cpu) as group, serving(rows, group, source) as server:
        yield Client(server.port, folder), group


def summary(name: str, downloads: Sequence[Download], rows: int, most: float | None) -> tables.Record:
    """One line over downloads of the same kind."""
    times, answered = [d.seconds for d in downloads], max(d.answered for d in downloads)
    good = sum(d.whole(rows) for d in downloads)
    return {
        "export": name,
        "rows": rows,
        "whole": f"{good}/{len(downloads)}",
        "min s": min(times),
        "median s": median(times),
        "max s": max(times),
        "answer max s": answered,
        "file begins max s": max(d.first_byte for d in downloads),
        "at most": most,
        "holds": good == len(downloads) and answered < FIRST_BYTE and (most is None or max(times) < most),
    }


def small(memory: int, cpu: float, turns: int, source: str | None = None) -> list[tables.Record]:
    """Each size so many times in a row, both ways."""
    lines: list[tables.Record] = []
    with boxed(WHOLE, memory, cpu, source) as (client, group):
        lines.append(summary("GET, the first of all", [client.export(get, 50)], 50, None))
        for name, way in WAYS.items():
            for rows, most in TARGETS.items():
                asked = None if rows == WHOLE else rows
                with watching(group) as peak:
                    downloads = [client.export(way, asked) for _ in range(turns)]
                lines.append({**summary(name, downloads, rows, most), **_memory(peak, group)})
    return lines


def from_postgres(memory: int, cpu: float, turns: int) -> list[tables.Record]:
    """The same from PostgreSQL."""
    with postgres.server(WHOLE) as (url, _):
        return small(memory, cpu, turns, url)


def from_mongodb(memory: int, cpu: float, turns: int) -> list[tables.Record]:
    """The same from MongoDB."""
    with mongodb.server() as url:
        mongodb.fill(url, WHOLE)
        return small(memory, cpu, turns, f"{url}crm")


def five(memory: int, cpu: float) -> list[tables.Record]:
    """Five at once."""
    with boxed(WHOLE, memory, cpu) as (client, group):
        lines: list[tables.Record] = []
        for name, way in WAYS.items():
            with watching(group) as peak:
                downloads = client.at_once(way, FIVE)
            lines.append({**summary(f"{FIVE} x {name}", downloads, WHOLE, EACH_OF_FIVE), **_memory(peak, group)})
    return lines


def million(memory: int, cpu: float, rows: int) -> tables.Record:
    """One export of a million rows, or so many."""
    with boxed(rows, memory, cpu) as (client, group):
        with watching(group) as peak:
            download = client.export(get, None)
        return {
            "memory MB": memory,
            "rows": rows,
            "whole": download.whole(rows),
            "seconds": download.seconds,
            "answer s": download.answered,
            "file begins s": download.first_byte,
            "file MB": download.size / 1e6,
            **_memory(peak, group),
        }


def smallest(cpu: float, rows: int, sizes: Sequence[int], *, cold: bool) -> list[tables.Record]:
    """The million in ever smaller boxes, until it fails. cold: the machine forgets its page cache before each."""
    lines: list[tables.Record] = []
    for memory in sizes:
        if cold:
            drop_page_cache()
        try:
            lines.append(million(memory, cpu, rows))
        except RuntimeError:
            lines.append({"memory MB": memory, "rows": rows, "whole": False})
        if not lines[-1]["whole"]:
            break
    return lines


def pandas(memory: int, cpu: float) -> tables.Record:
    """pandas + openpyxl over the whole table in the same box: no server, just the export."""
    install()
    out = CACHE / "out" / "pandas.xlsx"
    out.parent.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [PEERS, ROOT / "benchmarks" / "peers.py", "pandas + openpyxl", database(WHOLE), out]
    with Group("narrowboat-pandas", memory=memory * MB, cpu=cpu) as group, open(CACHE / "pandas.log", "wb") as log:
        began = time.monotonic()
        status = group.start(command, output=log, env=environment()).wait()
        seconds, kills = time.monotonic() - began, group.kills()
    out.unlink(missing_ok=True)
    return {"export": "pandas + openpyxl", "rows": WHOLE, "status": status, "killed": kills, "after s": seconds}


def _memory(peak: Peak, group: Group) -> tables.Record:
    """Peaks that were seen, in MB: without cache that can be dropped, and of heaps alone."""
    return {"needed MB": peak.most.needed / MB, "heaps MB": peak.most.own / MB, "killed": group.kills()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=int, default=256, help="MB")
    parser.add_argument("--cpu", type=float, default=0.5)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--rows", type=int, default=MILLION, help="rows of million and smallest")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="MB that smallest tries, the largest first")
    parser.add_argument("--cold", action="store_true", help="drop the page cache before each start of smallest")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if reason := unavailable():
        raise SystemExit(f"No box: {reason}.")
    memory, cpu, sizes = options.memory, options.cpu, [int(size) for size in options.sizes.split(",")]
    parts: dict[str, Callable[[], Sequence[tables.Record]]] = {
        "small": lambda: small(memory, cpu, options.turns),
        "postgres": lambda: from_postgres(memory, cpu, options.turns),
        "mongodb": lambda: from_mongodb(memory, cpu, options.turns),
        "five": lambda: five(memory, cpu),
        "million": lambda: [million(memory, cpu, options.rows)],
        "smallest": lambda: smallest(cpu, options.rows, sizes, cold=options.cold),
        "pandas": lambda: [pandas(memory, cpu)],
    }
    for name in options.only.split(","):
        title = f"{name}: box of {memory} MB and {cpu} CPU, client outside"
        tables.show(title, parts[name](), as_json=options.json)


if __name__ == "__main__":
    main()
