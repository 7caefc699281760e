"""Documents of one or several statements, fetched as rows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final

from narrowboat.data.source import Row
from narrowboat.data.sources.mongo.cells import Cells, Document
from narrowboat.data.sources.mongo.choice import Wanted
from narrowboat.data.sources.mongo.feed import Feed
from narrowboat.data.sources.mongo.session import MongoSession

_CLOSING: Final = 2.0
"""Seconds to wait for the server to close a cursor, which a run that was cancelled may have left at work."""


class MongoStatement:
    """Statements one after the other, in one session, which it owns.

    key: a field whose value, as it is, ends each row, or the last of a block if `sparse`. limit: of all the rows.
    """

    def __init__(
        self,
        session: MongoSession,
        statements: Sequence[Wanted],
        cells: Cells,
        key: str,
        *,
        sparse: bool,
        limit: int | None = None,
    ) -> None:
        self._session = session
        self._statements = statements
        self._cells = cells
        self._key, self._sparse = key, sparse
        self._left = limit
        self._feed: Feed[list[Document]] | None = None
        self._ahead: list[Row] = []
        self._keys: list[Any] = []

    def fetch(self, rows: int) -> list[Row]:
        wanted = rows if self._left is None else min(rows, self._left)
        if self._feed is None and wanted:
            self._feed = Feed(self._batches(rows))
            self._feed.start()
        while self._feed is not None and len(self._ahead) < wanted:
            documents = self._feed.next()
            if documents is None:
                break
            self._keys += [document.get(self._key) for document in documents] if self._key else []
            self._ahead += self._cells.rows(documents)
        block, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        keys, self._keys = self._keys[:wanted], self._keys[wanted:]
        if self._left is not None:
            self._left -= len(block)
        if keys and self._sparse:
            return [*block[:-1], (*block[-1], keys[-1])]
        return [(*row, key) for row, key in zip(block, keys, strict=True)] if keys else block

    def interrupt(self) -> None:
        """The thread that waits is let go first: the server may be slow to listen, or gone."""
        if self._feed is not None:
            self._feed.stop()
        self._session.kill()

    def close(self) -> None:
        if self._feed is not None:
            self._feed.stop()
            self._feed.join(_CLOSING)
            if self._feed.is_alive():  # the statement began after it was killed
                self._session.kill()
        self._session.close()

    def _batches(self, rows: int) -> Generator[list[Document]]:
        for wanted in self._statements:
            yield from self._session.documents(wanted, rows)
