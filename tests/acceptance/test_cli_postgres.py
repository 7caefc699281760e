"""`narrowboat export` from PostgreSQL: the same manners, and a cancel that reaches the server."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.shell import Shell, last_line, sheets
from tests.postgresql import own_server
from tests.waiting import until

pytestmark = pytest.mark.services
ROWS = 60_000
MAKE = f"""
create table leads (id integer primary key, name text, born date, paid numeric(10, 2), note text);
insert into leads select i, 'Ama ' || i, date '1980-01-01' + i % 9000, i / 100.0, repeat('<&>', i % 7)
from generate_series(1, {ROWS}) i;
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A PostgreSQL of this module's own, with a table in it."""
    with own_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(MAKE)
        yield server.get_uri()


def running(url: str, statement: str) -> int:
    """How many sessions work on a statement that has this in it."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity "
            "where state = 'active' and pid <> pg_backend_pid() and query like %s",
            (f"%{statement}%",),
        ).fetchone()
        assert row is not None
        return int(row[0])


def test_a_table_is_exported_with_its_types_and_goes_on_after_a_kill(tmp_path: Path, url: str) -> None:
    shell = Shell(tmp_path)
    argv = ("export", url, "--table", "leads", "--to", "leads.xlsx")
    assert shell.run(*argv).returncode == 0
    undisturbed = shell.read("leads.xlsx")
    (rows,) = sheets(tmp_path / "leads.xlsx").values()
    assert len(rows) == ROWS + 1
    assert [str(cell) for cell in rows[5]] == ["5.0", "Ama 5", "1980-01-06", "0.05", "<&><&><&><&><&>"]

    stopped = shell.stop_at(shell.committed("leads.xlsx"), signal.SIGKILL, *argv, "--force")
    assert stopped.returncode == -signal.SIGKILL
    resumed = shell.run(*argv, "--resume", "--force", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert last_line(resumed)["resumed_at"] > 0
    assert shell.read("leads.xlsx") == undisturbed


def test_a_cancel_reaches_the_statement_in_the_server(tmp_path: Path, url: str) -> None:
    shell = Shell(tmp_path)
    query = "select id, pg_sleep(600) is null as slept from leads where id = 1"
    argv = ("export", url, "--query", query, "--key", "id", "--to", "slept.csv")
    done = shell.stop_at(lambda: running(url, "pg_sleep(600)") > 0, signal.SIGINT, *argv)
    assert done.returncode == 130, done.stderr
    until(lambda: not running(url, "pg_sleep(600)"), "the statement to be cancelled")
    assert shell.files() == []


def test_a_server_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://me:s3cret@127.0.0.1:1/shop"
    done = Shell(tmp_path).run("export", url, "--table", "leads", "--to", "leads.csv", "--json")
    assert (done.returncode, last_line(done)["error"]["code"]) == (1, "source-unavailable")
    assert "s3cret" not in done.stdout + done.stderr
