"""A table of PostgreSQL to a file, ours and the limits: CPU of the client, memory, time, ratios.

    python -m benchmarks.postgres [--rows 1000000] [--repeat 3] [--json]

The server's own CPU is not counted; it does the same for all of them. `fetch alone` reads the rows with psycopg's
server-side cursor and drops them; `psql \\copy` is the fastest client there is, and parses nothing.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from benchmarks import postgresql, tables
from benchmarks.data import TABLE, database
from benchmarks.measure import Usage, run
from benchmarks.places import CACHE, OURS, ROOT

XLSX, CSV, FETCH, BINARY, COPY = (
    "narrowboat xlsx",
    "narrowboat csv",
    "fetch alone",
    "fetch alone, binary",
    "psql \\copy csv",
)
NAMES = (XLSX, CSV, FETCH, BINARY, COPY)
TYPES = {"BOOLEAN": "boolean", "DATETIME": "timestamp", "DATE": "date", "DECIMAL": "numeric(10,2)", "INTEGER": "bigint"}


class Target(NamedTuple):
    """At most this ratio of CPU of `ours` to `fetch alone`."""

    ours: str
    most: float


TARGETS = (Target(CSV, 2.0), Target(XLSX, 3.5))


@contextmanager
def server(rows: int) -> Iterator[tuple[str, Path]]:
    """A PostgreSQL with the sample table in it: its URL, and the folder of its programs. The table is kept."""
    CACHE.mkdir(exist_ok=True)
    with postgresql.running(CACHE / "postgres") as found:
        fill(found.get_uri(), rows)
        yield found.get_uri(), postgresql.programs()


def fill(url: str, rows: int) -> None:
    """Make the table from the sample, unless it is there with so many rows."""
    with closing(sqlite3.connect(database(rows))) as sample, psycopg.connect(url) as conn:
        declared = sample.execute("select name, type, pk from pragma_table_info(?)", [TABLE]).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _, _ in declared)
        there = conn.execute("select to_regclass(%s)", [TABLE]).fetchone()
        if there and there[0] and conn.execute(f"select count(*) from {TABLE}").fetchone() == (rows,):
            return
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_type(kind) + (" primary key" if key else "")))
            for name, kind, key in declared
        )
        conn.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(TABLE)))
        conn.execute(sql.SQL("create table {} ({})").format(sql.Identifier(TABLE), columns))
        booleans = [index for index, (_, kind, _) in enumerate(declared) if _type(kind) == "boolean"]
        with conn.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(TABLE), names)) as copy:
            for row in sample.execute(f"select * from {TABLE} order by id"):
                copy.write_row(_typed(row, booleans))
        conn.commit()
        conn.autocommit = True
        conn.execute(f"vacuum analyze {TABLE}")


def _type(declared: str) -> str:
    return next((theirs for ours, theirs in TYPES.items() if declared.upper().startswith(ours)), "text")


def _typed(row: Sequence[Any], booleans: Sequence[int]) -> list[Any]:
    return [bool(cell) if index in booleans and cell is not None else cell for index, cell in enumerate(row)]


def command(name: str, url: str, programs: Path, out: Path) -> list[str | Path]:
    """The command line of a contestant that writes `out`."""
    match name:
        case "narrowboat xlsx" | "narrowboat csv":
            return [Path(OURS).with_name("narrowboat"), "export", url, "--table", TABLE, "--to", out]
        case "psql \\copy csv":
            copy = f"\\copy (select * from {TABLE} order by id) to '{out}' with (format csv, header)"
            return [programs / "psql", url, "-q", "-c", copy]
        case _:
            return [OURS, ROOT / "benchmarks" / "postgres_fetch.py", url, "binary" if "binary" in name else "text"]


def once(name: str, url: str, programs: Path) -> Usage:
    """One contestant once. Raises RuntimeError with its last lines if it fails."""
    out = CACHE / "out" / ("out.xlsx" if name == XLSX else "out.csv")
    out.parent.mkdir(exist_ok=True)
    out.unlink(missing_ok=True)
    log = CACHE / "log"
    usage = run(command(name, url, programs, out), log=log)
    out.unlink(missing_ok=True)
    if usage.status:
        raise RuntimeError(f"{name} ended with status {usage.status}:\n{log.read_text()[-2000:]}")
    return usage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    used: dict[str, list[Usage]] = {name: [] for name in NAMES}
    with server(options.rows) as (url, programs):
        for _ in range(options.repeat):
            for name in NAMES:
                used[name].append(once(name, url, programs))
    shown: list[tables.Record] = [
        {
            "export": name,
            "cpu s": median(one.cpu for one in usages),
            "wall s": median(one.wall for one in usages),
            "peak MB": max(one.peak_mb for one in usages),
            "this / fetch": ratio(usages, used[FETCH]),
        }
        for name, usages in used.items()
    ]
    tables.show(f"PostgreSQL to a file, {options.rows:,} rows x 20", shown, as_json=options.json)
    targets: list[tables.Record] = [
        {
            "ratio": f"{target.ours} / {FETCH}",
            "measured": (got := ratio(used[target.ours], used[FETCH])),
            "at most": target.most,
            "holds": got <= target.most,
        }
        for target in TARGETS
    ]
    tables.show("Targets", targets, as_json=options.json)


def ratio(ours: Sequence[Usage], theirs: Sequence[Usage]) -> float:
    """The median over the rounds of ours / theirs, in CPU."""
    return median(a.cpu / b.cpu for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
