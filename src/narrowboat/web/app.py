"""The ASGI application: routes, and around them what guards them and what makes problems of errors."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

import narrowboat
from narrowboat.app import Narrowboat
from narrowboat.errors import NarrowboatError
from narrowboat.people.people import People
from narrowboat.web import problems
from narrowboat.web.access import WhoIs, dependency, signed_in
from narrowboat.web.answers import Api
from narrowboat.web.context import (
    CONVERTING_THREADS,
    COUNTING_THREADS,
    READING_THREADS,
    SIGNING_THREADS,
    STORE_THREADS,
    Context,
)
from narrowboat.web.cors import Cors
from narrowboat.web.downloads import Downloads
from narrowboat.web.guard import Guard
from narrowboat.web.routes import artifacts, imports, jobs, links, operations, pages, rows, runs, uploads
from narrowboat.web.threads import Threads


def build(nb: Narrowboat, *, user: WhoIs | People | None = None, cors: tuple[str, ...] = ()) -> ASGIApp:
    """The application of `nb`, to be mounted (then the host's lifespan is `nb.lifespan`) or served by itself.

    user: see `access.WhoIs`, or `nb.people`; without one only this machine is served. cors: origins whose
    pages may call.
    """
    threads = Threads(STORE_THREADS)
    context = Context(
        nb,
        threads,
        Threads(READING_THREADS),
        Threads(COUNTING_THREADS),
        Threads(CONVERTING_THREADS),
        Downloads(lambda: nb.audit, threads),
        Threads(SIGNING_THREADS),
    )
    api = _with_people(context, user) if isinstance(user, People) else _api(context, user)
    api.routes.extend(pages.routes_of_pages())
    app = Guard(api, local_only=user is None, origins=cors)
    return Cors(app, cors) if cors else app


def _with_people(context: Context, people: People) -> Api:
    """This server knows its users itself."""
    from narrowboat.web import account_schemas, accounts
    from narrowboat.web.routes.people import router

    api = _api(context, accounts.whois(people, context.nb.public_url))
    api.state.challenge = accounts.CHALLENGE
    api.shapes += account_schemas.ANSWERS
    router.add_to(api)
    return api


def _api(context: Context, user: WhoIs | None) -> Api:
    api = Api(
        title="Narrowboat",
        version=narrowboat.__version__,
        summary="Bulk data jobs as runs that finish.",
        docs_url=None,  # these load scripts from elsewhere
        redoc_url=None,
        lifespan=context.nb.lifespan,
    )
    api.state.narrowboat = context
    api.dependency_overrides[signed_in] = dependency(user, context.threads)
    api.add_exception_handler(NarrowboatError, problems.on_narrowboat_error)
    api.add_exception_handler(HTTPException, problems.on_http_exception)
    api.add_exception_handler(RequestValidationError, problems.on_invalid_request)
    api.add_exception_handler(Exception, problems.on_crash)
    for router in (
        jobs.router, runs.router, artifacts.router, rows.router, links.router, operations.router, uploads.router,
        imports.router,
    ):  # fmt: skip
        router.add_to(api)
    return api
