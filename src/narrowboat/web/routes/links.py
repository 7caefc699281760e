"""Links: the file of a run for somebody who does not sign in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from narrowboat.errors import NarrowboatError, NoArtifact, NotAllowed, NotFinished, UnknownLink, UnknownRun
from narrowboat.kernel.model import Run
from narrowboat.web import download, plain, schemas, views
from narrowboat.web.access import Action, check_run
from narrowboat.web.answers import CONDITIONS, files_of, json_of, page_or_problem, problems_of
from narrowboat.web.context import Context, Here, Who, address
from narrowboat.web.routing import Router
from narrowboat.web.schemas import LinkBody

router = Router("links")

SECRET = {"Referrer-Policy": "no-referrer"}
"""The address itself is the key, so no other site shall learn it."""


@router.post(
    "/runs/{run}/links",
    operation_id="createLink",
    status_code=201,
    responses={
        **json_of(schemas.NewLink, "The link. Its `url` is never shown again.", status=201),
        **problems_of(400, 404, 409, 413),
    },
)
async def create_link(run: str, request: Request, here: Here, user: Who, body: LinkBody | None = None) -> Response:
    """Make a link by which anybody may download the file of this run, without signing in, until it expires.

    For the run's owner alone.
    """
    found = check_run(user, await here.run(user, run, Action.SHARE), Action.DOWNLOAD)
    if found.owner != user.id:
        raise NotAllowed("Only the owner of a run makes links to its file.")
    if found.ended and not found.artifact:
        raise NoArtifact(f"Run {run} is {found.state.replace('_', ' ')} and has no finished file to link to.")
    seconds = (body or LinkBody()).expires_in
    made = await here.threads.run(here.nb.links.create, found, by=user.id, seconds=seconds)
    url = made.url if here.nb.public_url else address(request, made.url)
    return JSONResponse(schemas.NewLink(**views.link(made), url=url), 201, {"Cache-Control": "no-store"})


@router.get(
    "/runs/{run}/links",
    operation_id="listLinks",
    responses={**json_of(schemas.Links, "The links, newest first."), **problems_of(404)},
)
async def list_links(run: str, here: Here, user: Who) -> Response:
    """The links to the file of this run, without their addresses."""
    found = await here.run(user, run)
    links = await here.threads.run(here.nb.links.of_run, found)
    return JSONResponse(schemas.Links(links=[views.link(one) for one in links]))


@router.delete(
    "/runs/{run}/links/{link}",
    operation_id="revokeLink",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "From now on nobody can download by it."}, **problems_of(404)},
)
async def revoke_link(run: str, link: str, here: Here, user: Who) -> Response:
    """Revoke a link. Harmless when repeated."""
    found = await here.run(user, run, Action.SHARE)
    await here.threads.run(here.nb.links.revoke, link, by=user.id, run=found.id)
    return Response(status_code=204)


@router.head("/links/{token}", include_in_schema=False)
@router.get(
    "/links/{token}",
    operation_id="followLink",
    response_class=Response,
    responses={
        **page_or_problem(404, 409, 410, 416),
        **{status: files_of()[status] for status in (200, 206, 302, 304)},
    },
    openapi_extra=CONDITIONS,
)
async def follow_link(token: str, request: Request, here: Here) -> Response:
    """The file that a link leads to. Nobody signs in: who has the address may download."""
    try:
        link = await here.threads.run(here.nb.links.opened, token)
        run = await _finished(here, link.run)
        found = await download.respond(here, request, run)
    except NarrowboatError as error:
        return plain.told(request, error, SECRET)
    found.headers.update(SECRET)
    return here.downloads.note(request, found, run, by="", link=link.id)


async def _finished(here: Context, run_id: str) -> Run:
    """The run, when its file can be given."""
    try:
        run = await here.find(run_id)
    except UnknownRun:
        raise UnknownLink("The file that this link led to has been deleted.") from None
    if run.artifact:
        return run
    if run.ended:
        raise NoArtifact("The export that this link leads to did not succeed. Ask whoever sent it to you.")
    raise NotFinished("The file that this link leads to is not finished yet. Try again in a while.")
