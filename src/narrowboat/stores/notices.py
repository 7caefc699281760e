"""What becomes of a run's notices with it, in the same transaction; `outbox` has what senders need."""

from __future__ import annotations

from collections.abc import Iterable

from narrowboat.kernel.model import State, Wanted
from narrowboat.stores.database import Session
from narrowboat.stores.rows import new_id


def ask(tx: Session, run_id: str, notify: Iterable[Wanted]) -> None:
    """Write down who is to be told of this run, whose row is locked."""
    for wanted in notify:
        tx.change(
            "notice_insert",
            id=new_id(),
            run=run_id,
            channel=wanted.channel,
            recipient=wanted.recipient,
            ends=" ".join(sorted(wanted.ends)),
        )


def fall_due(tx: Session, run_id: str, after: State) -> None:
    """The run has ended so."""
    tx.change("notices_fall_due", run=run_id, after=after.value)


def withdraw(tx: Session, run_id: str) -> None:
    """The run that had ended goes on."""
    tx.change("notices_withdraw", run=run_id)


def forget(tx: Session, run_id: str) -> None:
    """Delete the notices of a run; those that were never sent count as given up."""
    from narrowboat.kernel.outbox import NoticeState

    for row in tx.rows("notices_unsent", run=run_id):
        tx.change("notice_total_add", state=NoticeState.GIVEN_UP.value, **row)
    tx.change("forget_notices", run=run_id)
