"""Keeping: what several processes clear away at once."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat.data.sinks import Folder
from narrowboat.jobs import artifact
from narrowboat.jobs.keeping import Keeping
from narrowboat.kernel.model import Run
from narrowboat.stores import open_store


class Elsewhere(Folder):
    """Keeps files here for no time at all."""

    keep_local = 0.0


def test_a_folder_that_another_process_removes_meanwhile_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / "runs" / f"run-{n}" for n in range(2)]
    for folder in folders:
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))
    with closing(open_store(f"sqlite:///{tmp_path}/runs.db")) as store:
        store.migrate()
        get, asked = store.get, list[str]()

        def cleared_by_another(run_id: str) -> Run:
            asked.append(run_id)
            for folder in folders:
                artifact.remove(folder)
            return get(run_id)

        monkeypatch.setattr(store, "get", cleared_by_another)
        Keeping(Elsewhere(), tmp_path / "runs").drop_local(store)
    assert len(asked) == 1
