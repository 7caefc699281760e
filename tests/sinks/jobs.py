"""A job whose file has six parts, and a small one, with the sink that the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from narrowboat import Narrowboat
from narrowboat.data.sink import Sink
from narrowboat.data.sinks import S3, Folder
from narrowboat.data.sources import rows
from narrowboat.kernel.runner import Settings
from tests.sinks.weed import BUCKET

PLACE = Path(os.environ["SINKS_PLACE"])
WIDE = 4000
ROWS = 11_000
"""44 MB."""


def sink() -> Sink:
    port = os.environ.get("SINKS_PORT")
    return S3(BUCKET, prefix="runs", endpoint=f"http://127.0.0.1:{port}") if port else Folder()


nb = Narrowboat(
    f"sqlite:///{PLACE}/runs.db",
    sink=sink(),
    settings=Settings(lease=2.0, barren_limit=1000),
    target=f"{__file__}:nb",
)


def numbered(number: int, text: str) -> Iterator[tuple[int, str]]:
    return ((n, f"{n}{text}"[: len(text)]) for n in range(number))


@nb.export("large", formats=("csv",))
def large() -> Any:
    """More than five parts."""
    return rows(lambda: numbered(ROWS, "x" * WIDE), columns=["n", "text"], repeatable=True)


@nb.export("Größe und リード", formats=("csv",))
def small() -> Any:
    """Names of every script."""
    return rows(lambda: numbered(10, "Ähre"), columns=["n", "text"])
