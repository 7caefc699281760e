"""A visit to a database: what a query has, how many rows, and the rows, over one connection."""

from __future__ import annotations

from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources.conditions import selection
from narrowboat.data.sources.declared import declared
from narrowboat.data.sources.reader import Prepared, QueryReader
from narrowboat.data.sources.reading import Choice, chosen_fields, reading, redeclared, resume_keys
from narrowboat.data.sources.relation import Named, Session, Sql


class QueryVisit:
    """Implements `data.source.Visit`."""

    def __init__(
        self, session: Session, wanted: Named | Sql, choice: Choice, labels: tuple[tuple[str, str], ...]
    ) -> None:
        self._session: Session | None = session
        self._choice, self._labels = choice, dict(labels)
        try:
            self._relation = session.relation(wanted)
        except BaseException:
            session.close()
            raise

    def shape(self) -> Shape:
        """Raises UnknownColumn."""
        fields = chosen_fields(self._relation, self._choice)
        for name in self._labels:
            self._relation.field(name)
        wishes = self._choice.chosen or tuple(field.column.name for field in fields)
        columns = [declared(field.column, wish, self._labels) for field, wish in zip(fields, wishes, strict=True)]
        candidates = resume_keys(self._relation, self._choice)
        key = tuple(part.name for part in candidates[0]) if candidates else ()
        return Shape(tuple(columns), key, "" if key else self._relation.no_key_because)

    def count(self) -> Count | None:
        """Exact where that is quick, else an estimate or None."""
        counted = self._open_session().count(selection(self._relation, self._choice.conditions))
        return self._choice.cut.counted(counted)

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Prepare. Raises UnknownColumn, and NoResumeKey for a page without a key."""
        # The text of a value tells it only to a format that knows what the value was.
        raw_text = raw_text and not redeclared(self._relation, self._choice)
        statement, course = reading(self._relation, self._choice, after, raw_text)
        prepared = Prepared(self._open_session(), statement, raw_text)
        self._session = None
        return QueryReader(prepared, course, rows)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open_session(self) -> Session:
        assert self._session is not None, "it was opened or closed"  # noqa: S101
        return self._session
