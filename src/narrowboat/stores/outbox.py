"""SqlOutbox: notices of runs, in the database of the runs."""

from __future__ import annotations

from collections.abc import Sequence

from narrowboat.kernel.outbox import Notice, NoticeFigures, NoticeState
from narrowboat.stores.database import Database, Row
from narrowboat.stores.rows import to_text


class SqlOutbox:
    """A `kernel.outbox.Outbox` over SQLite or PostgreSQL; see there for what each verb promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self) -> Sequence[str]:
        with self._database.read() as tx:
            return [row["channel"] for row in tx.rows("notices_due")]

    def claim(self, channel: str, *, seconds: float) -> Notice | None:
        with self._database.write() as tx:
            row = tx.row("notice_claim", channel=channel, seconds=seconds)
        return to_notice(row) if row else None

    def sent(self, notice: Notice) -> None:
        self._settle(notice, NoticeState.SENT)

    def failed(self, notice: Notice, error: str, *, again_in: float | None) -> None:
        state = NoticeState.GIVEN_UP if again_in is None else NoticeState.WAITING
        self._settle(notice, state, error=to_text(error), seconds=again_in or 0.0)

    def _settle(self, notice: Notice, state: NoticeState, *, error: str | None = None, seconds: float = 0.0) -> None:
        guard = {"id": notice.id, "ending": notice.ending, "tries": notice.tries}
        with self._database.write() as tx:
            changed = tx.change("notice_settle", state=state.value, error=error, seconds=seconds, **guard)
            if changed and state is not NoticeState.WAITING:
                tx.change("notice_total_add", channel=notice.channel, state=state.value, notices=1)

    def of(self, run_id: str) -> Sequence[Notice]:
        with self._database.read() as tx:
            return [to_notice(row) for row in tx.rows("notices", run=to_text(run_id))]

    def totals(self) -> Sequence[NoticeFigures]:
        with self._database.read() as tx:
            return [
                NoticeFigures(row["channel"], NoticeState(row["state"]), row["notices"])
                for row in tx.rows("notice_totals")
            ]


def to_notice(row: Row) -> Notice:
    """A notice as a value."""
    return Notice(
        id=row["id"],
        run=row["run_id"],
        channel=row["channel"],
        recipient=row["recipient"],
        state=NoticeState(row["state"]),
        ending=row["ending"],
        tries=row["tries"],
        waited=max(0.0, row["now"] - row["due_at"]) if row["ending"] else 0.0,
        next=row["next_at"],
        error=row["error"],
    )
