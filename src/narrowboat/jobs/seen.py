"""Seen: which row of the file had a key first, also in an earlier chunk, an earlier slice or before a crash.

A database file in the run's folder. Entries carry the fence of who wrote them, and the run's cursor says up to which
row each fence committed: what a worker noted and did not commit does not count. While there are few they are looked up
in memory, and those of a chunk are written as one text, for whoever takes over; when there are more they get an index.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from narrowboat.durable import storing
from narrowboat.errors import StorageFull

Fences: TypeAlias = list[list[int]]
"""Pairs of a fence and the last row that it committed, oldest first."""
FEW: Final = 30_000
"""Keys that stay in memory, which are five megabytes."""
_TABLES: Final = (
    "create table if not exists seen (key text, fence integer, row integer, primary key (key, fence)) without rowid",
    "create table if not exists few (fence integer, keys text)",
)
_INDEX: Final = (
    "insert or replace into seen select one.key, few.fence, one.atom from few, json_each(few.keys) as one",
    "delete from few",
)


class Seen:
    """The keys of rows that were accepted. fences: of the run's cursor."""

    def __init__(self, folder: Path, fence: int, fences: Sequence[Sequence[int]]) -> None:
        self._fence = fence
        firsts = [0, *(last for _, last in fences)]
        self._ranges = {known: (first, last) for first, (known, last) in zip(firsts, fences, strict=False)}
        with storing(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / "seen.db"
        with _on_disk(self._path):
            self._db = _opened(self._path)
        self._few: dict[str, int] | None = {}
        if fences:
            self._index()

    def rows(self, keys: Collection[str]) -> dict[str, int]:
        """Keys to the rows that had them; those that nobody had are left out."""
        if self._few is not None:
            return {key: self._few[key] for key in keys if key in self._few}
        wanted = "select key, fence, row from seen where key in (select value from json_each(?))"
        found = self._db.execute(wanted, (json.dumps(list(keys)),)) if keys else ()
        return {key: row for key, fence, row in found if self._counts(fence, row)}

    def _counts(self, fence: int, row: int) -> bool:
        if fence == self._fence:
            return True
        first, last = self._ranges.get(fence, (0, 0))
        return first < row <= last

    def add(self, keys: Mapping[str, int]) -> None:
        """Note accepted rows under their keys."""
        if self._few is not None and len(self._few) + len(keys) <= FEW:
            self._few |= keys
            with self._writing():
                self._db.execute("insert into few values (?, ?)", (self._fence, json.dumps(keys)))
            return
        if self._few is not None:
            self._index()
        with self._writing():
            self._db.executemany(
                "insert or replace into seen (key, fence, row) values (?, ?, ?)",
                [(key, self._fence, row) for key, row in keys.items()],
            )

    def _index(self) -> None:
        self._few = None
        with self._writing():
            for statement in _INDEX:
                self._db.execute(statement)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction. Raises StorageFull."""
        with _on_disk(self._path), self._db:
            yield

    def close(self) -> None:
        self._db.close()

    @staticmethod
    def remove(folder: Path) -> None:
        """The run is complete: nobody asks any more."""
        for name in ("seen.db", "seen.db-journal"):
            (folder / name).unlink(missing_ok=True)


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    """Raises StorageFull where SQLite says that there is no room."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
            raise
        raise StorageFull(f"No room left while writing {path}. Free some space, then resume.") from error


def _opened(path: Path) -> sqlite3.Connection:
    """Not synced: after a power cut, at worst, a duplicate is told as an existing record."""
    db: Any = sqlite3.connect(path, timeout=10, check_same_thread=False)
    db.execute("pragma synchronous = off")
    for statement in _TABLES:
        db.execute(statement)
    opened: sqlite3.Connection = db
    return opened
