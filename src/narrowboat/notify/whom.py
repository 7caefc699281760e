"""Whom to tell: `ann@shop.example` is told by mail, any other word is the name of a channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from narrowboat.errors import BadConfiguration, CannotNotify
from narrowboat.kernel.model import State, Wanted
from narrowboat.notify.channel import Channel
from narrowboat.notify.mail import ADDRESS

MAIL = "mail"
"""The channel by which addresses are reached."""


def checked(mail: Channel | None, channels: Mapping[str, Channel]) -> dict[str, Channel]:
    """All channels by name. Raises BadConfiguration for a name that could not be meant."""
    for name, channel in channels.items():
        if not name or "@" in name or name == MAIL:
            raise BadConfiguration(f"A channel cannot be called {name!r}: `mail` and addresses mean what mail= says.")
        if channel.personal:
            raise BadConfiguration(f"Channel {name!r} needs an address for each notice; pass it as mail=.")
    return {**({MAIL: mail} if mail else {}), **channels}


def wanted(channels: Mapping[str, Channel], whom: Iterable[str]) -> tuple[Wanted, ...]:
    """The notices that stand for `whom`, each once. Raises CannotNotify, naming what is missing."""
    return tuple(dict.fromkeys(_wanted(channels, who) for who in whom))


def _wanted(channels: Mapping[str, Channel], who: str) -> Wanted:
    name, recipient = (MAIL, who) if "@" in who else (who, "")
    channel = channels.get(name)
    if channel is None:
        raise CannotNotify(
            "This server sends no mail: it has no channel `mail`."
            if recipient
            else f"There is no channel {name!r}. Channels: {', '.join(channels) or 'none'}."
        )
    if channel.personal and not (ADDRESS.fullmatch(recipient) and len(recipient) <= 254):
        raise CannotNotify(f"{who!r} is no e-mail address.")
    return Wanted(name, recipient, frozenset(State(end) for end in channel.on))
