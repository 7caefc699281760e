"""The audit log in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from narrowboat.people.audit import Entry, Which
from narrowboat.stores.database import Database, Row
from narrowboat.stores.rows import to_json, to_text


class SqlTrail:
    """A `people.audit.Trail` over SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, action: str, by: str, about: str, detail: Mapping[str, Any], *, conn: Any = None) -> None:
        values = {"by": to_text(by), "about": to_text(about), "detail": to_json(dict(detail))}
        with self._database.write(conn) as tx:
            tx.change("audit_insert", action=to_text(action), **values)

    def find(self, which: Which) -> Sequence[Entry]:
        at, entry = which.before or (None, None)
        with self._database.read() as tx:
            rows = tx.rows(
                "find_audit",
                by=to_text(which.by),
                action=to_text(which.action),
                about=to_text(which.about),
                before_at=at,
                before_id=entry,
                limit=which.limit,
            )
        return [_to_entry(row) for row in rows]

    def purge(self, before: float, *, limit: int) -> int:
        with self._database.read() as tx:
            if not tx.rows("audit_old", before=before, limit=1):
                return 0  # most often; nobody waits for a writer then
        with self._database.write() as tx:
            return tx.change("audit_purge", before=before, limit=limit)


def _to_entry(row: Row) -> Entry:
    detail = json.loads(row["detail"])
    return Entry(row["id"], row["at"], row["done_by"], row["action"], row["about"], detail)
