"""Jobs in a module of their own, worked on by processes that may die: what a supervisor does, done by hand."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from narrowboat import Narrowboat
from narrowboat.dispatch.liveness import bury, dead
from narrowboat.kernel.model import Run


def loaded(path: Path, environment: Mapping[str, str]) -> Narrowboat:
    """The `nb` of a module that is read once more, in this environment."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        nb: Narrowboat = module.nb
        return nb
    finally:
        os.environ.clear()
        os.environ.update(before)


def take_care(nb: Narrowboat) -> None:
    """What the supervisor does when a worker died."""
    workers = nb.folder / "workers"
    gone = dead(workers)
    nb.store.reconcile(gone, barren_limit=1000)
    bury(workers, gone)


def see_through(nb: Narrowboat, run: Run, work: Callable[[], object]) -> Run:
    """Worker after worker, with the care a supervisor takes, until the run has ended. `work`: one, to its end."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        take_care(nb)
        work()
        if (now := nb.store.get(run.id)).ended:
            return now
        time.sleep(0.05)
    raise AssertionError(f"the run is stuck: {now}")
