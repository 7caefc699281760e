"""What an export does before its first row, which a small one consists of."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

EXPORT = """
import sys
compiled = []

def hear(event, given):
    if event == "compile" and given[1] == "<string>":  # no module of its own
        compiled.append(str(given[0]))

sys.addaudithook(hear)
from narrowboat.cli import main
assert main(["export", sys.argv[1], "--table", "leads", "--to", sys.argv[2], "--quiet"]) == 0
"""


@pytest.fixture
def exported(tmp_path: Path) -> list[str]:
    """The command line of an export in an interpreter of its own, to which a question is to be added."""
    with sqlite3.connect(tmp_path / "crm.db") as conn:
        conn.execute("create table leads (id integer primary key, name text, born date, trips int)")
        conn.execute("insert into leads values (1, 'Ama', '1990-01-31', 7)")
    conn.close()
    return [sys.executable, "-c", EXPORT, f"sqlite:///{tmp_path / 'crm.db'}", str(tmp_path / "leads.xlsx")]


def said(command: list[str], question: str) -> str:
    return subprocess.check_output([*command[:2], command[2] + question, *command[3:]], text=True)


def test_it_compiles_no_annotation(exported: list[str]) -> None:
    """`typing` compiles each field of a NamedTuple on its own where annotations are strings, as `__future__` has it."""
    assert said(exported, "print([one for one in compiled if 'lambda _cls' not in one])") == "[]\n"


def test_it_loads_nothing_that_it_does_not_use(exported: list[str]) -> None:
    unused = {
        "decimal",
        "shutil",
        "narrowboat.data.formats.cells",
        "narrowboat.data.sources.advice",
        "narrowboat.data.sources.iterable",
        "narrowboat.kernel.figures",
        "narrowboat.kernel.outbox",
    }
    assert said(exported, f"print(sorted({unused} & sys.modules.keys()))") == "[]\n"
