"""Passwords: argon2id, with little memory and few at once, so that signing in cannot exhaust a small server."""

from __future__ import annotations

import secrets
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from narrowboat.errors import BadParameter, MissingExtra

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 256
"""Characters. NIST SP 800-63B asks for length and for no mixture of characters."""
MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1
"""OWASP's first choice for argon2id: 19 MiB for each check."""


class Passwords:
    """Makes and checks hashes, one at a time: what a check takes, the allocator may keep for the next."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    @cached_property
    def _hasher(self) -> PasswordHasher:
        try:
            from argon2 import PasswordHasher
        except ImportError:  # pragma: no cover  the tests have it
            raise MissingExtra("Users with passwords need argon2: pip install narrowboat[users]") from None
        return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    def hash(self, password: str) -> str:
        """What is kept of a password. Raises BadParameter for one that is too short or too long."""
        if len(password) < SHORTEST:
            raise BadParameter(f"A password has at least {SHORTEST} characters; several words make a good one.")
        if len(password) > LONGEST:
            raise BadParameter(f"A password has at most {LONGEST} characters.")
        with self._turn:
            return self._hasher.hash(_normal(password))

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether this is the password. Where nothing is kept the answer is no, and takes as long."""
        from argon2.exceptions import InvalidHashError, VerificationError

        if len(password) > LONGEST:
            return False
        with self._turn:
            try:
                return self._hasher.verify(kept or self._nobodys, _normal(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_old(self, kept: str) -> bool:
        """Whether it was hashed by weaker rules than today's."""
        return self._hasher.check_needs_rehash(kept)


def _normal(password: str) -> bytes:
    """One spelling for what looks the same: keyboards compose letters differently (NIST SP 800-63B, 5.1.1.2)."""
    import unicodedata  # large, and only needed where people sign in

    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
