"""A read replica, job by job: who names it reads it, all others read the database itself."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import Query, query, table
from narrowboat.data.sources.database import Database
from narrowboat.errors import BadConfiguration
from narrowboat.jobs.output import Output
from narrowboat.testing import run_inline
from tests.unit.sources.places import Sqlite

CSV = Output(format="csv", options={"bom": False})


@pytest.fixture
def crm(tmp_path: Path) -> Database:
    """A database and a copy of it that is a little behind."""
    urls = []
    for name, rows in (("primary", [(1, "old"), (2, "new")]), ("replica", [(1, "old")])):
        place = Sqlite(tmp_path / f"{name}.db")
        place.run("create table sales (id integer primary key, what text)")
        place.insert("sales", rows)
        urls.append(place.url)
    return Database(urls[0], replica=urls[1])


def test_each_job_reads_where_it_says(tmp_path: Path, crm: Database) -> None:
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")

    @nb.export("current")
    def current() -> Query:
        return table(crm, "sales")

    @nb.export("behind")
    def behind() -> Query:
        return table(crm.replica, "sales")

    @nb.report("watched")
    def watched() -> Query:
        return query(crm.replica, "select what from sales")

    with closing(nb.store):
        done = {name: run_inline(nb, nb.start(name, output=CSV).run.id) for name in ("current", "behind")}
        done["watched"] = run_inline(nb, nb.start("watched").run.id)
        assert {name: run.counters.rows for name, run in done.items()} == {"current": 2, "behind": 1, "watched": 1}
        counts = {name: nb.delivering(name).count_rows({}, CSV) for name in ("current", "behind")}
        assert {name: count.rows for name, count in counts.items() if count} == {"current": 2, "behind": 1}


def test_without_one_it_is_the_database_itself(crm: Database) -> None:
    assert Database(crm.url).replica == Database(crm.url)
    assert crm.replica.replica is crm.replica


def test_its_url_is_checked_and_its_password_hidden_like_any(crm: Database) -> None:
    with pytest.raises(BadConfiguration, match="is not a database URL"):
        Database(crm.url, replica="mongodb://me:s3cret@host/crm")
    hidden = Database(crm.url, replica="postgresql://me:s3cret@host/crm").replica
    assert "s3cret" not in f"{hidden} {hidden!r}"
