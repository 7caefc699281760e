"""A database URL, shown without what must not be shown."""

from __future__ import annotations

import re
from urllib.parse import unquote

_IN_AUTHORITY = r"(?s)(?<=://)([^:/?#]*):(.*)@"
_IN_QUERY = r"(?i)(?<=[?&])((?:ssl)?password)=([^&#]*)"


def masked(url: str) -> str:
    """The URL with `***` for its passwords.

    A password may hold any character, escaped or not, so everything up to the last `@` counts as one. A user's name
    may hold an `@` too: it ends at the first colon.
    """
    return re.sub(_IN_QUERY, r"\1=***", re.sub(_IN_AUTHORITY, r"\1:***@", url))


def scrub(text: str, url: str) -> str:
    """A driver's message, in which it may have quoted the URL or a part of it."""
    text = text.replace(url, masked(url))
    for secret in _secrets(url):
        text = text.replace(secret, "***")
    return text


def _secrets(url: str) -> list[str]:
    found = {match[2] for pattern in (_IN_AUTHORITY, _IN_QUERY) for match in re.finditer(pattern, url)}
    return sorted({form for secret in found for form in (secret, unquote(secret)) if form}, key=len, reverse=True)
