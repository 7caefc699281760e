"""Care: what a dead worker left is given to others, and old runs go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.dispatch.care import Care
from narrowboat.kernel.model import Run, State
from narrowboat.testing import Interrupted, run_inline, stop_after


@pytest.fixture
def nb(tmp_path: Path) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}")

    @nb.export("numbers")
    def numbers() -> object:
        return rows(lambda: ((n,) for n in range(1000)), columns=("n",))

    with closing(nb.store):
        yield nb


def test_a_run_of_a_dead_worker_is_interrupted_and_told_of(nb: Narrowboat) -> None:
    run = nb.start("numbers").run
    (nb.folder / "workers").mkdir(parents=True)
    (nb.folder / "workers" / "gone").touch()  # nobody holds its lock
    with pytest.raises(Interrupted):
        nb.runner("gone", watch=stop_after(1)).run_slice(run.id)
    told: list[Run] = []
    nb.care(told.append)()
    assert [(one.id, one.state) for one in told] == [(run.id, State.INTERRUPTED)]
    assert not list((nb.folder / "workers").iterdir())
    assert run_inline(nb, run.id).state is State.SUCCEEDED


def test_runs_past_their_retention_are_purged(nb: Narrowboat) -> None:
    nb.retention = 0.0
    run = run_inline(nb, nb.start("numbers").run.id)
    workers, told = nb.folder / "workers", list[str]()
    Care(lambda: nb.store, workers, barren_limit=4, changed=told.append, purge=nb.purge, purge_every=0.0)()
    assert not nb.run_folder(run.id).exists()
    assert nb.store.versions([run.id]) == {}
