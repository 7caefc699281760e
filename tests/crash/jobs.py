"""The jobs that are killed: a table of 2,600 leads, exported in blocks of 50 rows and chunks of one block.

The environment says where things are and at which moment this process shall die.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from narrowboat import Narrowboat
from narrowboat.data.sinks import Folder
from narrowboat.data.sources import Query, table
from narrowboat.kernel.runner import Moment, Settings
from narrowboat.testing import kill_at

PLACE = Path(os.environ["CRASH_PLACE"])
ROWS = 2600


def make_leads(path: Path, rows: int = ROWS) -> None:
    """Leads with what breaks formats: unicode, quotes, line breaks, nulls, formulas."""
    nasty = ["Ama", 'Kofi "K"', "Adwoa\nline", "Šárka 😀", "=1+1", "<&>", "", None]
    with sqlite3.connect(path) as db:
        db.execute("create table leads (id integer primary key, name text, phone text, score real, since date)")
        db.executemany(
            "insert into leads values (?, ?, ?, ?, ?)",
            ((n, nasty[n % 8], f"+23320{n:07}", n / 7, f"2026-01-{n % 28 + 1:02}") for n in range(1, rows + 1)),
        )
    db.close()


def announce(moment: Moment) -> None:
    """Write a line where a trace can see it, as soon as a commit is known."""
    if moment.point == "committed":
        with open(PLACE / "announced", "a") as file:
            file.write("committed\n")


def slow_down(moment: Moment) -> None:
    """Make a run last about a second, so that it can be caught in the middle; or, held there by a file, any time."""
    if moment.point == "written":
        time.sleep(float(os.environ["CRASH_SLOW"]))
        while (PLACE / "hold").exists() and nb.store.get(moment.lease.run.id).seq > 5:
            time.sleep(0.01)


WATCHES = {"CRASH_ANNOUNCE": announce, "CRASH_SLOW": slow_down}
point, _, nth = os.environ.get("CRASH_AT", "").partition(":")
nb = Narrowboat(
    os.environ.get("CRASH_STORE", f"sqlite:///{PLACE}/runs.db"),
    folder=PLACE / "files",
    sink=Folder(keep_free=0),
    settings=Settings(lease=float(os.environ.get("CRASH_LEASE", "2")), chunk=0.0, barren_limit=1000),
    watch=kill_at(point, int(nth)) if point else next((WATCHES[name] for name in WATCHES if name in os.environ), None),
    target=f"{__file__}:nb",
)


@nb.export("leads", block_rows=50)
def leads() -> Query:
    """All leads."""
    return table(os.environ.get("CRASH_SOURCE", f"sqlite:///{PLACE}/crm.db"), "leads")
