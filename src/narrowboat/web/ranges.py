"""Ranges and conditions: what a client already has, and which bytes it wants (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from typing import NamedTuple

from narrowboat.kernel.model import Run

ENDLESS = 2**53 - 1
"""The last position that says "as far as it will grow" (RFC 8673)."""


class Range(NamedTuple):
    """The one range that was asked for: from `first` to `last`, both included; or the last `suffix` bytes."""

    first: int = 0
    last: int | None = None
    suffix: int | None = None


class Span(NamedTuple):
    """Bytes [begin, end) of a file."""

    begin: int
    end: int


def etag(run: Run) -> str:
    """Of the run's file: the same while it grows and when finished, another when it began again from zero."""
    return f'"{run.id}.{run.generation}"'


def run_of(tag: str | None) -> tuple[str, int] | None:
    """The run and generation that an ETag of ours speaks of."""
    match = re.fullmatch(r'"([0-9A-Za-z_-]+)\.([0-9]{1,9})"', tag or "")
    return (match[1], int(match[2])) if match else None


def has_it(if_none_match: str | None, tag: str) -> bool:
    """Whether the client's copy is this one."""
    known = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return tag in known or known == ["*"]


def wanted(header: str | None, if_range: str | None, tag: str) -> Range | None:
    """The range to answer with; None: the whole file.

    So also for several ranges, for what cannot be read, and for a range of another file than this.
    """
    if if_range is not None and if_range.strip() != tag:
        return None
    match = re.fullmatch(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", (header or "").strip())
    if not match:
        return None
    if match[3]:
        return Range(suffix=int(match[3]))
    found = Range(int(match[1]), int(match[2]) if match[2] else None)
    return None if found.last is not None and found.last < found.first else found


def within(found: Range, size: int) -> Span | None:
    """The range in a file of `size` bytes; None if it lies outside."""
    if found.suffix is not None:
        return Span(max(0, size - found.suffix), size) if found.suffix and size else None
    end = size if found.last is None else min(found.last + 1, size)
    return Span(found.first, end) if found.first < size else None
