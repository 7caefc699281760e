"""A collection of MongoDB to a file, ours beside iterating the cursor: CPU of the client, ratios.

    python -m benchmarks.mongodb [--rows 33407] [--repeat 5] [--url mongodb://…] [--json]

Without --url, MONGOD names the program of the server, as `make mongod` has it (it says how). Without that either, the
server is secantusdb from PyPI, which speaks MongoDB's protocol, but is no mongod: no speed is claimed then.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from statistics import median
from typing import Any

from benchmarks import tables
from benchmarks.data import TABLE, database
from benchmarks.measure import Usage, run
from benchmarks.places import CACHE, OURS, ROOT
from benchmarks.server import free_port

CSV, XLSX, FETCH = "narrowboat csv", "narrowboat xlsx", "cursor alone"
NAMES = (CSV, XLSX, FETCH)
MOST = 2.5
BATCH = 2000


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server of this benchmark's own."""
    program = os.environ.get("MONGOD")
    with tempfile.TemporaryDirectory() as folder, _mongod(program, folder) if program else _stand_in(folder) as url:
        yield url


@contextmanager
def _mongod(program: str, folder: str) -> Iterator[str]:
    from pymongo import MongoClient

    port = free_port()
    where = ["--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    url = f"mongodb://127.0.0.1:{port}/"
    with subprocess.Popen([program, *where, "--logpath", f"{folder}/log"], stdout=subprocess.DEVNULL) as running:
        try:
            with MongoClient[dict[str, Any]](url) as client:
                client.admin.command("ping")  # waits until it listens
            yield url
        finally:
            running.terminate()


@contextmanager
def _stand_in(folder: str) -> Iterator[str]:
    serving = (
        "import sys, secantus\n"
        "with secantus.SecantusDBServer(storage_path=sys.argv[1]) as s:\n"
        "    print(s.uri, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", serving, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None  # noqa: S101  # asked for above
        yield running.stdout.readline().strip()
        running.communicate()


def fill(url: str, rows: int) -> None:
    """The sample leads as documents, anew."""
    from pymongo import MongoClient

    with closing(sqlite3.connect(database(rows))) as sample, MongoClient[dict[str, Any]](url) as client:
        found = sample.execute(f"select * from {TABLE} order by id")
        names = [column[0] for column in found.description]
        leads = client["crm"][TABLE]
        leads.drop()
        while batch := found.fetchmany(BATCH):
            leads.insert_many([_document(dict(zip(names, row, strict=True))) for row in batch])


def _document(row: dict[str, Any]) -> dict[str, Any]:
    row["_id"] = row.pop("id")
    row["consented"] = bool(row["consented"])
    row["created_at"] = datetime.fromisoformat(row["created_at"])
    return row


def once(name: str, url: str) -> Usage:
    """One contestant once. Raises RuntimeError with its last lines if it fails."""
    out = CACHE / "out" / ("out.xlsx" if name == XLSX else "out.csv")
    out.parent.mkdir(exist_ok=True)
    log = CACHE / "log"
    mode = "fetch" if name == FETCH else str(out)
    usage = run([OURS, ROOT / "benchmarks" / "mongodb_client.py", url, mode, CACHE / "out" / "runs"], log=log)
    if usage.status:
        raise RuntimeError(f"{name} ended with status {usage.status}:\n{log.read_text()[-2000:]}")
    return usage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=33407)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--url", help="a MongoDB server; its database `crm` is written to")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    used: dict[str, list[Usage]] = {name: [] for name in NAMES}
    with server() as own:
        url = options.url or own
        fill(url, options.rows)
        for _ in range(options.repeat + 1):
            for name in NAMES:
                used[name].append(once(name, url))
    rounds = {name: usages[1:] for name, usages in used.items()}  # the first compiled every module
    shown: list[tables.Record] = []
    for name, usages in rounds.items():
        ratio = median(ours.cpu / alone.cpu for ours, alone in zip(usages, rounds[FETCH], strict=True))
        shown.append(
            {
                "export": name,
                "cpu s": median(one.cpu for one in usages),
                "peak MB": max(one.peak_mb for one in usages),
                "this / cursor alone": ratio,
                "at most": MOST if name == CSV else None,
            }
        )
    tables.show(f"MongoDB to a file, {options.rows:,} documents x 20", shown, as_json=options.json)


if __name__ == "__main__":
    main()
