"""The catalogue questions, each in a file of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def load(name: str) -> str:
    """The statement in `name`.sql, without its comments."""
    lines = Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))
