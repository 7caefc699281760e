"""Imports by size: customers of an xlsx file into PostgreSQL, each size in a process of its own.

    python -m benchmarks.import_sizes [--sizes 100,1000,…] [--columns 20] [--box] [--times 3] [--json]

columns: more than five make rows wide, of text. box: in a control group of 512 MB and one CPU, with the server outside.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg

from benchmarks import importing, measure, places, postgresql, tables
from benchmarks.group import Group
from narrowboat.data.columns import Column
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from narrowboat.data.source import Row

SIZES = "100,1000,2500,5000,7000,10000,100000,1000000"
MB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--times", type=int, default=3, help="the best of so many, up to 10,000 rows")
    parser.add_argument("--box", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nb-bench-") as place, postgresql.running(Path(place) / "data") as server:
        records = []
        for size in map(int, arguments.sizes.split(",")):
            file = Path(place) / "customers.xlsx"
            make(file, size, arguments.columns)
            times = arguments.times if size <= 10_000 else 1
            runs = [run(file, server.get_uri(), size, arguments.columns, box=arguments.box) for _ in range(times)]
            records.append(min(runs, key=lambda found: float(found["seconds"] or 0)))
    where = "512 MB, 1 CPU" if arguments.box else "the whole machine"
    tables.show(f"xlsx of {arguments.columns} columns to PostgreSQL, {where}", records, as_json=arguments.json)


def make(path: Path, rows: int, columns: int) -> None:
    """A workbook of customers; beyond the five columns, of text that differs from row to row."""
    names = (*importing.NAMES, *(f"more{n}" for n in range(columns - 5)))
    writer = format_named("xlsx").writer()
    with open(path, "wb") as file:
        file.write(writer.begin(Table("customers", tuple(map(Column, names))), ()))
        for start in range(0, rows, 500):
            file.write(writer.block([_row(n, columns) for n in range(start, min(rows, start + 500))]))
        file.write(writer.end())


def _row(n: int, columns: int) -> Row:
    more = (f"something about {n} in {column}" for column in range(columns - 5))
    return (f"Ama {n}", f"+23320{n:07}", f"SM{n}", "Accra", n % 500 + 0.5, *more)


def run(file: Path, url: str, size: int, columns: int, *, box: bool) -> tables.Record:
    """Import it into an empty table."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(importing.CUSTOMERS.encode())
        for n in range(columns - 5):
            connection.execute(f"alter table customers add more{n} text".encode())
    way = "narrowboat" if columns == 5 else "by_table"
    command = [places.OURS, importing.HERE / "import_ways.py", way, file, url]
    log = file.parent / "log"
    used = _boxed(command, log) if box else measure.run(command, log=log)
    if used.status or importing.count(url) != size:
        raise SystemExit(log.read_text())
    return {
        "rows": size,
        "seconds": used.wall,
        "CPU": used.cpu,
        "peak MB": used.peak_mb,
        "rows/s": int(size / used.wall),
    }


def _boxed(command: list[str | Path], log: Path) -> measure.Usage:
    """peak: of all processes in the box together, with the pages of files; so are the CPU's seconds."""
    with Group("narrowboat-import", memory=512 * MB, cpu=1) as group, open(log, "wb") as output:
        began = time.monotonic()
        process = group.start(command, output=output, env=places.environment())
        status = process.wait()
        return measure.Usage(group.cpu(), group.peak() / MB, time.monotonic() - began, status)


if __name__ == "__main__":
    main()
