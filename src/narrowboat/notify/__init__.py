"""Notices: who is told when a run has ended, and how."""

from __future__ import annotations

from narrowboat.notify.apprise import Apprise
from narrowboat.notify.channel import Channel, Message
from narrowboat.notify.mail import Mail
from narrowboat.notify.texts import Text
from narrowboat.notify.webhook import Webhook

__all__ = ["Apprise", "Channel", "Mail", "Message", "Text", "Webhook"]
