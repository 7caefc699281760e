"""The jobs behind the proxies.

`tap` gives as many rows as a test lets through, so that nothing here depends on how fast a machine is.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from narrowboat import Narrowboat
from narrowboat.data.records import Field
from narrowboat.data.sources import rows
from narrowboat.data.targets import Row, function, table
from narrowboat.kernel.runner import Settings
from tests.proxies.files import PAUSE, text_of
from tests.tap import dripping

PLACE = Path(os.environ["PROXIES_PLACE"])

nb = Narrowboat(
    f"sqlite:///{PLACE}/runs.db",
    folder=PLACE / "files",
    workers=4,
    settings=Settings(chunk=0.0),  # every block is a chunk
    target=f"{__file__}:nb",
)


@nb.export("tap", block_rows=10, limit=50)
def tap(name: str) -> Any:
    """Rows as the file of that name lets them through: a number, then perhaps `end` or `fail`."""
    return rows(lambda: _dripping(PLACE / name), columns=["n", "text"], repeatable=True)


def taken(customers: list[Row]) -> dict[int, str]:
    """Takes every row."""
    return {}


nb.importer("customers", row=["name", "phone", "note"], into=function(taken), unique=["phone"])


def make_shop() -> str:
    """The URL of a database with a table of suppliers."""
    path = PLACE / "shop.db"
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("create table if not exists suppliers (id integer primary key, name text, phone text unique)")
    return f"sqlite:///{path}"


nb.importer(
    "suppliers",
    row=[Field("name", required=True), "phone"],
    into=table(make_shop(), "suppliers"),
    unique=["phone"],
    undo=True,
)


@nb.report("seen", block_rows=10, limit=50, unfollowed=None)
def seen(name: str) -> Any:
    """What `tap` gives, to be watched."""
    return tap(name)


@nb.export("steady", block_rows=10)
def steady(name: str, blocks: int) -> Any:
    """Blocks of rows, with a pause before each."""
    return rows(lambda: _paced(blocks), columns=["n", "text"], repeatable=True)


@nb.export("large", block_rows=20_000, limit=50)
def large(count: int) -> Any:
    """Many rows at once."""
    return rows(lambda: ((n, text_of(n) * 8) for n in range(count)), columns=["n", "text"], repeatable=True)


def _paced(blocks: int) -> Iterator[tuple[int, str]]:
    for n in range(10 * blocks):
        if n % 10 == 0:
            time.sleep(PAUSE)
        yield n, text_of(n)


def _dripping(path: Path) -> Iterator[tuple[int, str]]:
    return dripping(path, text_of)
