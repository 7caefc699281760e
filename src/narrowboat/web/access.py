"""Access: who asks, and what they may. The host application decides by one callable."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fastapi import Depends
from starlette.requests import HTTPConnection, Request

from narrowboat.errors import BadConfiguration, NotAllowed, NotSignedIn, UnknownJob, UnknownRun
from narrowboat.jobs.definition import Definition
from narrowboat.kernel.model import Run
from narrowboat.people.actions import Action as Action  # it belongs to what hosts import from here
from narrowboat.people.requester import Requester
from narrowboat.web.threads import Threads


def everything(action: Action, job: str) -> bool:
    """Allows all actions on all jobs."""
    return True


@dataclass(frozen=True, slots=True)
class User:
    """Who asks.

    id: stands in each run as its owner; not empty. may: called with an action and a job's name, often and on the
    event loop, so it looks nothing up. sees_all: sees runs of everybody, figures, and messages about the server's
    insides: an operator. email: where messages about their runs go. attributes: JSON values that describe them, such as
    their tenant, for jobs that choose rows by their `Requester`.
    """

    id: str
    may: Callable[[Action, str], bool] = everything
    sees_all: bool = False
    email: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def reads(self, job: str) -> bool:
        """Whether they may have rows of its runs: refused ones too, and messages that may quote some."""
        return self.may(Action.DOWNLOAD, job)

    @property
    def requester(self) -> Requester:
        """Who asks, as a job sees them."""
        return Requester(self.id, self.attributes)

    def present_attributes(self, run: Run) -> Mapping[str, Any] | None:
        """What holds now for a run made again; None where it is somebody else's, who keeps what they had."""
        return self.attributes if run.owner == self.id else None


LOCAL = User("local", sees_all=True)
"""Who asks where no callable is configured: a person at the machine itself."""

WhoIs: TypeAlias = Callable[..., User | str | Awaitable[User | str | None] | None]
"""The host's callable: a request in, who asks out (a `User`, the bare id, or None for nobody). It may be async; a
plain function is called in a thread. A FastAPI dependency with parameters of its own works too."""


async def signed_in() -> User:
    """The dependency of every route; `build` puts the real one in its place."""
    raise NotSignedIn("This server knows no users.")


def dependency(whois: WhoIs | None, threads: Threads) -> Callable[..., Awaitable[User]]:
    """What takes the place of `signed_in`: finds the user and leaves it in the request's state."""
    if whois is None:

        async def local(request: Request) -> User:
            return _noted(request, LOCAL)

        return local
    if not _takes_a_request(whois):

        async def depending(request: Request, found: Any = Depends(whois)) -> User:  # noqa: B008  # how FastAPI is told
            return _noted(request, found)

        return depending

    async def asked(request: Request) -> User:
        found = whois(request) if _is_async(whois) else await threads.run(whois, request)
        return _noted(request, await found if inspect.isawaitable(found) else found)

    return asked


def _takes_a_request(whois: WhoIs) -> bool:
    """Whether it has one parameter: a request by its name, by its type (which may be text), or without one."""
    parameters = list(inspect.signature(whois).parameters.values())
    if len(parameters) != 1 or parameters[0].default is not inspect.Parameter.empty:
        return False
    hint = parameters[0].annotation
    if parameters[0].name == "request":
        return True
    if isinstance(hint, str):
        return hint.rpartition(".")[2] in ("Request", "HTTPConnection")
    return hint is inspect.Parameter.empty or (isinstance(hint, type) and issubclass(hint, HTTPConnection))


def _is_async(whois: WhoIs) -> bool:
    return inspect.iscoroutinefunction(whois) or inspect.iscoroutinefunction(getattr(whois, "__call__", None))  # noqa: B004


def _noted(request: Request, found: Any) -> User:
    """The user, as problems and logs find it later."""
    user = User(found) if isinstance(found, str) else found
    if user is not None and not isinstance(user, User):
        raise BadConfiguration(f"The user callable gave {type(found).__name__}; it gives a User, a str or None.")
    if user is None or not user.id:
        raise NotSignedIn("Nobody is signed in.")
    request.state.user = user
    return user


def check_job(user: User, jobs: dict[str, Definition], name: str, action: Action = Action.SEE) -> Definition:
    """The job, if this user may. Raises UnknownJob (also where they may not know of it), NotAllowed."""
    job = jobs.get(name)
    if job is None or not user.may(Action.SEE, name):
        raise UnknownJob(f"There is no job {name!r}. GET /jobs lists those that you may know of.")
    _check(user, name, action)
    return job


def check_run(user: User, run: Run, action: Action = Action.SEE) -> Run:
    """The run, if this user may. Raises UnknownRun (also where they may not know of it), NotAllowed."""
    if not (user.sees_all or run.owner == user.id) or not user.may(Action.SEE, run.job):
        raise unknown_run(run.id)
    _check(user, run.job, action)
    return run


def unknown_run(run_id: str) -> UnknownRun:
    """The same words for a run that is not there and for one that is somebody else's."""
    return UnknownRun(f"There is no run {run_id}; it may have been purged after its retention.")


def _check(user: User, job: str, action: Action) -> None:
    if not user.may(action, job):
        raise NotAllowed(f"You may not {action} {job!r}.")
