"""Documents of one or several statements, fetched as rows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

from narrowboat.data.source import Row
from narrowboat.data.sources.mongo.cells import Cells, Document
from narrowboat.data.sources.mongo.choice import Wanted
from narrowboat.data.sources.mongo.feed import Feed
from narrowboat.data.sources.mongo.session import MongoSession
from narrowboat.errors import SourceFailed

_CLOSING: Final = 2.0
"""Seconds to wait for the server to close a cursor, which a run that was cancelled may have left at work."""


class MongoStatement:
    """Statements one after the other, in one session, which it owns.

    limit: of all the rows. known: the fields that documents may have, where others would be lost; None where the user
    chose.
    """

    def __init__(
        self,
        session: MongoSession,
        statements: Sequence[Wanted],
        cells: Cells,
        *,
        limit: int | None = None,
        known: frozenset[str] | None = None,
    ) -> None:
        self._session = session
        self._statements = statements
        self._cells = cells
        self._left = limit
        self._known = known
        self._feed: Feed[list[Document]] | None = None
        self._ahead: list[Row] = []

    def fetch(self, rows: int) -> list[Row]:
        wanted = rows if self._left is None else min(rows, self._left)
        if self._feed is None and wanted:
            self._feed = Feed(self._batches(rows))
            self._feed.start()
        while self._feed is not None and len(self._ahead) < wanted:
            documents = self._feed.next()
            if documents is None:
                break
            self._ahead += self._rows(documents)
        block, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        if self._left is not None:
            self._left -= len(block)
        return block

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

    def _rows(self, documents: list[Document]) -> list[Row]:
        if self._known is not None and not self._known.issuperset(set[str]().union(*documents)):
            raise _unknown_field(documents, self._known)
        return self._cells.rows(documents)


def _unknown_field(documents: Sequence[Document], known: frozenset[str]) -> SourceFailed:
    strange = next(document for document in documents if not known.issuperset(document))
    names = ", ".join(sorted(strange.keys() - known))
    return SourceFailed(
        f"The document {strange.get('_id')!r} has fields that the first documents do not have: {names}. Name the "
        "columns with columns(…), look at more documents with sample=…, or leave fields out by a projection."
    )
