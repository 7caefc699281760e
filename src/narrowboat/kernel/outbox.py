"""Outbox: who is to be told when a run ends, kept beside the runs in the same database.

A notice is written in the transaction that submits its run, and falls due in the transaction that ends it. So no crash
loses one. It is delivered at least once: a worker that dies between sending and noting it down has it sent again, under
the same id, by which receivers tell doubles. A run that is resumed and ends again is told again, under a new id.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol


class NoticeState(StrEnum):
    """Where a notice stands."""

    ASKED = "asked"
    """The run has not ended, or in a way that is not told of."""
    WAITING = "waiting"
    """To be sent, or to be tried again."""
    SENT = "sent"
    GIVEN_UP = "given_up"
    """It was tried for too long, or the receiver wants no more."""


class Notice(NamedTuple):
    """A notice as the store knows it at this moment."""

    id: str
    run: str
    channel: str
    recipient: str
    state: NoticeState
    ending: int
    """How often its run ended in a way that is told of."""
    tries: int
    """Of this ending."""
    waited: float
    """Seconds since this ending; 0 before the first."""
    next: float
    """When it is tried next, while it waits."""
    error: str | None
    """Why the last try failed."""

    @property
    def key(self) -> str:
        """The stable id of what is sent: the same for every try, another for another ending."""
        return f"{self.id}.{self.ending}"


class NoticeFigures(NamedTuple):
    """The notices of a channel in a state. `sent` and `given_up`: all there ever were."""

    channel: str
    state: NoticeState
    notices: int


class Outbox(Protocol):
    """What senders need. A notice that is claimed is not given to others for so many seconds."""

    def due(self) -> Sequence[str]:
        """Channels that have something to send now."""
        ...

    def claim(self, channel: str, *, seconds: float) -> Notice | None:
        """The notice of a channel that waits longest, one try more; None if there is none."""
        ...

    def sent(self, notice: Notice) -> None:
        """It was delivered. Nothing happens if somebody else claimed it meanwhile, or its run was resumed."""
        ...

    def failed(self, notice: Notice, error: str, *, again_in: float | None) -> None:
        """It was not delivered. again_in: seconds to the next try; None gives up. As of `sent`."""
        ...

    def of(self, run_id: str) -> Sequence[Notice]:
        """The notices of a run."""
        ...

    def totals(self) -> Sequence[NoticeFigures]:
        """By channel and state; those of purged runs too."""
        ...
