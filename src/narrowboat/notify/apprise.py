"""Apprise: chat, phones and some hundred services more, through the library of that name (`narrowboat[apprise]`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from narrowboat.errors import BadConfiguration, MissingExtra, NotDelivered
from narrowboat.kernel.model import State
from narrowboat.notify.channel import ENDINGS, Channel, Message
from narrowboat.notify.texts import Text

KINDS: Mapping[State, str] = {
    State.SUCCEEDED: "success",
    State.PARTIAL: "warning",
    State.CANCELLED: "info",
    State.FAILED: "failure",
    State.TIMED_OUT: "failure",
}
"""What Apprise calls each ending, for its colours and icons."""


class Apprise(Channel):
    """Sends subject and text to what an Apprise URL names, such as `slack://…` or `ntfy://…`.

    Raises MissingExtra without the library, which takes some 20 MB of memory in a worker that sends.
    """

    def __init__(
        self,
        url: str,
        *,
        on: Iterable[str] = ENDINGS,
        texts: Mapping[str, Text | tuple[str, str]] | None = None,
        link: bool = True,
    ) -> None:
        from importlib.util import find_spec

        super().__init__(on=on, texts=texts, link=link)
        if find_spec("apprise") is None:
            raise MissingExtra("Apprise is not installed: pip install narrowboat[apprise]")
        if "://" not in url:
            raise BadConfiguration("An Apprise URL is service://…; see https://github.com/caronc/apprise/wiki.")
        self._url = url

    @property
    def place(self) -> str:
        return f"{self._url.partition('://')[0]}://…"

    def deliver(self, message: Message, recipient: str) -> None:
        """See `Channel`. The library says in its own log, `apprise`, why something was not delivered."""
        import apprise

        agent = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Narrowboat", async_mode=False))
        if not agent.add(self._url):
            raise NotDelivered(f"Apprise does not understand the URL {self.place}.", final=True)
        if not agent.notify(message.text, title=message.subject, notify_type=KINDS[message.state], body_format="text"):
            raise NotDelivered(f"{self.place} did not take it; the log of Apprise says why.")
