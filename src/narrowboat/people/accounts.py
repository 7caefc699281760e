"""Accounts: who may sign in where no other application knows the users, what they may do, and their tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from narrowboat.errors import BadParameter
from narrowboat.people.actions import Action
from narrowboat.people.requester import NOTHING

ANY = "*"
"""In grants: every job that is not named."""
ADMIN_SCOPE = "admin"
SCOPES = (*Action, ADMIN_SCOPE)
"""What a token may be good for: an action each, or `admin`: what its owner's role allows beyond their own runs."""
Grants: TypeAlias = Mapping[str, tuple[str, ...]]
"""Actions by job; `*` for every job that is not named."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f<>,;:\"]{1,64}@[^@\s\x00-\x1f<>,;:\"]{1,190}")
LARGEST = 4096
"""Characters of a user's attributes or grants as JSON."""


class Role(StrEnum):
    """What a user may do beyond their own runs."""

    ADMIN = "admin"
    """What an operator may, and manage users."""
    OPERATOR = "operator"
    """See everybody's runs, the figures and the audit log."""
    MEMBER = "member"


class Account(NamedTuple):
    """A user of this server. Moments are seconds since the epoch."""

    id: str
    """The name they sign in with. It stands in their runs, so it never changes and is never given to another."""
    role: Role = Role.MEMBER
    email: str | None = None
    attributes: Mapping[str, Any] = NOTHING
    """What jobs may choose rows by."""
    grants: Grants | None = None
    """None: every action on every job."""
    disabled: bool = False
    created: float = 0.0

    def may(self, action: Action, job: str) -> bool:
        """Whether they may do this with the job."""
        return self.grants is None or action in self.grants.get(job, self.grants.get(ANY, ()))

    @property
    def sees_all(self) -> bool:
        """Whether everybody's runs are theirs to see."""
        return self.role in (Role.ADMIN, Role.OPERATOR)


class Token(NamedTuple):
    """Lets a program act for a user, within its scopes, until it expires or is revoked."""

    id: str
    user: str
    label: str
    scopes: tuple[str, ...]
    jobs: tuple[str, ...] | None
    """None: all that its owner may."""
    created: float
    expires: float
    used: float | None = None
    """To within ten minutes."""
    secret: str = ""
    """All of it, as a program sends it. Given when it is made, and never again: only a digest is kept."""

    def may(self, action: Action, job: str) -> bool:
        """Whether it reaches so far; its owner must be allowed to as well."""
        return action in self.scopes and (self.jobs is None or job in self.jobs)


def checked_name(name: str) -> str:
    """A user's name in its one spelling. Raises BadParameter."""
    lowered = name.strip().lower()
    if not _NAME.fullmatch(lowered):
        raise BadParameter(
            f"A user cannot be called {name[:80]!r}: use up to 64 of a-z, 0-9 and . _ @ + -, a letter or digit first."
        )
    return lowered


def checked_role(role: str) -> Role:
    """Raises BadParameter."""
    try:
        return Role(role)
    except ValueError:
        raise BadParameter(f"There is no role {role!r}. Roles: {', '.join(Role)}.") from None


def checked_email(email: str | None) -> str | None:
    """An address that no header can be made of. Raises BadParameter."""
    if email and not _EMAIL.fullmatch(email):
        raise BadParameter(f"{email[:80]!r} is no e-mail address.")
    return email or None


def checked_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values by name. Raises BadParameter."""
    return _bounded("attributes", dict(attributes))


def checked_grants(grants: Mapping[str, Iterable[str]] | None) -> dict[str, tuple[str, ...]] | None:
    """Actions by job. Raises BadParameter for an action that is none."""
    if grants is None:
        return None
    checked = {job: checked_actions(actions, tuple(Action)) for job, actions in grants.items()}
    _bounded("grants", checked)
    return checked


def checked_actions(given: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the known that are given, in their order. Raises BadParameter."""
    wanted = {given} if isinstance(given, str) else set(given)
    if unknown := wanted - set(known):
        raise BadParameter(f"{min(map(str, unknown))[:80]!r} is none of {', '.join(known)}.")
    return tuple(str(one) for one in known if one in wanted)


def _bounded(what: str, value: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise BadParameter(f"The {what} must be values that JSON can hold, by name.") from None
    if len(text) > LARGEST:
        raise BadParameter(f"The {what} are longer than {LARGEST} characters as JSON.")
    return value
