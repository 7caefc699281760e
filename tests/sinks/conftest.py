"""A real store of objects, and the wire to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from narrowboat.data.sink import Finished
from narrowboat.data.sinks import S3
from tests.sinks.weed import ACCESS, BUCKET, SECRET, Weed
from tests.sinks.wire import Wire


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    weed = Weed(tmp_path_factory.mktemp("weed"))
    yield weed
    weed.close()


@pytest.fixture
def wire(weed: Weed) -> Iterator[Wire]:
    wire = Wire(weed.port)
    yield wire
    wire.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every tool looks for them, and nowhere else."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


@pytest.fixture
def bucket(wire: Wire) -> S3:
    """The sink, by the wire."""
    return S3(BUCKET, prefix="files", endpoint=f"http://127.0.0.1:{wire.port}")


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Finished]:
    """A finished file of so many bytes, the same for the same name and size, in a folder of the test's own."""

    def make(size: int, name: str = "leads.csv") -> Finished:
        path = tmp_path / name
        content = random.Random(f"{name}{size}").randbytes(size)
        path.write_bytes(content)
        return Finished(f"{tmp_path.name}/{name}", path, "text/csv", size, sha256(content).hexdigest())

    return make
