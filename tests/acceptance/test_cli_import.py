"""`narrowboat import` and `narrowboat undo` as people use them."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.acceptance.shell import Shell, last_line

INTO = ("--into", "sqlite:///shop.db", "--table", "customers")
IMPORT = ("import", "customers.xlsx", *INTO, "--unique", "phone,mark")


def make_workbook(path: Path, rows: int) -> None:
    """A title above the table; row 5 lacks a name, row 8 has the mark of row 4."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in ["Customers of March"], ["Name", "Phone", "Mark"]:
        sheet.append(row)
    for n in range(3, rows + 3):
        sheet.append([None if n == 5 else f"Ama {n}", f"+233{n:07}", f"M{4 if n == 8 else n}"])
    book.save(path)


@pytest.fixture
def shop(tmp_path: Path) -> Shell:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.execute(
            "create table customers (id integer primary key, name text not null, phone text unique, mark text unique)"
        )
    make_workbook(tmp_path / "customers.xlsx", 50)
    return Shell(tmp_path)


def rows(shop: Shell, query: str = "select count(*) from customers") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(shop.folder / "shop.db")) as db:
        return list(db.execute(query))


def test_rows_go_in_and_the_refused_ones_come_back_to_be_put_right(shop: Shell) -> None:
    done = shop.run(*IMPORT, "--rejects", "rejects.xlsx", "--json")
    assert done.returncode == 3, done.stderr
    told = last_line(done)
    assert (told["rows"], told["created"], told["rejected"], told["file"]) == (50, 48, 2, "rejects.xlsx")
    assert "row 5: Name: is required [required]" in done.stderr
    assert "row 8: Mark: row 4 of this file has the same mark [duplicate-in-file]" in done.stderr
    book = openpyxl.load_workbook(shop.folder / "rejects.xlsx")
    book.active["A2"], book.active["C3"] = "Kofi", "M8"
    book.save(shop.folder / "rejects.xlsx")
    again = shop.run("import", "rejects.xlsx", *INTO, "--unique", "phone,mark")
    assert again.returncode == 0, again.stderr
    assert rows(shop) == [(50,)]
    assert sorted(path.name for path in shop.folder.iterdir()) == ["customers.xlsx", "rejects.xlsx", "shop.db"]


def test_refused_rows_are_csv_where_the_name_says_so(shop: Shell) -> None:
    assert shop.run(*IMPORT, "--rejects", "Rejects.CSV").returncode == 3
    written = (shop.folder / "Rejects.CSV").read_text("utf-8-sig").splitlines()
    assert written[0].endswith(",Import row,Import code,Import problem")
    assert [line.split(",")[-3:-1] for line in written[1:]] == [["5", "required"], ["8", "duplicate-in-file"]]


JOBS = """
from narrowboat import Narrowboat
from narrowboat.data.targets import table
nb = Narrowboat("sqlite:///runs.db")
nb.importer("customers", row=["name", "phone"], into=table("sqlite:///shop.db", "customers"), unique=["phone", "name"])
"""


def test_unique_keys_without_an_index_are_named_before_anything_is_written(shop: Shell) -> None:
    done = shop.run(*IMPORT[:-1], "phone,name", "--json")
    note, missing = "note: ", '"customers" has no unique index on name'
    assert done.stderr.count(missing) == 1
    assert done.stderr.index(note + missing) < done.stderr.index("50 rows")
    assert [missing in one for one in last_line(done)["warnings"]] == [True]
    (shop.folder / "jobs.py").write_text(JOBS)
    asked = shop.run("advice", "jobs.py:nb", "customers")
    assert (asked.returncode, missing in asked.stderr) == (0, True), asked.stderr
    assert missing in last_line(shop.run("advice", "jobs.py:nb", "customers", "--json"))["warnings"][0]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("customers.xlsx", "is the file to import"),
        ("./customers.xlsx", "is the file to import"),
        ("nowhere/rejects.xlsx", "There is no folder nowhere"),
        (".", "is a folder"),
    ],
)
def test_where_refused_rows_shall_go_is_looked_at_first(shop: Shell, target: str, says: str) -> None:
    before = (shop.folder / "customers.xlsx").read_bytes()
    done = shop.run(*IMPORT, "--rejects", target)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert (shop.folder / "customers.xlsx").read_bytes() == before
    assert rows(shop) == [(0,)]


def test_a_dry_run_changes_nothing(shop: Shell) -> None:
    done = shop.run(*IMPORT, "--dry-run")
    assert done.returncode == 3
    assert "Dry run, nothing was changed: 50 rows: 48 created, 2 rejected." in done.stderr
    assert rows(shop) == [(0,)]


def test_an_import_is_taken_back(shop: Shell) -> None:
    told = last_line(shop.run(*IMPORT, "--undo", "--json"))
    with closing(sqlite3.connect(shop.folder / "shop.db")) as db, db:
        db.execute("update customers set name = 'Mine' where mark = 'M9'")
    undone = shop.run("undo", told["id"], *INTO)
    assert undone.returncode == 3
    assert "48 rows: 47 removed, 1 left as they are." in undone.stderr
    assert rows(shop, "select name from customers") == [("Mine",)]


def test_what_undoing_would_need_is_forgotten_when_asked(shop: Shell) -> None:
    told = last_line(shop.run(*IMPORT, "--undo", "--json"))
    assert rows(shop, "select count(*) from narrowboat_images") == [(48,)]
    forgotten = shop.run("undo", told["id"], *INTO, "--forget", "--json")
    assert (forgotten.returncode, last_line(forgotten)) == (0, {"id": told["id"], "forgotten": True})
    assert rows(shop, "select count(*) from narrowboat_images") == [(0,)]
    assert "0 rows: nothing to do." in shop.run("undo", told["id"], *INTO).stderr
    assert rows(shop) == [(48,)]


def test_what_was_interrupted_is_gone_on_with_and_nothing_doubles(shop: Shell) -> None:
    make_workbook(shop.folder / "customers.xlsx", 20_000)
    stopped = shop.stop_at(lambda: rows(shop) > [(0,)], signal.SIGKILL, *IMPORT)
    assert stopped.returncode == -signal.SIGKILL
    refused = shop.run(*IMPORT)
    assert refused.returncode == 2
    assert "was begun and not finished" in refused.stderr
    done = shop.run(*IMPORT, "--resume", "--json")
    assert done.returncode == 3, done.stderr
    assert (last_line(done)["rows"], last_line(done)["created"]) == (20_000, 19_998)
    assert rows(shop) == [(19_998,)]


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        (("import", "missing.xlsx", *INTO), 2, "no file missing.xlsx"),
        ((*IMPORT[:-2], "--unique", "email"), 2, "'email', which is no field"),
        (("import", "customers.xlsx", *INTO[:3], "customer"), 1, "no table 'customer'"),
        ((*IMPORT, "--map", "Nam=name"), 1, "no column 'Nam'"),
        (("import", "shop.db", *INTO), 1, "an SQLite database"),
    ],
)
def test_what_cannot_work_says_why(shop: Shell, argv: tuple[str, ...], status: int, said: str) -> None:
    done = shop.run(*argv)
    assert said in done.stderr
    assert done.returncode == status
    assert rows(shop) == [(0,)]
