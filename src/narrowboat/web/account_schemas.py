"""Schemas of users, sessions and tokens, where this server knows its users itself. See `schemas`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from narrowboat.people.people import DAY, LONGEST_TOKEN
from narrowboat.web.schemas import DESCRIBED

NAME = Field(max_length=200)
PASSWORD = Field(max_length=1000)
Short = Annotated[str, Field(max_length=100)]


class SignInBody(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    user: str = NAME
    password: str = PASSWORD


class PasswordBody(BaseModel):
    """A new password, and the present one as a proof."""

    model_config = ConfigDict(extra="forbid")

    current: str = PASSWORD
    new: str = PASSWORD


class TokenBody(BaseModel):
    """What a token is for, and how far it reaches."""

    model_config = ConfigDict(extra="forbid")

    label: Short = Field(description="What it is for.")
    scopes: list[Short] = Field(max_length=20, description="see, start, control, download, share, admin.")
    jobs: list[Short] | None = Field(default=None, max_length=200, description="Only these jobs.")
    expires_in: int = Field(default=int(90 * DAY), ge=1, le=int(LONGEST_TOKEN), description="Seconds.")


class ChangeBody(BaseModel):
    """What is to be changed of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Short | None = Field(default=None, description="admin, operator or member.")
    email: str | None = Field(default=None, max_length=255)
    attributes: dict[str, Any] | None = Field(default=None, description="What jobs may choose rows by.")
    grants: dict[str, list[Short]] | None = Field(
        default=None, description="Actions by job, `*` for every other job; null: every action on every job."
    )
    disabled: bool | None = None


class NewPasswordBody(BaseModel):
    """A password that an admin gives."""

    model_config = ConfigDict(extra="forbid")

    password: str = PASSWORD


class UserBody(BaseModel):
    """A new user."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=200, description="The name they sign in with.")
    password: str | None = Field(default=None, max_length=1000, description="Without one, only tokens work.")
    role: Short = "member"
    email: str | None = Field(default=None, max_length=255)
    attributes: dict[str, Any] = {}
    grants: dict[str, list[Short]] | None = None


@with_config(DESCRIBED)
class Person(TypedDict):
    """A user of this server."""

    id: str
    """The name they sign in with."""
    role: str
    email: str | None
    attributes: dict[str, Any]
    """What jobs may choose rows by."""
    grants: dict[str, list[str]] | None
    """Actions by job; null: every action on every job."""
    disabled: bool
    created_at: str


@with_config(DESCRIBED)
class People(TypedDict):
    users: list[Person]


@with_config(DESCRIBED)
class Token(TypedDict):
    """Lets a program act for a user."""

    id: str
    user: str
    label: str
    scopes: list[str]
    jobs: list[str] | None
    """null: all that its owner may."""
    created_at: str
    expires_at: str
    used_at: str | None
    """To within ten minutes."""


@with_config(DESCRIBED)
class NewToken(Token):
    secret: str
    """Shown this once: `Authorization: Bearer SECRET`."""


@with_config(DESCRIBED)
class Tokens(TypedDict):
    tokens: list[Token]


@with_config(DESCRIBED)
class Me(Person):
    """Who asks, and by which token, if by one."""

    token: Token | None


ANSWERS: tuple[type, ...] = (Person, People, Token, NewToken, Tokens, Me)
