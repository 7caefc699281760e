"""A MongoDB server in a process of its own that can be killed and started again: a stand-in, or a real one.

python tests/examples/mongo.py PORT FOLDER    the stand-in
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.mongod import Mongod
from tests.program import Program
from tests.waiting import free_port

BATCH = 2000


def spoken(folder: Path) -> Program:
    """The stand-in; its data are in `folder` and stay."""
    port = free_port()
    return Program([sys.executable, "-m", "tests.examples.mongo", str(port), str(folder)], port, folder / "log")


SERVERS: dict[str, Callable[[Path], Program]] = {"spoken": spoken, "mongod": Mongod}


def fill(url: str, sample: Path, users: dict[str, dict[str, Any]]) -> None:
    """The sample's leads, and who may sign in."""
    from pymongo import MongoClient

    with MongoClient[dict[str, Any]](url, journal=True) as client:
        crm = client.get_default_database()
        for batch in _documents(sample):
            crm["driver_leads"].insert_many(batch)
        crm["users"].insert_many([{"_id": name, **user} for name, user in users.items()])


def _documents(sample: Path) -> Iterator[list[dict[str, Any]]]:
    with closing(sqlite3.connect(sample)) as conn:
        found = conn.execute("select * from driver_leads order by id")
        names = [column[0] for column in found.description]
        while rows := found.fetchmany(BATCH):
            yield [_document(dict(zip(names, row, strict=True))) for row in rows]


def _document(row: dict[str, Any]) -> dict[str, Any]:
    row["_id"] = row.pop("id")
    row["created_at"] = datetime.fromisoformat(row["created_at"])
    row["consented"] = bool(row["consented"])
    return row


if __name__ == "__main__":
    from secantus import SecantusDBServer

    with SecantusDBServer(port=int(sys.argv[1]), storage_path=sys.argv[2], durable=True):
        subprocess.run(["sleep", "infinity"], check=False)
