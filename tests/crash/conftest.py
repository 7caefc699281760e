"""A place to crash in: a source, a store, and what an undisturbed run makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Run
from narrowboat.testing import run_inline
from tests.workers import loaded, see_through

ROOT = Path(__file__).parents[2]


@dataclass
class Place:
    """A folder with the jobs module loaded on it, and worker processes that can be told to die."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "CRASH_PLACE": str(self.folder), **self.environment}
        self.nb = loaded(ROOT / "tests/crash/jobs.py", self.environment)

    def start(self, file_format: str) -> Run:
        return self.nb.start("leads", output=Output(format=file_format)).run

    def worker(self, run: Run, *before: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One worker process on this run, to its end or death. `before`: a command to run it under."""
        return subprocess.run(
            [*before, sys.executable, "-m", "tests.crash.work", run.id],
            env={**self.environment, **environment}, cwd=ROOT, capture_output=True, text=True, timeout=240,
        )  # fmt: skip

    def worker_in_background(self, run: Run) -> subprocess.Popen[bytes]:
        """The same, not waited for."""
        return subprocess.Popen([sys.executable, "-m", "tests.crash.work", run.id], env=self.environment, cwd=ROOT)

    def see_through(self, run: Run) -> Run:
        """Worker after worker, with the care a supervisor takes, until the run has ended."""
        return see_through(self.nb, run, lambda: self.worker(run))

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
