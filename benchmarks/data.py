"""The table that every benchmark reads: the sample leads, any number of rows, always the same.

The first rows of a longer table are the rows of a shorter one. Dates, moments and booleans are kept as SQLite
applications keep them (ISO text, 0 and 1) under declared types.

    python -m benchmarks.data 33407            makes the table, prints where it is
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.places import CACHE
from narrowboat import sample

TABLE = sample.TABLE


def database(rows: int) -> Path:
    """A SQLite database with that many rows, made on first use and kept until the sample changes."""
    changed = int(Path(sample.__file__).stat().st_mtime)
    path = CACHE / f"leads-{rows}-{changed}.db"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        for old in CACHE.glob(f"leads-{rows}-*"):
            old.unlink()
        unfinished = path.with_suffix(".making")
        sample.make(unfinished, rows)
        unfinished.rename(path)
    return path


if __name__ == "__main__":
    print(database(int(sys.argv[1])))
