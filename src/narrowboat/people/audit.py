"""Audit: who did what, and when. Written for every change and every download, read by operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from narrowboat.people.requester import NOTHING


class Entry(NamedTuple):
    """Something that somebody did."""

    id: int
    at: float
    by: str
    """The user's id; empty for nobody known, such as who follows a link."""
    action: str
    about: str
    """The id of what it was done to: a run, a user, a token."""
    detail: Mapping[str, Any]


class Which(NamedTuple):
    """Which entries to list, newest first. None means any."""

    by: str | None = None
    action: str | None = None
    about: str | None = None
    before: tuple[float, int] | None = None
    """(at, id) of the last entry of the page before."""
    limit: int = 50


class Trail(Protocol):
    """Where entries are kept."""

    def add(self, action: str, by: str, about: str, detail: Mapping[str, Any], *, conn: Any = None) -> None:
        """Keep an entry of this moment; with `conn` as part of the caller's transaction."""
        ...

    def find(self, which: Which) -> Sequence[Entry]:
        """Newest first."""
        ...

    def purge(self, before: float, *, limit: int) -> int:
        """Delete entries older than this moment, at most so many. Returns how many."""
        ...


class Audit:
    """Notes who did what: `nb.audit("settings.change", by="ann", about="tariff", detail={"to": 7})`."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    def __call__(
        self, action: str, *, by: str, about: str = "", detail: Mapping[str, Any] = NOTHING, conn: Any = None
    ) -> None:
        """Note an action of this moment. It is on disk when this returns; `conn` makes it part of your transaction.

        by: the user's id. about: the id of what it was done to. detail: JSON values, and no secrets among them.
        """
        self._trail.add(action, by, about, detail, conn=conn)

    def find(self, which: Which) -> Sequence[Entry]:
        """Entries, newest first."""
        return self._trail.find(which)

    def purge(self, before: float, *, limit: int = 1000) -> int:
        """Delete entries older than this moment, at most so many. Returns how many."""
        return self._trail.purge(before, limit=limit)
