"""The questions put to a database's catalogue, one a file."""

from __future__ import annotations

from pathlib import Path


def load(name: str) -> str:
    """The statement in `name`.sql."""
    return Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
