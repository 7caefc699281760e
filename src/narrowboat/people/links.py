"""Links: addresses by which anybody may download the file of one run, until they expire or are revoked.

A token is signed, so that guessing costs the database nothing: who has not got the key is turned away before it.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from narrowboat.errors import BadParameter, LinkExpired, UnknownLink

if TYPE_CHECKING:
    from narrowboat.kernel.model import Run

DAY = 86400
LONGEST = 30 * DAY
"""Seconds."""
_TOKEN = re.compile(r"([0-9A-Za-z]{22})\.([0-9A-Za-z_-]{1,64})\.([1-9][0-9]{0,11})\.[0-9A-Za-z_-]{43}", re.ASCII)
_NONE = "There is no such link. It may have been cut on its way, revoked, or its file may have been deleted."


class Link(NamedTuple):
    """A link as its owner knows it. Moments are seconds since the epoch."""

    id: str
    run: str
    by: str
    created: float
    expires: float
    revoked: float | None = None
    url: str = ""
    """Given when it is made, and never again: who knows it may download. A path, where no `public_url` is set."""


class Table(Protocol):
    """Where links are kept."""

    def key(self) -> bytes:
        """The secret that signs them, random, made when first asked for."""
        ...

    def now(self) -> float: ...

    def add(self, run: str, by: str, expires: float) -> Link: ...

    def get(self, link: str) -> Link | None: ...

    def of_run(self, run: str) -> Sequence[Link]:
        """Newest first."""
        ...

    def revoke(self, link: str, by: str) -> bool:
        """False where it was revoked before, or is not there."""
        ...


class Links:
    """Makes, lists, revokes and checks links. note: told each change, for the audit log."""

    def __init__(self, table: Table, *, public_url: str | None, note: Callable[..., None]) -> None:
        self._table, self._root, self._note = table, public_url or "", note

    @cached_property
    def _key(self) -> bytes:
        return self._table.key()

    def create(self, run: Run, *, by: str, seconds: float = DAY) -> Link:
        """A link to the file of a run. by: the user who makes it. Raises BadParameter for more than 30 days."""
        if not 1 <= seconds <= LONGEST:
            raise BadParameter(f"A link lasts from 1 second to {LONGEST // DAY} days, not {seconds:g} seconds.")
        link = self._table.add(run.id, by, float(int(self._table.now() + seconds)))
        self._note("link.create", by=by, about=run.id, detail={"link": link.id, "expires": link.expires})
        return self._addressed(link)

    def lasting(self, run: Run, *, by: str, seconds: float = DAY) -> Link:
        """The link that `by` made before, if it holds for half as long yet, else a new one: for what is sent again."""
        until = self._table.now() + seconds / 2
        made = (link for link in self._table.of_run(run.id) if link.by == by and not link.revoked)
        found = next((link for link in made if link.expires >= until), None)
        return self._addressed(found) if found else self.create(run, by=by, seconds=seconds)

    def _addressed(self, link: Link) -> Link:
        return link._replace(url=f"{self._root}/links/{sign(self._key, link)}")

    def of_run(self, run: Run) -> Sequence[Link]:
        """All links to the file of a run, newest first, without their addresses."""
        return self._table.of_run(run.id)

    def revoke(self, link: str, *, by: str, run: str | None = None) -> None:
        """From now on nobody can download by it. run: it must be a link to this one. Raises UnknownLink."""
        found = self._table.get(link)
        if found is None or run not in (None, found.run):
            raise UnknownLink(f"There is no link {link}.")
        if self._table.revoke(link, by):
            self._note("link.revoke", by=by, about=found.run, detail={"link": link})

    def opened(self, token: str) -> Link:
        """The link that a token stands for, if it still holds. Raises UnknownLink, LinkExpired."""
        claimed = verified(self._key, token)
        if claimed is None:
            raise UnknownLink(_NONE)
        if claimed.expires <= self._table.now():
            raise LinkExpired("This link has expired. Ask whoever sent it to you for a new one.")
        found = self._table.get(claimed.id)
        if found is None or found.run != claimed.run or found.revoked is not None:
            raise UnknownLink(_NONE)
        return found


def sign(key: bytes, link: Link) -> str:
    """The token of a link: what it claims, and the proof that we said so (HMAC-SHA256)."""
    claims = f"{link.id}.{link.run}.{link.expires:.0f}"
    return f"{claims}.{_proof(key, claims)}"


def verified(key: bytes, token: str) -> Link | None:
    """What a token claims, if we signed it; None otherwise. Compared in constant time, and as text, so that no other
    spelling of the same proof passes."""
    if not (match := _TOKEN.fullmatch(token)):
        return None
    claims, _, proof = token.rpartition(".")
    if not hmac.compare_digest(proof, _proof(key, claims)):
        return None
    return Link(match[1], match[2], "", 0.0, float(match[3]))


def _proof(key: bytes, claims: str) -> str:
    digest = hmac.digest(key, f"narrowboat link {claims}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
