"""A lean jobs module, as a small server would have it: one export and one report of the sample leads.

NARROWBOAT_BENCHMARK names the folder with `leads.db`; the runs and their files are kept there too. NARROWBOAT_SOURCE is
the URL of another database that has them. NARROWBOAT_WORKERS says how many workers its server has.
"""

from __future__ import annotations

import os
from pathlib import Path

from narrowboat import Narrowboat
from narrowboat.data.sources import Query, table
from narrowboat.data.sources.mongo import Collection, collection

FOLDER = Path(os.environ["NARROWBOAT_BENCHMARK"])
SOURCE = os.environ.get("NARROWBOAT_SOURCE", f"sqlite:///{FOLDER / 'leads.db'}")
WORKERS = int(os.environ.get("NARROWBOAT_WORKERS", "1"))
LEADS: Query | Collection = (collection if SOURCE.startswith("mongodb:") else table)(SOURCE, "driver_leads")
nb = Narrowboat(f"sqlite:///{FOLDER / 'runs.db'}", workers=WORKERS, target="benchmarks.jobs:nb")


@nb.export("leads")
def leads(turn: int = 0) -> Query | Collection:
    """All leads. `turn` changes nothing but makes a request unlike the others, so that it gets its own run."""
    return LEADS


@nb.report("rows", limit=None, unfollowed=None)
def some(count: int, turn: str = "") -> Query | Collection:
    """The first so many leads. `turn` as of `leads`."""
    return LEADS.limit(count)
