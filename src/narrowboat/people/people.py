"""People: the users of a server that stands alone. Who they are, how they sign in, what they hand to programs."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from narrowboat.errors import (
    BadParameter,
    NameTaken,
    NotAllowed,
    SignInFailed,
    TooManyAttempts,
    UnknownToken,
    UnknownUser,
)
from narrowboat.people import accounts, attempts
from narrowboat.people.accounts import Account, Role, Token
from narrowboat.people.directory import Directory
from narrowboat.people.passwords import Passwords
from narrowboat.people.requester import NOTHING

HOUR, DAY = 3600.0, 86400.0
IDLE, ABSOLUTE = 12 * HOUR, 14 * DAY
"""Seconds: a session ends when nobody uses it, and at the latest."""
COARSE = 600.0
"""Seconds: how exactly it is kept when a session or token was last used, so that not every request writes."""
LONGEST_TOKEN = 366 * DAY
EXPIRED = 30 * DAY
"""Seconds that a token stays in the list of its user's after it expired."""
_TOKEN = re.compile(r"nb_([0-9A-Za-z]{22})_([0-9a-f]{64})")
_WRONG = "The name or the password is wrong."


class People:
    """The users of this server: `nb.asgi(user=nb.people)`. note: told each change and sign-in, for the audit log."""

    def __init__(self, directory: Directory, *, note: Callable[..., None]) -> None:
        self._directory, self._note, self._passwords = directory, note, Passwords()

    # who there is

    def add(
        self,
        name: str,
        *,
        by: str,
        password: str | None = None,
        role: str = Role.MEMBER,
        email: str | None = None,
        attributes: Mapping[str, Any] = NOTHING,
        grants: Mapping[str, Iterable[str]] | None = None,
    ) -> Account:
        """A new user; without a password, one who can only use tokens. Raises NameTaken, BadParameter."""
        account = Account(
            accounts.checked_name(name),
            accounts.checked_role(role),
            accounts.checked_email(email),
            accounts.checked_attributes(attributes),
            accounts.checked_grants(grants),
        )
        if not self._directory.add(account, None if password is None else self._passwords.hash(password)):
            raise NameTaken(
                f"There is a user {account.id!r} already, perhaps a disabled one: names are not given again."
            )
        self._note("user.create", by=by, about=account.id, detail={"role": account.role})
        return self.get(account.id)

    def get(self, user: str) -> Account:
        """Raises UnknownUser."""
        found = self._directory.get(user)
        if found is None:
            raise UnknownUser(f"There is no user {user[:80]!r}.")
        return found

    def all(self) -> Sequence[Account]:
        """Everybody, by name."""
        return self._directory.all()

    def change(self, user: str, *, by: str, **changes: Any) -> Account:
        """Change `role`, `email`, `attributes`, `grants` or `disabled`. It holds from their next request on.

        Who is disabled is signed out, and their tokens are refused. Raises UnknownUser, BadParameter, and NotAllowed
        where no admin would be left.
        """
        self.get(user)
        checked = {field: CHECKS[field](value) for field, value in changes.items()}
        loses = checked.get("disabled") or checked.get("role", Role.ADMIN) is not Role.ADMIN
        if not self._directory.change(user, checked, keep_admin=bool(loses)):
            raise NotAllowed(f"{user!r} is the last admin who is not disabled; make another one first.")
        if checked.get("disabled"):
            self._directory.end_sessions(user)
        self._note("user.change", by=by, about=user, detail={k: v for k, v in checked.items() if k != "attributes"})
        return self.get(user)

    def set_password(self, user: str, password: str, *, by: str) -> None:
        """A new password, and an end to all sessions. Raises UnknownUser, BadParameter."""
        self._set(user, password, by=by)

    def _set(self, user: str, password: str, *, by: str) -> str:
        """What is kept of it."""
        kept = self._passwords.hash(password)
        if not self._directory.set_password(user, kept):
            raise UnknownUser(f"There is no user {user[:80]!r}.")
        self._note("password.change", by=by, about=user)
        return kept

    # how they sign in

    def sign_in(self, name: str, password: str, *, address: str) -> tuple[str, Account]:
        """A new session: what the browser is to hold, and who it is. Raises SignInFailed, TooManyAttempts.

        The same words and the same work for a name that nobody has, a wrong password and a disabled user.
        """
        account, kept = self._checked(name.strip().lower(), password, address)
        secret = self._open(account, kept)
        self._note("sign-in", by=account.id, about=account.id, detail={"address": address})
        return secret, account

    def change_password(self, user: str, current: str, new: str, *, address: str) -> str:
        """Their own new password. All their sessions end, and a new one is given. Raises as `sign_in` does."""
        account, _ = self._checked(user, current, address)
        return self._open(account, self._set(user, new, by=user))

    def _checked(self, name: str, password: str, address: str) -> tuple[Account, str]:
        """Who it is, and what is kept of the password that was right."""
        free = attempts.keys(name, address)
        if seconds := self._directory.attempt(free):
            raise TooManyAttempts("There were too many attempts. Wait, then try again.", retry_after=seconds)
        account = self._directory.get(name)
        kept = self._directory.password(name) if account else None
        if not self._passwords.fits(password, kept) or account is None or kept is None or account.disabled:
            known = account.id if account else ""
            self._note("sign-in.failed", by="", about=known, detail={"address": address})
            raise SignInFailed(_WRONG)
        *keys, address_key = free
        self._directory.forgive(keys, address_key)  # or a guesser with a user of their own would begin at zero there
        if self._passwords.is_old(kept):
            before, kept = kept, self._passwords.hash(password)
            self._directory.set_password(name, kept, before=before)
        return account, kept

    def _open(self, account: Account, kept: str) -> str:
        """Raises SignInFailed for who was shut out since the password was checked."""
        secret = secrets.token_urlsafe(32)
        if not self._directory.open_session(_digest(secret), account.id, kept, self._directory.now() + ABSOLUTE):
            raise SignInFailed(_WRONG)
        return secret

    def sign_out(self, secret: str) -> None:
        """End a session. Harmless when repeated."""
        digest = _digest(secret)
        if found := self._directory.session(digest):
            self._directory.end_session(digest)
            self._note("sign-out", by=found.account.id, about=found.account.id)

    def of_session(self, secret: str) -> Account | None:
        """Who holds a session that is still good."""
        digest, now = _digest(secret), self._directory.now()
        found = self._directory.session(digest)
        if found is None or found.account.disabled or now >= found.expires or now - found.seen >= IDLE:
            return None
        if now - found.seen >= COARSE:
            self._directory.touch_session(digest)
        return found.account

    # what they hand to programs

    def create_token(
        self,
        user: str,
        *,
        by: str,
        label: str,
        scopes: Iterable[str],
        jobs: Iterable[str] | None = None,
        seconds: float = 90 * DAY,
    ) -> Token:
        """A token that acts for a user, within its scopes. Its `secret` is told this once.

        scopes: actions, and `admin` for what the role allows beyond one's own runs; jobs: only these. Raises
        UnknownUser, BadParameter, and NotAllowed for a scope that its owner has not.
        """
        wanted = _checked_scopes(self.get(user), scopes)
        if not 1 <= seconds <= LONGEST_TOKEN:
            raise BadParameter(f"A token lasts from 1 second to {LONGEST_TOKEN / DAY:g} days, not {seconds:g} seconds.")
        if not label.strip() or len(label) > 100:
            raise BadParameter("A token has a label of up to 100 characters that says what it is for.")
        now, secret, token_id = self._directory.now(), secrets.token_hex(32), _new_id()
        only = None if jobs is None else tuple(sorted(set(jobs)))
        token = Token(token_id, user, label.strip(), wanted, only, now, now + seconds)
        self._directory.add_token(token, _digest(secret))
        detail = {"user": user, "label": token.label, "scopes": list(wanted), "expires": token.expires}
        self._note("token.create", by=by, about=token_id, detail=detail)
        return token._replace(secret=f"nb_{token_id}_{secret}")

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        """A user's tokens, or everybody's, newest first, without their secrets."""
        return self._directory.tokens(user)

    def revoke_token(self, token: str, *, by: str, user: str | None = None) -> None:
        """From now on it is refused. user: it must be theirs. Raises UnknownToken."""
        found = self._directory.token(token)
        if found is None or user not in (None, found[0].user) or not self._directory.end_token(token):
            raise UnknownToken(f"There is no token {token[:80]!r}.")
        self._note("token.revoke", by=by, about=token, detail={"user": found[0].user})

    def of_token(self, secret: str) -> tuple[Account, Token] | None:
        """For whom a token acts, if it is still good."""
        if not (match := _TOKEN.fullmatch(secret)) or not (found := self._directory.token(match[1])):
            return None
        token, digest, account = found
        now = self._directory.now()
        if not hmac.compare_digest(digest, _digest(match[2])) or account.disabled or now >= token.expires:
            return None
        if token.used is None or now - token.used >= COARSE:
            self._directory.touch_token(token.id)
        return account, token

    def purge(self) -> None:
        """Delete sessions and attempts that are over, and tokens a month after they are."""
        self._directory.purge(idle=IDLE, forget=attempts.FORGET, keep=EXPIRED)


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "role": accounts.checked_role,
    "email": accounts.checked_email,
    "attributes": accounts.checked_attributes,
    "grants": accounts.checked_grants,
    "disabled": bool,
}
"""What can be changed of an account, and what it must be."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _checked_scopes(account: Account, scopes: Iterable[str]) -> tuple[str, ...]:
    """Raises BadParameter, and NotAllowed for one that its owner has not."""
    wanted = accounts.checked_actions(scopes, accounts.SCOPES)
    if not wanted:
        raise BadParameter(f"A token without scopes is good for nothing. Scopes: {', '.join(accounts.SCOPES)}.")
    if accounts.ADMIN_SCOPE in wanted and not account.sees_all:
        raise NotAllowed(f"{account.id!r} is a member; only an operator's or an admin's token has the scope 'admin'.")
    return wanted


def _digest(secret: str) -> str:
    """A random secret of 256 bits needs no salt and no slowness."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _new_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(22))
