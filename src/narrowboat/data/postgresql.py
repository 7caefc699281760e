"""How to connect to PostgreSQL: what a URL does not say, so that a server that vanished is noticed."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

USUAL = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A host that went away without a word is noticed within about 25 s, also while it is waited for."""


def unsaid(url: str) -> dict[str, Any]:
    """The usual settings that this URL does not say itself. Raises psycopg.ProgrammingError for no URL."""
    given = conninfo_to_dict(url)
    return {name: value for name, value in USUAL.items() if name not in given}
