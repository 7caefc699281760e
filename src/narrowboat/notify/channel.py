"""Channel: a way to reach people or programs. Mail, webhooks and Apprise each are one; write your own by `deliver`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

from narrowboat.errors import BadConfiguration
from narrowboat.kernel.model import ENDED, State
from narrowboat.notify.texts import Text, checked

ENDINGS = (State.SUCCEEDED, State.PARTIAL, State.FAILED, State.TIMED_OUT)
"""What is told of unless a channel says otherwise: who cancels a run knows it."""


class Message(NamedTuple):
    """What is to be delivered."""

    id: str
    """The same for every try: receivers tell doubles by it."""
    state: State
    """How the run ended."""
    subject: str
    """One line."""
    text: str
    """Plain text, its paragraphs blank lines apart."""
    links: tuple[str, ...]
    """The addresses that stand in the text."""
    payload: Mapping[str, Any]
    """The facts, for programs."""


class Channel(ABC):
    """A way to reach people or programs, with what holds for all that goes this way.

    on: endings that are told of. texts: subject and body by ending, in place of the usual ones. link: whether what is
    sent holds a link by which anybody who has it gets the file, for a day; else it is the address for who signs in.
    """

    personal: ClassVar[bool] = False
    """It needs an address for each notice."""

    def __init__(
        self,
        *,
        on: Iterable[str] = ENDINGS,
        texts: Mapping[str, Text | tuple[str, str]] | None = None,
        link: bool = True,
    ) -> None:
        self.on = frozenset(on)
        if unknown := self.on - ENDED:
            raise BadConfiguration(f"A run does not end as {min(unknown)!r}. Endings: {', '.join(sorted(ENDED))}.")
        self.texts = checked(texts or {})
        self.link = link

    @abstractmethod
    def deliver(self, message: Message, recipient: str) -> None:
        """Send it now, or raise NotDelivered. Called from a thread; others wait, so it must end within a minute.

        recipient: an address, where the channel is personal.
        """

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it leads, in words that hold no credentials."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place!r})"
