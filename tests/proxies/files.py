"""The files that the jobs make."""

from __future__ import annotations

PAUSE = 0.5
"""Seconds between two chunks of the job `steady`."""


def text_of(n: int) -> str:
    """What stands in row n: nothing that compresses away, nothing in ASCII alone."""
    return f"row {n} ä {n * 2654435761 % 2**32:08x}"


def csv_of(rows: int) -> bytes:
    """The csv file of so many rows."""
    lines = ["n,text", *(f"{n},{text_of(n)}" for n in range(rows))]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")
