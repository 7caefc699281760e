"""A lean jobs module, as a small server would have it: one export of the sample leads from SQLite.

NARROWBOAT_BENCHMARK names the folder with `leads.db`; the runs and their files are kept there too.
"""

from __future__ import annotations

import os
from pathlib import Path

from narrowboat import Narrowboat
from narrowboat.data.sources import Query, table

FOLDER = Path(os.environ["NARROWBOAT_BENCHMARK"])
nb = Narrowboat(f"sqlite:///{FOLDER / 'runs.db'}", target="benchmarks.jobs:nb")


@nb.export("leads")
def leads(turn: int = 0) -> Query:
    """All leads. `turn` changes nothing but makes a request unlike the others, so that it gets its own run."""
    return table(f"sqlite:///{FOLDER / 'leads.db'}", "driver_leads")
