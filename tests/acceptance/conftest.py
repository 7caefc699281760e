"""What the acceptance tests share."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.shell import Shell

ROWS = 150_000
MAKE = """
create table leads (id integer primary key, name text, phone text, score real, since date, note text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
insert into leads
    select i, 'Adwoa ' || i || ' ňå😀', '+23320' || (1000000 + i), i / 7.0, date('2020-01-01', i || ' days'),
        case i % 5 when 0 then null when 1 then '=1+1' when 2 then '<a & b>' else 'x"' || char(10) || ',y' end from n;
create table empty (id integer primary key, name text);
create table towns (id integer primary key, name text);
insert into towns (name) values ('Accra'), ('Tema');
"""


@pytest.fixture(scope="session")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that takes long enough to export for something to happen meanwhile."""
    path = tmp_path_factory.mktemp("crm") / "crm.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(MAKE.format(rows=ROWS))
    return path


@pytest.fixture
def shell(tmp_path: Path, crm: Path) -> Shell:
    """A folder with that database in it."""
    (tmp_path / "crm.db").symlink_to(crm)
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(crm: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The workbook that an export of `leads` makes when nothing happens to it."""
    shell = Shell(tmp_path_factory.mktemp("undisturbed"))
    done = shell.run("export", f"sqlite:///{crm}", "--table", "leads", "--to", "leads.xlsx")
    assert done.returncode == 0, done.stderr
    return shell.read("leads.xlsx")
