"""Chunk commits a second through the store, beside the floor that the disk sets.

    python -m benchmarks.commits [--seconds 1] [--repeat 5] [--folder .benchmarks] [--postgres] [--json]

The floor is a 4 KB write followed by fdatasync on the same file system: appended, as a new log grows, and over old
bytes, as SQLite's log is written once it was checkpointed. No commit that survives a power cut can be faster.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from typing import TypeAlias

from benchmarks import postgresql, tables
from benchmarks.places import CACHE
from narrowboat.jobs.artifact import PartFile
from narrowboat.kernel.model import Chunk, Counters, Cursor, Lease, NewRun
from narrowboat.kernel.store import Store
from narrowboat.stores import open_store
from narrowboat.stores.sqlite.database import SQLite

Steps: TypeAlias = Generator[None, None, None]
"""Does one thing each time it is asked to go on."""

PIECE = b"x" * 4096
OVERWRITTEN = 1024
"""Pieces that are written again and again: 4 MB, the size of SQLite's log between checkpoints."""
TARGET = 1000


def append(folder: Path) -> Steps:
    """Write behind the end and sync, for ever."""
    with open(folder / "append", "wb", buffering=0) as file:
        while True:
            file.write(PIECE)
            os.fdatasync(file.fileno())
            yield


def overwrite(folder: Path) -> Steps:
    """Write over old bytes and sync, for ever."""
    with open(folder / "overwrite", "w+b", buffering=0) as file:
        file.write(PIECE * OVERWRITTEN)
        os.fsync(file.fileno())
        while True:
            file.seek(0)
            for _ in range(OVERWRITTEN):
                file.write(PIECE)
                os.fdatasync(file.fileno())
                yield


def leased(store: Store) -> Lease:
    """A run of its own, claimed."""
    run = store.submit(NewRun(job="bench", kind="export", params={"params": {}, "output": {}}, owner="bench")).run
    lease = store.claim(run.id, "bench", seconds=3600)
    if lease is None:
        raise RuntimeError("The run just submitted could not be claimed.")
    return lease


def cursor(number: int) -> Cursor:
    """As large as an export's."""
    return {"position": [number * 250], "rows": number * 250, "writer": {"offset": number * 4096, "crc": number}}


def commit(store: Store) -> Steps:
    """Commit chunks that carry no bytes, for ever."""
    lease = leased(store)
    for number in range(1, 1 << 60):
        store.commit(lease, Chunk(cursor(number), Counters(rows=250)))
        yield


def write_and_commit(store: Store, folder: Path) -> Steps:
    """The whole of a small chunk: write, fdatasync, commit."""
    lease = leased(store)
    with closing(PartFile(folder, f"{lease.run.id}.part")) as part:
        for number in range(1, 1 << 60):
            part.append(PIECE)
            store.commit(lease, Chunk(cursor(number), Counters(rows=250, bytes=4096), part.extent()))
            yield


def rate(steps: Steps, seconds: float) -> float:
    """Steps a second, the first left out."""
    next(steps)
    began, count = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        next(steps)
        count += 1
    return count / passed


def sqlite_sync(path: Path) -> str:
    """How hard SQLite syncs on a connection as the store opens it, asked of itself."""
    connection = SQLite(path, connections=1)._connect()
    with closing(connection):
        journal, level = (
            connection.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        )
    return f"{journal}, synchronous={('off', 'normal', 'full', 'extra')[level]}"


def postgres_sync(url: str) -> str:
    """How hard PostgreSQL syncs, asked of itself."""
    import psycopg

    with psycopg.connect(url) as connection:
        values = [connection.execute(f"show {name}").fetchall()[0][0] for name in ("synchronous_commit", "fsync")]
    return "synchronous_commit={}, fsync={}".format(*values)


def file_system(folder: Path) -> str:
    """Type and device of the file system that holds `folder`."""
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        device, place, kind, *_ = line.split()
        if folder.resolve().is_relative_to(place) and len(place) >= len(best[0]):
            best = (place, f"{kind} on {device}")
    return best[1]


def contestants(folder: Path, stack: ExitStack, *, with_postgres: bool) -> tuple[dict[str, Steps], dict[str, str]]:
    """What is measured by name, and how hard each database syncs."""
    url, path = f"sqlite:///{folder / 'runs.db'}", folder / "runs.db"
    urls, sync = {"SQLite": url}, {"SQLite": sqlite_sync(path)}
    if with_postgres:
        urls["PostgreSQL"] = stack.enter_context(postgresql.running(folder / "postgres")).get_uri()
        sync["PostgreSQL"] = postgres_sync(urls["PostgreSQL"])
    steps = {"floor: append 4 KB, fdatasync": append(folder), "floor: overwrite 4 KB, fdatasync": overwrite(folder)}
    for name, url in urls.items():
        store = stack.enter_context(closing(open_store(url)))
        store.migrate()
        steps[f"{name}: commit"] = commit(store)
        steps[f"{name}: append, fdatasync, commit"] = write_and_commit(store, folder)
    return steps, sync


def measure(steps: dict[str, Steps], seconds: float, repeat: int) -> dict[str, list[float]]:
    """Rates of each, `repeat` rounds of `seconds`, interleaved."""
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeat):
        for name, stepping in steps.items():
            rates[name].append(rate(stepping, seconds))
    for stepping in steps.values():
        stepping.close()
    return rates


def figures(rates: dict[str, list[float]], sync: dict[str, str]) -> list[tables.Record]:
    """One line a kind; the target stands beside the one it is for."""
    return [
        {
            "what": name,
            "a second": median(found),
            "least": min(found),
            "most": max(found),
            "sync": sync.get(name.partition(":")[0]),
            "at least": TARGET if name == "SQLite: commit" else None,
            "holds": median(found) >= TARGET if name == "SQLite: commit" else None,
        }
        for name, found in rates.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=CACHE, help="on the file system to measure")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder)))
        steps, sync = contestants(folder, stack, with_postgres=options.postgres)
        rates = measure(steps, options.seconds, options.repeat)
    rounds = f"{options.repeat} rounds of {options.seconds} s"
    title = f"Chunk commits a second, {rounds}, {file_system(options.folder)}"
    tables.show(title, figures(rates, sync), as_json=options.json)


if __name__ == "__main__":
    main()
