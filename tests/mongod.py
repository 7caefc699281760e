"""A real mongod of a test's own, where `make mongod` has fetched one and says so by MONGOD."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.program import Program
from tests.waiting import free_port

SERVER = "MONGOD"


def missing() -> str:
    """Why there is none; nothing if there is one."""
    return "" if os.environ.get(SERVER) else "there is no mongod: `make mongod` fetches one and runs this with it"


class Mongod(Program):
    """Its data are in `folder` and stay; with a journal, so that it can be killed. options: of its command line."""

    def __init__(self, folder: Path, *options: str) -> None:
        port = free_port()
        self.host = f"127.0.0.1:{port}"
        self.url = f"mongodb://{self.host}/"
        where = ["--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
        super().__init__([os.environ[SERVER], *where, *options], port, folder / "log")

    def at_work(self) -> int:
        """How many requests of ours it works on."""
        wanted = {"appName": "narrowboat", "active": True, "command.isMaster": {"$exists": False}}
        with MongoClient[dict[str, Any]](self.url) as client:
            return len(list(client.admin.aggregate([{"$currentOp": {}}, {"$match": wanted}])))
