"""Download: the file of a run, finished, growing, or what there is of one that did not succeed."""

from __future__ import annotations

import base64
import functools
from collections.abc import AsyncIterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from narrowboat.data.format import Format
from narrowboat.errors import NoArtifact
from narrowboat.jobs.definition import Delivering
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Artifact, Run, State
from narrowboat.web import disposition, ranges, waiting
from narrowboat.web.context import Context
from narrowboat.web.downloads import Elsewhere
from narrowboat.web.growing import Growing
from narrowboat.web.problems import answer_for, problem
from narrowboat.web.ranges import ENDLESS, Span, etag
from narrowboat.web.reading import in_threads, of_file

ADVICE = {
    State.FAILED: "It failed. Resume it to go on where it stopped, or ask for what there is with ?partial=true",
    State.TIMED_OUT: "It took longer than its limit. Resume it to go on with its time anew, ask for fewer rows, or "
    "ask for what there is with ?partial=true",
    State.CANCELLED: "It was cancelled. Resume it to go on where it stopped, or ask for what there is with "
    "?partial=true",
}
UNFINISHED = {"Cache-Control": "no-store, no-transform"}


class Shape(NamedTuple):
    """What a run's file will be, known before there is one."""

    filename: str
    format: Format


async def respond(context: Context, request: Request, run: Run, *, whole: bool = False, turn: int = 0) -> Response:
    """The answer to GET or HEAD of a run's file.

    whole: a Range is ignored, since the client cannot have the first part of this file. turn: how often the client was
    told to wait (see `waiting.finished`); after that a run that failed is answered with its error.
    Raises NoArtifact, with advice, where there is none to give.
    """
    ranged = request.method == "GET" and not whole  # a range means nothing to other methods (RFC 9110, 14.2)
    asked = ranges.wanted(request.headers.get("range"), request.headers.get("if-range"), etag(run)) if ranged else None
    if run.artifact:
        return await _finished(context, request, run, run.artifact, asked)
    if run.ended and turn and run.error_code:
        return answer_for(request, run.error_code, run.error, run=run.id)
    if run.ended:
        raise NoArtifact(f"Run {run.id} has no finished file. {ADVICE.get(run.state, 'It makes none')}.")
    shape = await context.threads.run(_shape, _job(context, run), run)
    if request.method == "GET" and not waiting.can_send(request, shape.format, run):
        enough = functools.partial(waiting.can_send, request, shape.format)
        found = await waiting.ready(context, request, run, turn, enough, whole=whole)
        return (
            found if isinstance(found, Response) else await respond(context, request, found, whole=whole, turn=turn + 1)
        )
    return _growing(context, request, run, shape, asked)


async def _finished(
    context: Context, request: Request, run: Run, made: Artifact, asked: ranges.Range | None
) -> Response:
    headers = _headers(run, made.path, made.media_type)
    headers["Cache-Control"] = "private, no-cache, no-transform"
    if ranges.has_it(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers={name: headers[name] for name in ("ETag", "Cache-Control")})
    digest = base64.b64encode(bytes.fromhex(made.sha256)).decode()
    headers["Repr-Digest"] = f"sha-256=:{digest}:"
    path = context.nb.run_folder(run.id) / made.path
    is_local = await context.reading.run(path.is_file)
    if elsewhere := await context.reading.run(_elsewhere, context, made, is_local, headers["Content-Disposition"]):
        if request.method == "GET":  # what is signed is this one method
            return Elsewhere(elsewhere, 302, {"Cache-Control": "no-store"})
    elif not is_local:
        raise NoArtifact(f"The file of run {run.id} is not there any more. Run it again.")
    span, status = Span(0, made.bytes), 200
    if asked:
        found = ranges.within(asked, made.bytes)
        if found is None:
            return _outside(request, {"Content-Range": f"bytes */{made.bytes}"})
        span, status = found, 206
        headers["Content-Range"] = f"bytes {span.begin}-{span.end - 1}/{made.bytes}"
    headers["Content-Length"] = str(span.end - span.begin)
    return _answer(request, in_threads(context.reading, of_file(path, span)), status, headers)


def _elsewhere(context: Context, made: Artifact, is_local: bool, disposition: str) -> str | None:
    return context.nb.keeping.url(made, disposition, is_local=is_local)


def _growing(context: Context, request: Request, run: Run, shape: Shape, asked: ranges.Range | None) -> Response:
    headers = {**_headers(run, shape.filename, shape.format.media_type), **UNFINISHED}
    if asked is None or asked.suffix is not None or asked == ranges.Range(0):
        return _answer(request, Growing(context, run, shape.filename).to_the_end(), 200, headers)
    if asked.first > run.counters.bytes:
        return _outside(request, {})
    body = Growing(context, run, shape.filename, begin=asked.first)
    if asked.last is None or asked.last >= ENDLESS:
        headers["Content-Range"] = f"bytes {asked.first}-{ENDLESS}/*"
        return _answer(request, body.to_the_end(), 206, headers)
    end = min(asked.last + 1, run.counters.bytes)
    if end <= asked.first:
        return _outside(request, {})
    headers["Content-Range"] = f"bytes {asked.first}-{end - 1}/*"
    headers["Content-Length"] = str(end - asked.first)
    return _answer(request, body.committed(end), 206, headers)


async def partial(context: Context, request: Request, run: Run) -> Response:
    """What is committed of a run, made a valid file of its own. The whole file, where the run has finished.

    Raises NoArtifact where nothing is committed, NotRepresentable for a format that is made at the end.
    """
    if run.artifact:
        return await respond(context, request, run)
    if run.cursor is None:
        raise NoArtifact(f"Run {run.id} has written nothing yet; it is {run.state.replace('_', ' ')}.")
    job = _job(context, run)
    shape = await context.threads.run(_shape, job, run)
    tail = await context.threads.run(job.tail, run)
    headers = {
        **_headers(run, disposition.partial(shape.filename), shape.format.media_type),
        **UNFINISHED,
        "ETag": f'"{run.id}.{run.generation}.{run.counters.bytes}"',
        "Accept-Ranges": "none",
        "Narrowboat-Partial": "true",
        "Content-Length": str(run.counters.bytes + len(tail)),
    }

    async def body() -> AsyncIterator[bytes]:
        async for piece in Growing(context, run, shape.filename).committed(run.counters.bytes):
            yield piece
        yield tail

    return _answer(request, body(), 200, headers)


def planned(job: Delivering, output: Output) -> Shape:
    """What a file will be before there is a run; its name lacks the page. Raises UnknownFormat, BadParameter."""
    chosen = job.format(output)
    return Shape(f"{job.name}.{chosen.extension}", chosen)


def plain_headers(shape: Shape) -> dict[str, str]:
    """The headers of a file that nobody has asked to make yet."""
    return {
        "Content-Type": shape.format.media_type,
        "Content-Disposition": disposition.attachment(shape.filename),
        "Cache-Control": "no-store",
    }


def _shape(job: Delivering, run: Run) -> Shape:
    return Shape(job.filename(run), job.format(Output.parse(run.params["output"])))


def _job(context: Context, run: Run) -> Delivering:
    job = context.nb.jobs.get(run.job)
    if job is None:
        raise NoArtifact(f"This server does not know the job {run.job!r} any more, so it gives finished files alone.")
    if not isinstance(job, Delivering):
        raise NoArtifact(f"The file of run {run.id} is there once the run has ended.")
    return job


def _headers(run: Run, filename: str, media_type: str) -> dict[str, str]:
    return {
        "ETag": etag(run),
        "Accept-Ranges": "bytes",
        "Content-Type": media_type,
        "Content-Disposition": disposition.attachment(filename),
        "Content-Encoding": "identity",  # or a proxy that compresses holds it back, and changes ETag and ranges
        "X-Content-Type-Options": "nosniff",
        "X-Accel-Buffering": "no",  # or nginx keeps up to a gigabyte of it on its disk
    }


def _outside(request: Request, headers: dict[str, str]) -> Response:
    return problem(request, "range-not-satisfiable", 416, "The file has no such bytes.", headers=headers)


def without_body(status: int, headers: dict[str, str]) -> Response:
    """The answer to HEAD: the headers alone, and no length that is not the file's."""
    answer = Response(None, status, headers)
    if "Content-Length" not in headers:
        del answer.headers["Content-Length"]
    return answer


def _answer(request: Request, body: AsyncIterator[bytes], status: int, headers: dict[str, str]) -> Response:
    if request.method == "HEAD":
        return without_body(status, headers)
    return StreamingResponse(body, status, headers)
