"""What is asked of a run, and the note of it in the audit log, are one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import Query, table
from narrowboat.errors import IllegalTransition
from narrowboat.kernel.model import Request, State
from narrowboat.people.audit import Which

REFUSES = "create trigger refuses before insert on narrowboat_audit begin select raise(abort, 'no room'); end"


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")

    @nb.export("leads")
    def leads() -> Query:
        return table(f"sqlite:///{tmp_path}/crm.db", "leads")

    with closing(nb.store):
        yield nb


def test_what_cannot_be_noted_is_not_done(nb: Narrowboat, tmp_path: Path) -> None:
    run = nb.start("leads", owner="ann").run
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database, database:
        database.execute(REFUSES)
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        nb.ask(run.id, Request.CANCEL, by="ann")
    assert nb.store.get(run.id).state is State.QUEUED


def test_what_is_not_done_is_not_noted(nb: Narrowboat) -> None:
    run = nb.start("leads", owner="ann").run
    nb.ask(run.id, Request.CANCEL, by="ann")
    with pytest.raises(IllegalTransition):
        nb.ask(run.id, Request.PAUSE, by="ann")
    noted = [(one.action, one.by, one.detail["state"]) for one in nb.audit.find(Which(about=run.id))[:-1]]
    assert noted == [("cancel", "ann", "cancelled")]
