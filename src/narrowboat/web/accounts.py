"""Accounts: who asks, where this server knows its users itself: by the cookie of a session, or by a token."""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypeAlias

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from narrowboat.errors import NotAllowed
from narrowboat.people.accounts import ADMIN_SCOPE, Account, Role, Token
from narrowboat.people.actions import Action
from narrowboat.people.people import ABSOLUTE, People
from narrowboat.web.access import User, WhoIs
from narrowboat.web.context import Context, Who

CHALLENGE = 'Bearer realm="narrowboat"'
"""What a 401 says here; our page then shows its form."""


class SignedIn(NamedTuple):
    """A user of this server, and how they came: by a session, or a program with a token."""

    account: Account
    token: Token | None = None

    def may(self, action: Action, job: str) -> bool:
        """Whether they may, this way."""
        return self.account.may(action, job) and (self.token is None or self.token.may(action, job))

    @property
    def is_full(self) -> bool:
        """Whether what the role allows beyond one's own runs holds this way too."""
        return self.token is None or ADMIN_SCOPE in self.token.scopes

    @property
    def user(self) -> User:
        """The same, as all routes know it."""
        account = self.account
        return User(account.id, self.may, account.sees_all and self.is_full, account.email, account.attributes)


def whois(people: People, public_url: str | None) -> WhoIs:
    """Who asks, by what this server knows."""

    def who(request: Request) -> User | None:
        found = _found(people, request, public_url)
        request.state.signed_in = found
        return found.user if found else None

    return who


def _found(people: People, request: Request, public_url: str | None) -> SignedIn | None:
    """A token that is no good is not made up for by a cookie."""
    if given := request.headers.get("authorization"):
        scheme, _, secret = given.partition(" ")
        known = people.of_token(secret.strip()) if scheme.lower() == "bearer" else None
        return SignedIn(*known) if known else None
    secret = request.cookies.get(cookie(request, public_url), "")
    account = people.of_session(secret) if secret else None
    return SignedIn(account) if account else None


async def signed_in_here(request: Request, user: Who) -> SignedIn:
    """Who asks, as a user of this server."""
    found: SignedIn = request.state.signed_in
    return found


Signed: TypeAlias = Annotated[SignedIn, Depends(signed_in_here)]


async def in_person(signed: Signed) -> Account:
    """Somebody at their browser: no program may change what its user can sign in with. Raises NotAllowed."""
    if signed.token is not None:
        raise NotAllowed("A token cannot do this; sign in with your name and password.")
    return signed.account


async def as_admin(signed: Signed) -> Account:
    """An admin, in person or by a token of theirs with the scope `admin`. Raises NotAllowed."""
    if signed.account.role is not Role.ADMIN or not signed.is_full:
        raise NotAllowed("Only an admin manages users.")
    return signed.account


InPerson: TypeAlias = Annotated[Account, Depends(in_person)]
Admin: TypeAlias = Annotated[Account, Depends(as_admin)]


def is_secure(request: Request, public_url: str | None) -> bool:
    """Whether browsers come by https: by our own address, or as a proxy that the server trusts says."""
    return (public_url or "").startswith("https://") or request.url.scheme == "https"


def cookie(request: Request, public_url: str | None) -> str:
    """The cookie's name. By https no neighbour under the same domain can set one that is called so (RFC 6265bis)."""
    return "__Host-narrowboat" if is_secure(request, public_url) else "narrowboat"


def hand_over(answer: Response, request: Request, here: Context, secret: str | None) -> Response:
    """The answer with the session's cookie, or with an end to it."""
    secure = is_secure(request, here.nb.public_url)
    answer.set_cookie(
        cookie(request, here.nb.public_url),
        secret or "",
        max_age=int(ABSOLUTE) if secret else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def held(request: Request, here: Context) -> str:
    """What the browser holds of a session; empty if nothing."""
    return request.cookies.get(cookie(request, here.nb.public_url), "")


def address_of(request: Request) -> str:
    """Where a request comes from: the client, as the server sees it (see the page on proxies)."""
    return request.client.host if request.client else ""
