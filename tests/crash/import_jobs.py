"""The import that is killed: 1,300 customers in chunks of 50 rows, some of them bad, into a table with unique keys.

The environment says where things are and at which moment this process shall die. Run as a module it works on one slice
of the run named on its command line.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from narrowboat import Narrowboat
from narrowboat.data.records import Field
from narrowboat.data.sources.spreadsheet import open_book
from narrowboat.data.targets import table
from narrowboat.data.targets.receipts import Attempt
from narrowboat.dispatch.liveness import alive
from narrowboat.kernel.runner import Moment, Settings
from narrowboat.testing import kill_at

PLACE = Path(os.environ["CRASH_PLACE"])
SHOP = os.environ["CRASH_SHOP"]


def kill_after_commit(nth: int) -> None:
    """Die between the nth commit of the target and whatever comes after it."""
    commit, left = Attempt.commit, nth

    def dying(self: Attempt) -> None:
        nonlocal left
        begun = self.connection is not None
        commit(self)
        left -= begun
        if begun and left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    Attempt.commit = dying  # type: ignore[method-assign]


def slow_down(moment: Moment) -> None:
    if moment.point == "written":
        time.sleep(0.01)


point, _, nth = os.environ.get("CRASH_AT", "").partition(":")
if point == "target":
    kill_after_commit(int(nth))
nb = Narrowboat(
    os.environ["CRASH_STORE"],
    folder=PLACE / "files",
    settings=Settings(lease=2.0, chunk=0.0, barren_limit=1000),
    watch=kill_at(point, int(nth))
    if point and point != "target"
    else slow_down
    if "CRASH_SLOW" in os.environ
    else None,
    target=f"{__file__}:nb",
)
nb.importer(
    "customers",
    row=[Field("phone", required=True), Field("mark"), Field("name", required=True)],
    into=table(SHOP, "customers"),
    unique=["phone", "mark"],
    mode=os.environ.get("CRASH_MODE", "create"),
    undo="CRASH_UNDO" in os.environ,
    block_rows=50,
    opener=open_book,
)

if __name__ == "__main__":
    worker = f"w{os.getpid()}"
    with alive(nb.folder / "workers", worker):
        nb.runner(worker).run_slice(sys.argv[1])
