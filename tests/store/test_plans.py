"""Plans: no statement reads a whole table, so a store with a hundred thousand ended runs is as quick as a new one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import narrowboat.stores
from narrowboat.stores.sqlite.database import _translate
from narrowboat.stores.statements import Statements
from tests.store.samples import Place

FOLDER = Path(narrowboat.stores.__file__).parent / "queries"
SMALL = ("totals", "paths", "notice_totals", "users", "uploads")
"""A row for each job or channel, and state; a row for each user; files within a quota, that are summed now and then."""


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("plans") / "runs.db"
    Place(f"sqlite:///{path}").open().close()
    conn = sqlite3.connect(path)
    yield conn
    conn.close()


def plan(conn: sqlite3.Connection, query: str) -> str:
    sql = Statements(FOLDER, _translate).get(query)
    values = dict.fromkeys(re.findall(r":(\w+)", sql), "[]")
    return "\n".join(row[3] for row in conn.execute(f"explain query plan {sql}", values))


@pytest.mark.parametrize("query", sorted(path.stem for path in FOLDER.glob("*.sql")))
def test_a_statement_uses_an_index(conn: sqlite3.Connection, query: str) -> None:
    scans = re.findall(r"SCAN narrowboat_(\w+)(?! USING)$", plan(conn, query), re.MULTILINE)
    assert [table for table in scans if table not in SMALL] == []


def test_the_audit_log_is_listed_by_action_without_reading_the_others(conn: sqlite3.Connection) -> None:
    asked = {"action": "user.create", "limit": 50, **dict.fromkeys(("by", "about", "before_at", "before_id"))}
    sql = Statements(FOLDER, _translate).for_values("find_audit", asked)
    plans = conn.execute(f"explain query plan {sql}", asked).fetchall()
    assert [row[3] for row in plans] == ["SEARCH narrowboat_audit USING INDEX narrowboat_audit_action (action=?)"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("part_lease", "narrowboat_parts_open"),
        ("part_lease", "narrowboat_parts_leased"),
        ("parts_undone", "narrowboat_parts_open"),
        ("due", "narrowboat_parts_open"),
        ("stale", "narrowboat_parts_leased"),
        ("versions", "narrowboat_parts_done"),
        ("runs_under_way", "narrowboat_runs_limited"),
        ("chunk_at", "narrowboat_chunks_rows"),
        ("run_identical", "narrowboat_runs_identity"),
        ("run_answering", "narrowboat_runs_answering"),
        ("expired", "narrowboat_runs_finished"),
        ("notices_due", "narrowboat_notices_waiting"),
        ("notice_claim", "narrowboat_notices_waiting"),
    ],
)
def test_what_is_done_does_not_slow_down_what_is_left(conn: sqlite3.Connection, query: str, index: str) -> None:
    assert f"USING INDEX {index}" in plan(conn, query).replace("COVERING ", "")
