"""A MongoDB server in a process of its own that can be killed and started again: a stand-in, or a real one.

python tests/examples/mongo.py PORT FOLDER    the stand-in
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.mongod import Mongod
from tests.program import ROOT, Program
from tests.waiting import free_port


def spoken(folder: Path) -> Program:
    """The stand-in; its data are in `folder` and stay."""
    port = free_port()
    return Program([sys.executable, "-m", "tests.examples.mongo", str(port), str(folder)], port, folder / "log")


SERVERS: dict[str, Callable[[Path], Program]] = {"spoken": spoken, "mongod": Mongod}


def fill(url: str, sample: Path, users: dict[str, dict[str, Any]]) -> None:
    """The sample's leads, and who may sign in."""
    from pymongo import MongoClient

    script = ROOT / "examples/fastapi/fill_leads.py"
    subprocess.run([sys.executable, script, sample], env={**os.environ, "MONGODB_URL": url}, check=True)
    with MongoClient[dict[str, Any]](url, journal=True) as client:
        crm = client.get_default_database()
        crm["users"].insert_many([{"_id": name, **user} for name, user in users.items()])


if __name__ == "__main__":
    from secantus import SecantusDBServer

    with SecantusDBServer(port=int(sys.argv[1]), storage_path=sys.argv[2], durable=True):
        subprocess.run(["sleep", "infinity"], check=False)
