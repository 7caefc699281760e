"""Links in SQL."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from narrowboat.people.links import Link
from narrowboat.stores.database import Database, Row
from narrowboat.stores.rows import new_id, to_text

_KEY = "links"


class SqlLinks:
    """A `people.links.Table` over SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def key(self) -> bytes:
        with self._database.write() as tx:
            tx.change("secret_insert", name=_KEY, value=secrets.token_hex(32))
            (row,) = tx.rows("secret", name=_KEY)
        return bytes.fromhex(row["value"])

    def now(self) -> float:
        with self._database.read() as tx:
            (row,) = tx.rows("now")
        return float(row["now"])

    def add(self, run: str, by: str, expires: float) -> Link:
        with self._database.write() as tx:
            link = new_id()
            tx.change("link_insert", link=link, run=run, by=to_text(by), expires=expires)
            (row,) = tx.rows("link", link=link)
        return _to_link(row)

    def get(self, link: str) -> Link | None:
        with self._database.read() as tx:
            row = tx.row("link", link=to_text(link))
        return _to_link(row) if row else None

    def of_run(self, run: str) -> Sequence[Link]:
        with self._database.read() as tx:
            return [_to_link(row) for row in tx.rows("links_of_run", run=run)]

    def revoke(self, link: str, by: str) -> bool:
        with self._database.write() as tx:
            return tx.change("link_revoke", link=link, by=to_text(by)) == 1


def _to_link(row: Row) -> Link:
    return Link(row["id"], row["run_id"], row["created_by"], row["created_at"], row["expires_at"], row["revoked_at"])
