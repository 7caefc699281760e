"""Stopping what runs on the connection of a driver that others chose."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any


def stop(raw: Any, ask: Callable[[str], Any]) -> None:
    """Stop the statement that runs on a driver's connection, from another thread, as the driver can.

    psycopg and oracledb cancel, sqlite3 interrupts; a statement of MySQL is killed by `ask`, which runs SQL on another
    connection. With any other driver a reading stops after the block.
    """
    cancel = getattr(raw, "cancel", None) or getattr(raw, "interrupt", None)
    thread = getattr(raw, "thread_id", None)
    with suppress(Exception):  # each driver has errors of its own; a connection that is gone runs nothing
        if cancel is not None:
            cancel()
        elif thread is not None:
            ask(f"kill query {int(thread())}")
