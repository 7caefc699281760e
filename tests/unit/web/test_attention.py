"""Attention: who may judge that nobody follows a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.errors import StoreUnavailable
from narrowboat.kernel.model import State
from narrowboat.web.attention import EVERY, Watch, between, look


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")
    nb.report("numbers", unfollowed=0.001)(lambda: rows([(1,)], columns=["n"]))
    with closing(nb.store):
        yield nb


def test_a_watch_counts_from_its_first_look_of_an_unbroken_row() -> None:
    clock = Clock()
    watch = Watch(5.0, clock)
    for expected in (5.0, 10.0, 15.0):
        clock.now += 5.0
        assert watch.looked() == expected
    clock.now += 16.0  # the store could not be asked, or the machine slept
    assert watch.looked() == 0.0
    clock.now += 5.0
    assert watch.looked() == 5.0
    clock.now -= 100.0  # the clock was set back
    assert watch.looked() == 0.0


def test_it_looks_several_times_within_the_shortest_grace(nb: Narrowboat, tmp_path: Path) -> None:
    assert between(nb) == 0.001 / 4
    assert between(Narrowboat(f"sqlite:///{tmp_path}/other.db")) == EVERY


def test_a_server_that_has_just_started_judges_nobody(nb: Narrowboat) -> None:
    clock = Clock()
    watch, run = Watch(5.0, clock), nb.start("numbers").run
    assert look(nb, watch, set()) == []
    clock.now += 5.0
    time.sleep(0.01)  # more than a run may wait
    look(nb, watch, set())
    assert nb.store.get(run.id).state is State.CANCELLED


def test_a_store_that_is_away_leaves_the_row_broken(nb: Narrowboat, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(0.001, Clock())

    def away(run_ids: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(nb.attendance, "attend", away)
    with pytest.raises(StoreUnavailable):
        look(nb, watch, {"x"})
