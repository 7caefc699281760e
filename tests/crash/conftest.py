"""A place to crash in: a source, a store, and what an undisturbed run makes of them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from narrowboat import Narrowboat
from narrowboat.dispatch.liveness import bury, dead
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Run
from narrowboat.testing import run_inline

ROOT = Path(__file__).parents[2]


@dataclass
class Place:
    """A folder with the jobs module loaded on it, and worker processes that can be told to die."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "CRASH_PLACE": str(self.folder), **self.environment}
        self.nb: Narrowboat = self._module().nb

    def _module(self) -> ModuleType:
        """The jobs module, once more for this folder."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            spec = importlib.util.spec_from_file_location("crash_jobs", ROOT / "tests/crash/jobs.py")
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        finally:
            os.environ.clear()
            os.environ.update(before)

    def start(self, file_format: str) -> Run:
        return self.nb.start("leads", output=Output(format=file_format)).run

    def worker(self, run: Run, *before: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One worker process on this run, to its end or death. `before`: a command to run it under."""
        return subprocess.run(
            [*before, sys.executable, "-m", "tests.crash.work", run.id],
            env={**self.environment, **environment}, cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    def worker_in_background(self, run: Run) -> subprocess.Popen[bytes]:
        """The same, not waited for."""
        return subprocess.Popen([sys.executable, "-m", "tests.crash.work", run.id], env=self.environment, cwd=ROOT)

    def take_care(self) -> None:
        """What the supervisor does when a worker died."""
        workers = self.nb.folder / "workers"
        gone = dead(workers)
        self.nb.store.reconcile(gone, barren_limit=1000)
        bury(workers, gone)

    def see_through(self, run: Run) -> Run:
        """Worker after worker, with the care a supervisor takes, until the run has ended."""
        for _ in range(100):
            self.take_care()
            self.worker(run)
            if (now := self.nb.store.get(run.id)).ended:
                return now
            time.sleep(0.1)
        raise AssertionError(f"the run is stuck: {now}")

    def file(self, run: Run) -> bytes:
        assert run.artifact is not None
        return (self.nb.run_folder(run.id) / run.artifact.path).read_bytes()


@pytest.fixture(scope="session")
def leads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source, made once."""
    os.environ.setdefault("CRASH_PLACE", "/nonexistent")
    from tests.crash.jobs import make_leads

    path = tmp_path_factory.mktemp("crm") / "crm.db"
    make_leads(path)
    return path


@pytest.fixture
def place(tmp_path: Path, leads: Path) -> Iterator[Place]:
    (tmp_path / "crm.db").symlink_to(leads)
    place = Place(tmp_path)
    with closing(place.nb.store):
        yield place


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, leads: Path) -> dict[str, bytes]:
    """The bytes of a run that nothing happened to, by format."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "crm.db").symlink_to(leads)
    place = Place(folder)
    with closing(place.nb.store):
        return {name: place.file(run_inline(place.nb, place.start(name).id)) for name in ("xlsx", "csv", "csv.gz")}
