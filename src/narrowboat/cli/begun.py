"""An export in its place: begun or gone on with, and what came of it put where people look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from narrowboat.app import Narrowboat
from narrowboat.cli.foreground import WORKER
from narrowboat.cli.outcome import say
from narrowboat.cli.place import Place
from narrowboat.data.sinks import Folder
from narrowboat.data.source import Source
from narrowboat.errors import BadParameter, NarrowboatError
from narrowboat.jobs import artifact
from narrowboat.jobs.export import Export
from narrowboat.jobs.output import Output
from narrowboat.jobs.parameters import Parameter
from narrowboat.kernel.model import CLAIMABLE, Filter, Request, Run, State


class Wanted(Protocol):
    """What is to be exported."""

    @property
    def output(self) -> Output: ...

    def sources(self) -> Mapping[str, Source]:
        """The tables of the file by name."""
        ...

    def digest(self) -> str:
        """The same for the same request, so that a resumed run is known to be the one meant."""
        ...


JOB = "export"
WHOLE = (State.SUCCEEDED, State.PARTIAL)


def check(place: Place, *, resume: bool, force: bool) -> None:
    """Replace no file, and forget nothing that was begun, unless told to. Raises BadParameter."""
    if not place.begun and not force:
        refuse_to_replace(place)
    if not place.begun or resume:
        return
    if not force:
        raise BadParameter(
            f"An export to {place.target} was begun and not finished. Go on with --resume, or begin again with --force."
        )
    place.forget()


def refuse_to_replace(place: Place) -> None:
    """Raises BadParameter if the file is there."""
    if place.target.exists():
        raise BadParameter(f"{place.target} exists. Replace it with --force, or name another file.")


@contextmanager
def at(place: Place, asked: Wanted, *, time_limit: float | None) -> Iterator[Narrowboat]:
    """A Narrowboat whose only job is this export, with its state in the place."""
    nb = Narrowboat(place.store, folder=place.folder, sink=Folder(keep_free=0))
    # The digest is the run's parameter, so that --resume notices other arguments.
    digest = Parameter("request", str, required=True, nullable=False)
    nb.register(Export(JOB, lambda request: asked.sources(), (digest,), title=JOB, time_limit=time_limit))
    try:
        yield nb
    finally:
        nb.store.close()


def begin(nb: Narrowboat, asked: Wanted, place: Place, *, force: bool) -> Run:
    """The run to work on: the one that was begun, else a new one. Raises BadParameter."""
    found = next(iter(nb.store.find(Filter(limit=1))), None) if place.begun else None
    if found and found.params["params"]["request"] != asked.digest():
        raise BadParameter(
            f"What was begun at {place.target} is another export. Resume with the same arguments, or use --force."
        )
    if found and found.state in WHOLE and not _made(nb, found).exists():
        return found  # it was stopped just after the file had been put in its place
    if not force:
        refuse_to_replace(place)
    # Asked of the store itself: there are no workers of a server to call.
    new = nb.delivering(JOB).request({"request": asked.digest()}, asked.output, owner="")
    return go_on(nb, found) if found else nb.store.submit(new).run


def go_on(nb: Narrowboat, found: Run) -> Run:
    """A run that was begun in this place, ready to be worked on: its lock is ours, so whoever did so is gone."""
    nb.store.reconcile([WORKER], barren_limit=nb.settings.barren_limit)
    run = nb.store.get(found.id)
    return run if run.state in (*CLAIMABLE, *WHOLE) else nb.store.request(run.id, Request.RESUME)


def _made(nb: Narrowboat, run: Run) -> Path:
    return nb.run_folder(run.id) / (run.artifact.path if run.artifact else "")


def put(nb: Narrowboat, run: Run, place: Place, *, manifest: bool) -> Path | None:
    """The file of a run that ended, put in its place; of one that was stopped, what there is of it. None if nothing."""
    if run.state in WHOLE:
        if (made := _made(nb, run)).exists():
            place.deliver(made, manifest=manifest)
        place.finished = True
        return place.target
    if run.seq == 0:
        place.finished = True
        return None
    return _partial(nb, run, place) if run.state in (State.CANCELLED, State.TIMED_OUT) else None


def _partial(nb: Narrowboat, run: Run, place: Place) -> Path | None:
    try:
        tail = nb.delivering(JOB).tail(run)
        place.keep_partial(_pieces(nb, run, tail))
    except (NarrowboatError, OSError) as error:
        say(f"There is no {place.partial.name}: {error}")
        return None
    return place.partial


def _pieces(nb: Narrowboat, run: Run, tail: bytes) -> Iterator[bytes]:
    after = -1
    while rows := nb.store.chunks(run.id, after=after):
        yield from artifact.read_extents(nb.run_folder(run.id), (row.extent for row in rows))
        after = rows[-1].seq
    yield tail


def how_to_go_on(asked: Wanted) -> str:
    """A sentence for people whose export was stopped."""
    try:
        reasons = [
            shape.no_key_because for shape in (source.shape() for source in asked.sources().values()) if not shape.key
        ]
    except NarrowboatError:
        reasons = []
    if reasons:
        return f"The same command with --resume starts from the first row: {reasons[0]}"
    return "Go on with the same command and --resume."
