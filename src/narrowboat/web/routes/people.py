"""Users, sessions and tokens: only where this server knows its users itself."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from narrowboat.people.accounts import Account, Token
from narrowboat.web import account_schemas as schemas
from narrowboat.web.account_schemas import ChangeBody, NewPasswordBody, PasswordBody, SignInBody, TokenBody, UserBody
from narrowboat.web.accounts import Admin, InPerson, Signed, address_of, hand_over, held
from narrowboat.web.answers import TEXT, json_of, problems_of
from narrowboat.web.context import Here
from narrowboat.web.routing import Router
from narrowboat.web.views import moment

router = Router("people")

COOKIE = {"Set-Cookie": {**TEXT, "description": "The session: HttpOnly, SameSite=Lax, by https also Secure."}}
PRIVATE = {"Cache-Control": "no-store"}
DONE: dict[int | str, dict[str, Any]] = {204: {"description": "Done."}}


@router.post(
    "/session",
    operation_id="signIn",
    responses={**json_of(schemas.Me, "You are signed in.", headers=COOKIE), **problems_of(400, 413, 429, 501)},
)
async def sign_in(body: SignInBody, request: Request, here: Here) -> Response:
    """Sign in. The session before, if this browser had one, ends."""
    secret, account = await here.signing.run(
        here.nb.people.sign_in, body.user, body.password, address=address_of(request)
    )
    if before := held(request, here):
        await here.threads.run(here.nb.people.sign_out, before)
    return hand_over(JSONResponse(_me(account, None)), request, here, secret)


@router.delete(
    "/session",
    operation_id="signOut",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "You are signed out.", "headers": COOKIE}, **problems_of()},
)
async def sign_out(request: Request, here: Here) -> Response:
    """Sign out. Harmless when nobody is signed in."""
    if secret := held(request, here):
        await here.threads.run(here.nb.people.sign_out, secret)
    return hand_over(Response(status_code=204), request, here, None)


@router.get("/me", operation_id="showMe", responses={**json_of(schemas.Me, "Who you are."), **problems_of()})
async def show_me(signed: Signed) -> Response:
    """Who is asking, and what they may."""
    return JSONResponse(_me(signed.account, signed.token), headers=PRIVATE)


@router.post(
    "/me/password",
    operation_id="changePassword",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "Changed. All your sessions have ended, and this one is new.", "headers": COOKIE},
        **problems_of(400, 413, 429, 501),
    },
)
async def change_password(body: PasswordBody, request: Request, here: Here, me: InPerson) -> Response:
    """Change your own password."""
    secret = await here.signing.run(
        here.nb.people.change_password, me.id, body.current, body.new, address=address_of(request)
    )
    return hand_over(Response(status_code=204), request, here, secret)


@router.get("/tokens", operation_id="listTokens", responses={**json_of(schemas.Tokens, "Yours."), **problems_of()})
async def list_tokens(here: Here, signed: Signed) -> Response:
    """Your tokens, newest first, without their secrets."""
    found = await here.threads.run(here.nb.people.tokens, signed.account.id)
    return JSONResponse(schemas.Tokens(tokens=[_token(one) for one in found]), headers=PRIVATE)


@router.post(
    "/tokens",
    operation_id="createToken",
    status_code=201,
    responses={**json_of(schemas.NewToken, "The token.", status=201), **problems_of(400, 413)},
)
async def create_token(body: TokenBody, here: Here, me: InPerson) -> Response:
    """A token for a program that acts for you. No wider than what you may yourself, at any moment."""
    made = await here.threads.run(
        here.nb.people.create_token,
        me.id, by=me.id, label=body.label, scopes=body.scopes, jobs=body.jobs, seconds=body.expires_in,
    )  # fmt: skip
    return JSONResponse(schemas.NewToken(**_token(made), secret=made.secret), 201, PRIVATE)


@router.delete(
    "/tokens/{token}",
    operation_id="revokeToken",
    status_code=204,
    response_class=Response,
    responses={**DONE, **problems_of(404)},
)
async def revoke_token(token: str, here: Here, me: InPerson) -> Response:
    """Revoke a token of yours. From now on it is refused."""
    await here.threads.run(here.nb.people.revoke_token, token, by=me.id, user=me.id)
    return Response(status_code=204)


@router.get("/users", operation_id="listUsers", responses={**json_of(schemas.People, "Everybody."), **problems_of()})
async def list_users(here: Here, admin: Admin) -> Response:
    """All users, by name. For admins."""
    found = await here.threads.run(here.nb.people.all)
    return JSONResponse(schemas.People(users=[_person(one) for one in found]), headers=PRIVATE)


@router.post(
    "/users",
    operation_id="createUser",
    status_code=201,
    responses={**json_of(schemas.Person, "The new user.", status=201), **problems_of(400, 409, 413, 501)},
)
async def create_user(body: UserBody, here: Here, admin: Admin) -> Response:
    """A new user. For admins."""
    made = await here.signing.run(
        here.nb.people.add,
        body.id, by=admin.id, password=body.password, role=body.role, email=body.email,
        attributes=body.attributes, grants=body.grants,
    )  # fmt: skip
    return JSONResponse(_person(made), 201, PRIVATE)


ONE_USER = {**json_of(schemas.Person, "The user."), **problems_of(404)}


@router.get("/users/{user}", operation_id="showUser", responses=ONE_USER)
async def show_user(user: str, here: Here, admin: Admin) -> Response:
    """A user. For admins."""
    return JSONResponse(_person(await here.threads.run(here.nb.people.get, user)), headers=PRIVATE)


@router.patch("/users/{user}", operation_id="changeUser", responses={**ONE_USER, **problems_of(400, 404, 413, 501)})
async def change_user(user: str, body: ChangeBody, here: Here, admin: Admin) -> Response:
    """Change a user. It holds from their next request on. For admins."""
    changes = body.model_dump(exclude_unset=True)
    changes = {name: value for name, value in changes.items() if value is not None or name in ("email", "grants")}
    changed = await here.threads.run(here.nb.people.change, user, by=admin.id, **changes)
    return JSONResponse(_person(changed), headers=PRIVATE)


@router.post(
    "/users/{user}/password",
    operation_id="setPassword",
    status_code=204,
    response_class=Response,
    responses={**DONE, **problems_of(400, 404, 413, 501)},
)
async def set_password(user: str, body: NewPasswordBody, here: Here, admin: Admin) -> Response:
    """Give a user a new password. All their sessions end. For admins."""
    await here.signing.run(here.nb.people.set_password, user, body.password, by=admin.id)
    return Response(status_code=204)


@router.delete(
    "/users/{user}",
    operation_id="disableUser",
    status_code=204,
    response_class=Response,
    responses={**DONE, **problems_of(404)},
)
async def disable_user(user: str, here: Here, admin: Admin) -> Response:
    """Disable a user: signed out everywhere, tokens refused. The name stays taken, so nobody inherits their runs."""
    await here.threads.run(here.nb.people.change, user, by=admin.id, disabled=True)
    return Response(status_code=204)


def _person(found: Account) -> schemas.Person:
    return {
        "id": found.id,
        "role": found.role.value,
        "email": found.email,
        "attributes": dict(found.attributes),
        "grants": None if found.grants is None else {job: list(may) for job, may in found.grants.items()},
        "disabled": found.disabled,
        "created_at": moment(found.created),
    }


def _token(found: Token) -> schemas.Token:
    return {
        "id": found.id,
        "user": found.user,
        "label": found.label,
        "scopes": list(found.scopes),
        "jobs": None if found.jobs is None else list(found.jobs),
        "created_at": moment(found.created),
        "expires_at": moment(found.expires),
        "used_at": moment(found.used),
    }


def _me(account: Account, token: Token | None) -> schemas.Me:
    return {**_person(account), "token": _token(token) if token else None}
