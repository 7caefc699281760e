"""The audit log: noted at once, read in pages, kept for a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import psycopg
import pytest

from narrowboat.kernel.model import Filter
from narrowboat.kernel.store import Store
from narrowboat.people.audit import Audit, Which
from narrowboat.stores.audit import SqlTrail
from narrowboat.stores.database import Database
from tests.store.samples import Place, a_run


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(SqlTrail(database))


def test_entries_come_newest_first_and_by_what_is_asked(audit: Audit) -> None:
    audit("start", by="ann", about="r1")
    audit("start", by="ben", about="r2")
    audit("cancel", by="ann", about="r1")
    audit("download", by="", about="r1")
    assert [(one.by, one.action) for one in audit.find(Which())] == [
        ("", "download"), ("ann", "cancel"), ("ben", "start"), ("ann", "start")
    ]  # fmt: skip
    assert [one.action for one in audit.find(Which(by="ann"))] == ["cancel", "start"]
    assert [one.about for one in audit.find(Which(action="start"))] == ["r2", "r1"]
    assert len(audit.find(Which(about="r1"))) == 3
    assert audit.find(Which(by="ann", action="start", about="r2")) == []


def test_pages_follow_each_other(audit: Audit) -> None:
    for n in range(7):
        audit("start", by="ann", about=str(n))
    seen: list[str] = []
    before = None
    while page := audit.find(Which(before=before, limit=3)):
        seen += [one.about for one in page]
        before = (page[-1].at, page[-1].id)
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\r\nb", "😀", "'; drop table narrowboat_audit; --"])
def test_every_text_can_be_noted(audit: Audit, text: str) -> None:
    audit(text, by=text, about=text, detail={"said": text})
    (found,) = audit.find(Which(by=text))
    assert found.detail == {"said": text}


def test_old_entries_are_forgotten_some_at_a_time(audit: Audit) -> None:
    for _ in range(5):
        audit("start", by="ann")
    newest = audit.find(Which())[0]
    assert audit.purge(newest.at - 1000) == 0
    assert audit.purge(newest.at + 1, limit=3) == 3
    assert audit.find(Which(limit=1))[0] == newest
    assert audit.purge(newest.at + 1) == 2
    assert audit.find(Which()) == []


def connected(place: Place) -> Any:
    if place.url.startswith("sqlite"):
        return sqlite3.connect(place.url.removeprefix("sqlite:///"), isolation_level=None)
    return psycopg.connect(place.url)


def test_an_entry_can_be_part_of_the_callers_transaction(audit: Audit, place: Place) -> None:
    with closing(connected(place)) as conn:
        audit("start", by="ann", conn=conn)
        assert audit.find(Which()) == []
        conn.rollback()
        assert audit.find(Which()) == []
        audit("start", by="ben", conn=conn)
        conn.commit()
    assert [one.by for one in audit.find(Which())] == ["ben"]


def test_several_verbs_are_one_transaction(audit: Audit, store: Store, database: Database) -> None:
    def start(stop: bool) -> None:
        with database.transaction() as conn:
            audit("start", by="ann", about=store.submit(a_run(), conn=conn).run.id, conn=conn)
            if stop:
                raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        start(stop=True)
    assert (store.find(Filter()), audit.find(Which())) == ([], [])
    start(stop=False)
    assert [one.about for one in audit.find(Which())] == [run.id for run in store.find(Filter())]
