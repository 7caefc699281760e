"""Exports by others, each as its own manual advises for speed, dates and booleans typed. One process an export.

    .benchmarks/peers/bin/python benchmarks/peers.py NAME DATABASE OUT

Imports nothing but the peer it runs, so that the figures are the peer's own.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

QUERY = "SELECT * FROM driver_leads ORDER BY id"
BORN, EXPIRES, CONSENTED, CREATED = 7, 11, 18, 19
"""Where the dates, the boolean and the moment, which is the last, stand in a row."""


def cursor(database: str) -> sqlite3.Cursor:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(QUERY)


def header(rows: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in rows.description]


def fetch(database: str, out: str) -> None:
    """Reads the rows as Narrowboat does and drops them: the floor under everything else."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.text_factory = bytes
    rows = connection.execute(QUERY)
    while rows.fetchmany(250):
        pass


def csv_writer(database: str, out: str) -> None:
    import csv

    rows = cursor(database)
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header(rows))
        writer.writerows(rows)


def rustpy_xlsxwriter(database: str, out: str) -> None:
    """A generator of dicts: measured faster here than a list or a polars frame (with its import)."""
    from rustpy_xlsxwriter import FastExcel  # type: ignore[import-not-found]

    def records() -> Iterator[dict[str, Any]]:
        rows = cursor(database)
        names, moment, day = header(rows), datetime.fromisoformat, date.fromisoformat
        for row in rows:
            record = dict(zip(names, row))  # noqa: B905  # the check costs the peer time
            born, expires = record["date_of_birth"], record["licence_expires"]
            record["date_of_birth"] = born and day(born)
            record["licence_expires"] = expires and day(expires)
            record["consented"] = bool(record["consented"])
            record["created_at"] = moment(record["created_at"])
            yield record

    FastExcel(out).sheet("driver_leads", records()).save()


def xlsxwriter_rows(database: str, out: str) -> None:
    """By `write_row`, which takes values of any type; constant_memory."""
    from xlsxwriter import Workbook  # type: ignore[import-not-found]

    book = Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    moments = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet("driver_leads")
    rows = cursor(database)
    sheet.write_row(0, 0, header(rows))
    moment, day = datetime.fromisoformat, date.fromisoformat
    for y, row in enumerate(rows, 1):
        cells = list(row[:CREATED])
        cells[BORN] = row[BORN] and day(row[BORN])
        cells[EXPIRES] = row[EXPIRES] and day(row[EXPIRES])
        cells[CONSENTED] = bool(row[CONSENTED])
        sheet.write_row(y, 0, cells)
        sheet.write_datetime(y, CREATED, moment(row[CREATED]), moments)
    book.close()


def xlsxwriter(database: str, out: str, *, constant_memory: bool = False) -> None:
    """Each column's own write method, the fastest there is: `write_row` looks at each value."""
    from xlsxwriter import Workbook  # type: ignore[import-not-found]

    book = Workbook(out, {"constant_memory": constant_memory})
    sheet = book.add_worksheet("driver_leads")
    moments = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    days = book.add_format({"num_format": "yyyy-mm-dd"})

    def moment(y: int, x: int, text: str) -> None:
        sheet.write_datetime(y, x, datetime.fromisoformat(text), moments)

    def day(y: int, x: int, text: str) -> None:
        sheet.write_datetime(y, x, date.fromisoformat(text), days)

    text, number = sheet.write_string, sheet.write_number
    methods = [number, *[text] * 6, day, *[text] * 3, day, *[text] * 3, *[number] * 3, sheet.write_boolean, moment]
    places = list(enumerate(methods))
    rows = cursor(database)
    sheet.write_row(0, 0, header(rows))
    for y, row in enumerate(rows, 1):
        for (x, write), value in zip(places, row):  # noqa: B905  # the check costs the peer time
            if value is not None:
                write(y, x, value)
    book.close()


def xlsxwriter_constant_memory(database: str, out: str) -> None:
    xlsxwriter(database, out, constant_memory=True)


def without_lxml() -> None:
    """As `pip install openpyxl` leaves it: lxml is not among its dependencies."""
    import os

    os.environ["OPENPYXL_LXML"] = "False"


def openpyxl(database: str, out: str) -> None:
    without_lxml()
    openpyxl_lxml(database, out)


def openpyxl_lxml(database: str, out: str) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("driver_leads")
    rows = cursor(database)
    sheet.append(header(rows))
    moment, day = datetime.fromisoformat, date.fromisoformat
    for row in rows:
        cells = list(row)
        cells[BORN] = row[BORN] and day(row[BORN])
        cells[EXPIRES] = row[EXPIRES] and day(row[EXPIRES])
        cells[CONSENTED] = bool(row[CONSENTED])
        cells[CREATED] = moment(row[CREATED])
        sheet.append(cells)
    book.save(out)


def pandas(database: str, out: str) -> None:
    without_lxml()
    pandas_lxml(database, out)


def pandas_lxml(database: str, out: str) -> None:
    from pandas import read_sql_query  # type: ignore[import-untyped,unused-ignore]

    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    dates = ["date_of_birth", "licence_expires", "created_at"]
    frame = read_sql_query(QUERY, connection, parse_dates=dates).astype({"consented": bool})
    frame.to_excel(out, sheet_name="driver_leads", index=False, engine="openpyxl")


PEERS: dict[str, Callable[[str, str], None]] = {
    "fetch alone": fetch,
    "csv.writer": csv_writer,
    "rustpy-xlsxwriter": rustpy_xlsxwriter,
    "XlsxWriter constant_memory, write_row": xlsxwriter_rows,
    "XlsxWriter constant_memory, by type": xlsxwriter_constant_memory,
    "XlsxWriter default": xlsxwriter,
    "openpyxl write-only": openpyxl,
    "openpyxl write-only + lxml": openpyxl_lxml,
    "pandas + openpyxl": pandas,
    "pandas + openpyxl + lxml": pandas_lxml,
}

if __name__ == "__main__":
    name, database, out = sys.argv[1:]
    PEERS[name](database, out)
