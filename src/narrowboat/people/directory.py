"""Directory: where users, sessions, tokens and attempts to sign in are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from narrowboat.people.accounts import Account, Token


class Session(NamedTuple):
    """That somebody signed in. Only a digest of what their browser holds is kept."""

    digest: str
    account: Account
    seen: float
    expires: float


class Directory(Protocol):
    """Where users, sessions, tokens and attempts are kept. Moments are the database's."""

    def now(self) -> float: ...

    def add(self, account: Account, password: str | None) -> bool:
        """False where the name is taken."""
        ...

    def change(self, user: str, values: Mapping[str, Any], *, keep_admin: bool) -> bool:
        """Write fields of an account. False, and nothing written, where no admin would be left; `keep_admin` asks."""
        ...

    def get(self, user: str) -> Account | None: ...

    def password(self, user: str) -> str | None:
        """What is kept of their password."""
        ...

    def all(self) -> Sequence[Account]:
        """By name."""
        ...

    def set_password(self, user: str, kept: str, *, before: str | None = None) -> bool:
        """All their sessions end. before: what was kept of the same password until now, and must be yet: none end."""
        ...

    def open_session(self, digest: str, user: str, kept: str, expires: float) -> bool:
        """False where this is not what is kept of their password any more, or they are disabled."""
        ...

    def session(self, digest: str) -> Session | None: ...

    def touch_session(self, digest: str) -> None: ...

    def end_session(self, digest: str) -> None: ...

    def end_sessions(self, user: str) -> None: ...

    def add_token(self, token: Token, digest: str) -> None: ...

    def token(self, token: str) -> tuple[Token, str, Account] | None:
        """With the digest of its secret, and its owner."""
        ...

    def touch_token(self, token: str) -> None: ...

    def tokens(self, user: str | None) -> Sequence[Token]:
        """Newest first; None: everybody's."""
        ...

    def end_token(self, token: str) -> bool: ...

    def attempt(self, free: Mapping[str, int]) -> int:
        """Count one attempt under each key, unless one of them has to wait: then the seconds, and none is counted."""
        ...

    def forgive(self, keys: Sequence[str], once: str) -> None:
        """Forget what was counted under the keys, and one attempt under the last."""
        ...

    def purge(self, *, idle: float, forget: float, keep: float) -> None: ...
