"""Users, sessions, tokens and attempts in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from narrowboat.people import attempts
from narrowboat.people.accounts import Account, Role, Token
from narrowboat.people.attempts import Counted
from narrowboat.people.directory import Session
from narrowboat.stores.database import Database, Row
from narrowboat.stores.rows import to_json, to_text

_JSON = ("attributes", "grants")


class SqlDirectory:
    """A `people.directory.Directory` over SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> float:
        with self._database.read() as tx:
            (row,) = tx.rows("now")
        return float(row["now"])

    def add(self, account: Account, password: str | None) -> bool:
        with self._database.write() as tx:
            added = tx.change(
                "user_insert",
                user=account.id,
                role=account.role.value,
                email=account.email,
                attributes=to_json(dict(account.attributes)),
                grants=None if account.grants is None else to_json(account.grants),
                password=password,
            )
        return added == 1

    def change(self, user: str, values: Mapping[str, Any], *, keep_admin: bool) -> bool:
        with self._database.write() as tx:
            tx.lock_owner("the admins of this server")
            row = tx.row("user", user=user)
            if row is None:
                return False
            is_admin = row["role"] == Role.ADMIN and not row["disabled"]
            if keep_admin and is_admin and not tx.rows("user_other_admin", user=user):
                return False
            changed = {**{name: row[name] for name in ("role", "email", "attributes", "grants", "disabled")}}
            for name, value in values.items():
                changed[name] = to_json(value) if name in _JSON and value is not None else value
            tx.change("user_update", user=user, **{**changed, "disabled": int(changed["disabled"])})
        return True

    def get(self, user: str) -> Account | None:
        row = self._user(user)
        return _to_account(row) if row else None

    def password(self, user: str) -> str | None:
        row = self._user(user)
        return row["password"] if row else None

    def _user(self, user: str) -> Row | None:
        with self._database.read() as tx:
            return tx.row("user", user=to_text(user))

    def all(self) -> Sequence[Account]:
        with self._database.read() as tx:
            return [_to_account(row) for row in tx.rows("users")]

    def set_password(self, user: str, kept: str, *, before: str | None = None) -> bool:
        with self._database.write() as tx:
            changed = tx.change("user_password", user=to_text(user), password=kept, before=before)
            if changed and before is None:
                tx.change("sessions_end", user=user)
        return changed == 1

    def open_session(self, digest: str, user: str, kept: str, expires: float) -> bool:
        with self._database.write() as tx:
            return tx.change("session_insert", digest=digest, user=user, kept=kept, expires=expires) == 1

    def session(self, digest: str) -> Session | None:
        with self._database.read() as tx:
            row = tx.row("session", digest=digest)
        return Session(digest, _to_account(row), row["seen_at"], row["expires_at"]) if row else None

    def touch_session(self, digest: str) -> None:
        with self._database.write() as tx:
            tx.change("session_seen", digest=digest)

    def end_session(self, digest: str) -> None:
        with self._database.write() as tx:
            tx.change("session_end", digest=digest)

    def end_sessions(self, user: str) -> None:
        with self._database.write() as tx:
            tx.change("sessions_end", user=user)

    def add_token(self, token: Token, digest: str) -> None:
        with self._database.write() as tx:
            tx.change(
                "token_insert",
                token=token.id,
                user=token.user,
                label=to_text(token.label),
                digest=digest,
                scopes=to_json(token.scopes),
                jobs=None if token.jobs is None else to_json(token.jobs),
                expires=token.expires,
            )

    def token(self, token: str) -> tuple[Token, str, Account] | None:
        with self._database.read() as tx:
            row = tx.row("token", token=to_text(token))
        return (_to_token(row), row["digest"], _to_account(row)) if row else None

    def touch_token(self, token: str) -> None:
        with self._database.write() as tx:
            tx.change("token_used", token=token)

    def tokens(self, user: str | None) -> Sequence[Token]:
        with self._database.read() as tx:
            return [_to_token(row) for row in tx.rows("find_tokens", user=to_text(user))]

    def end_token(self, token: str) -> bool:
        with self._database.write() as tx:
            return tx.change("token_end", token=to_text(token)) == 1

    def attempt(self, free: Mapping[str, int]) -> int:
        with self._database.write() as tx:
            for key in sorted(free):
                tx.lock_owner(key)
            (row,) = tx.rows("now")
            found = {
                row["name"]: Counted(row["attempts"], row["last_at"]) for row in tx.rows("attempts", names=list(free))
            }
            if seconds := attempts.wait(found, free, float(row["now"])):
                return seconds
            for key in free:
                tx.change("attempt_add", name=key, forget=attempts.FORGET)
        return 0

    def forgive(self, keys: Sequence[str], once: str) -> None:
        with self._database.write() as tx:
            tx.change("attempts_forgive", names=list(keys))
            tx.change("attempt_less", name=once)

    def purge(self, *, idle: float, forget: float, keep: float) -> None:
        with self._database.write() as tx:
            tx.change("sessions_purge")
            tx.change("sessions_idle", idle=idle)
            tx.change("attempts_purge", forget=forget)
            tx.change("tokens_purge", keep=keep)


def _to_account(row: Row) -> Account:
    grants = None if row["grants"] is None else {job: tuple(may) for job, may in json.loads(row["grants"]).items()}
    return Account(
        row["user_id"],
        Role(row["role"]),
        row["email"],
        json.loads(row["attributes"]),
        grants,
        bool(row["disabled"]),
        row["created_at"],
    )


def _to_token(row: Row) -> Token:
    return Token(
        row["token_id"],
        row["user_id"],
        row["label"],
        tuple(json.loads(row["scopes"])),
        None if row["jobs"] is None else tuple(json.loads(row["jobs"])),
        row["token_created_at"],
        row["expires_at"],
        row["used_at"],
    )
