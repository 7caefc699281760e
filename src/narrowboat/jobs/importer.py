"""Import: the definition of a job that turns a spreadsheet into records of a target."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from narrowboat.data.columns import Column
from narrowboat.data.records.field import Field, declared
from narrowboat.data.records.manners import Manners
from narrowboat.data.records.rules import Rules
from narrowboat.data.records.validator import Check
from narrowboat.data.target import Loadable, Mode, Remembering, Reversible, Target, Wish
from narrowboat.errors import (
    BadConfiguration,
    IllegalTransition,
    NotAllowed,
    NothingToRetry,
    NotReversible,
    UnknownJob,
)
from narrowboat.jobs import filling
from narrowboat.jobs.definition import Definition
from narrowboat.jobs.input import Input
from narrowboat.jobs.parameters import Parameter
from narrowboat.jobs.sheet import Opener, isolated
from narrowboat.kernel.model import Lease, NewRun, Run
from narrowboat.kernel.work import Work
from narrowboat.people.requester import Requester

if TYPE_CHECKING:
    from pydantic import BaseModel

UNDO = "undo"
"""The kind of a run that takes another one back."""
ACCOUNTED = ("import", UNDO)
"""Kinds of run that tell what became of each row, and whose file is of those that were refused."""
FOREVER = 1e12


class Import(NamedTuple):
    """What rows of a file become, and what holds for runs of it."""

    name: str
    row: type[BaseModel] | tuple[Field, ...]
    into: Target
    home: Callable[[], str]
    """Gives the URL of the database of runs: a target in it is committed together with the runs."""
    unique: tuple[tuple[str, ...], ...] = ()
    mode: Mode = Mode.CREATE
    title: str = ""
    description: str = ""
    undo: bool = False
    """Keep what is needed to take a run back."""
    manners: Manners = Manners()
    queue: str = "default"
    priority: int = 0
    time_limit: float | None = None
    """Seconds."""
    limit: int | None = None
    """Runs of one user under way; one more is refused."""
    block_rows: int = 500
    preview: int = 100
    """A file whose first so many rows are all refused for the same reason is refused as a whole; 0: never."""
    opener: Opener = isolated
    """Opens the file."""

    @property
    def kind(self) -> str:
        return "import"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of a record, in the order of its values."""
        if isinstance(self.row, tuple):
            return self.row
        from narrowboat.data.records.model import fields_of

        return fields_of(self.row)

    @property
    def asked(self) -> tuple[Field, ...]:
        """The fields that a file may have: not those that the requester fills."""
        return tuple(field for field in self.fields if not field.requester)

    @property
    def allowed(self) -> Mapping[str, tuple[Any, ...]]:
        """What may stand in a cell, of fields where that is a list."""
        found = {field.name: tuple(field.values) for field in self.fields if field.values}
        if isinstance(self.row, tuple):
            return found
        from narrowboat.data.records.model import choices_of

        return choices_of(self.row) | found

    def check(self) -> Check | None:
        """The model's check of a row; None without a model."""
        if isinstance(self.row, tuple):
            return None
        from narrowboat.data.records.model import ModelCheck

        return ModelCheck(self.row, self.manners.region)

    def request(
        self,
        given: Input,
        *,
        owner: str,
        attributes: Mapping[str, Any] | None = None,
        like: Run | None = None,
        again: bool = False,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
    ) -> NewRun:
        """A run over a file. again: also if this content was imported by this owner before.

        attributes: of the owner, for fields that the requester fills; None: as those of the run `like` were filled.
        Raises MissingAttribute.
        """
        taken = like.params.get("requester") if like and attributes is None else self.filling(owner, attributes)
        same = [self.digest(), given.identity(), owner, *([taken] if taken else ())]
        identity = hashlib.sha256(json.dumps(same, sort_keys=True).encode())
        record = {"params": {}, "output": {}, "input": given.as_json(), **({"requester": taken} if taken else {})}
        return NewRun(
            job=self.name,
            kind=self.kind,
            params=record,
            owner=owner,
            queue=self.queue,
            priority=self.priority if priority is None else priority,
            not_before=not_before,
            time_limit=self.time_limit,
            block_rows=self.block_rows,
            idempotency_key=idempotency_key,
            identity=None if again or not_before else identity.hexdigest(),
            share_within=FOREVER,
            share_ended=True,
            limit=self.limit,
        )

    def filling(self, owner: str, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
        """What its records have from who asks. Raises MissingAttribute."""
        return filling.filling(self.fields, Requester(owner, attributes or {}))

    def undoing(self, run: Run, owner: str, attributes: Mapping[str, Any] | None = None) -> NewRun:
        """A run that takes `run` back. attributes: of its owner now; None: it does not matter.

        Raises NotReversible, IllegalTransition, and NotAllowed where its records would not be the owner's any more.
        """
        if not run.ended or run.kind != self.kind:
            raise IllegalTransition(f"Run {run.id} is no import that has ended; only such a one can be taken back.")
        if attributes is not None and self.filling(run.owner, attributes) != run.params.get("requester", {}):
            raise NotAllowed(f"The records of run {run.id} are not yours any more. Ask who runs this server.")
        return self.taking_back(run.id, owner)._replace(parent=run.id, relation=UNDO)

    def taking_back(self, run: str, owner: str) -> NewRun:
        """A run that takes back what the run of this id left in the target. Raises NotReversible."""
        if not self.undo or not isinstance(self.into, Reversible):
            raise NotReversible(f"Runs of {self.name!r} cannot be taken back: it was not defined with undo=True.")
        return NewRun(
            job=self.name,
            kind=UNDO,
            params={"params": {}, "output": {}, UNDO: run},
            owner=owner,
            queue=self.queue,
            priority=self.priority,
            block_rows=self.block_rows,
            identity=hashlib.sha256(f"{UNDO} {run}".encode()).hexdigest(),
        )

    def again(self, run: Run, attributes: Mapping[str, Any] | None = None) -> NewRun:
        """The same file again, as a new run. Raises IllegalTransition for one that took another back."""
        if run.kind == UNDO:
            raise IllegalTransition(f"Run {run.id} took an import back; ask for that again by the import's own run.")
        given = Input.parse(run.params["input"])
        return self.request(given, owner=run.owner, attributes=attributes, like=run, again=True)

    def retrying(self, run: Run, folder: Path, attributes: Mapping[str, Any] | None = None) -> NewRun:
        """The rows that `run` refused again, from its file of rejects, with the same choices.

        Raises NothingToRetry, and IllegalTransition as `again` does.
        """
        if run.kind == UNDO:
            return self.again(run, attributes)
        from narrowboat.data.formats.xlsx.writer import EXCEL

        made = run.artifact
        if made is None or not (folder / made.path).exists():
            raise NothingToRetry(
                f"The file of rows that run {run.id} refused is not here: it is made when a run has come to its end"
                f"{'' if made is None else ', and was moved to where finished files are kept; import it from there'}."
            )
        if made.manifest["rows"] >= EXCEL.rows:
            raise NothingToRetry(f"Run {run.id} refused more rows than a sheet holds: import its file sheet by sheet.")
        asked = Input.parse(run.params["input"])
        file = asked._replace(
            path=str(folder / made.path), sha256=made.sha256, name=made.path, sheet=0, header=1, upload=None
        )
        return self.request(file, owner=run.owner, attributes=attributes, like=run, again=True)

    def forget(self, run: Run) -> None:
        """See `jobs.definition.Remembered`."""
        if isinstance(self.into, Remembering):
            self.into.forget(run.id)

    def digest(self) -> str:
        """Of all in the definition that decides what becomes of a row, as far as it can be told."""
        row = [_described(field) for field in self.row] if isinstance(self.row, tuple) else _source(self.row)
        parts = [self.name, row, repr(self.into), self.unique, self.mode.value, repr(self.manners)]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()

    def warm(self) -> None:
        """Load what checks rows."""
        _ = self.fields

    def load(self) -> None:
        """Load what checks rows and what writes them."""
        self.warm()
        if isinstance(self.into, Loadable):
            self.into.load()

    def wish(self, run: str, fence: int, **more: Any) -> Wish:
        """What an attempt wants of the target."""
        columns = tuple(field.name for field in self.fields)
        filled = tuple(field.name for field in self.fields if field.requester)
        fixed = {"columns": columns, "updated": frozenset(columns), "unique": self.unique, "filled": filled, **more}
        return Wish(run, fence, mode=self.mode, undo=self.undo, **fixed)

    def open(self, lease: Lease, folder: Path) -> Work:
        """See `kernel.work.Job`."""
        if lease.run.kind == UNDO:
            from narrowboat.jobs.undoing import Undoing

            return Undoing(self, lease, folder)
        from narrowboat.jobs.importing import Importing

        return Importing(self, lease, folder)

    def filename(self, run: Run) -> str:
        """What the file of rejects is called."""
        return f"{self.name}-{'not-undone' if run.kind == UNDO else 'rejects'}.xlsx"


def importing(job: Definition) -> Import:
    """The job, if it is an import. Raises UnknownJob."""
    if not isinstance(job, Import):
        raise UnknownJob(f"{job.name!r} is no import: jobs of its kind ({job.kind}) are started in another way.")
    return job


def define(
    name: str,
    *,
    row: type[BaseModel] | Sequence[Field | Column | str],
    into: Target,
    home: Callable[[], str],
    unique: Sequence[str | Sequence[str]],
    mode: str,
    manners: Manners | None,
    **terms: Any,
) -> Import:
    """A definition as people write it, checked as far as that goes without a connection. Raises BadConfiguration."""
    if mode not in tuple(Mode):
        raise BadConfiguration(f"mode={mode!r} is not known: use {', '.join(Mode)}.")
    job = Import(name, row_of(row), into, home, unique_of(unique), Mode(mode), manners=manners or Manners(), **terms)
    job.check()
    filling.check(job.fields)
    names = [field.name for field in job.fields]
    if lacking := [column for key in job.unique for column in key if column not in names]:
        raise BadConfiguration(f"unique=… names {lacking[0]!r}, which is no field. Fields: {', '.join(names)}.")
    return job


def row_of(given: type[BaseModel] | Sequence[Field | Column | str]) -> type[BaseModel] | tuple[Field, ...]:
    """What a definition says of a row: a pydantic model, or fields. Raises BadConfiguration."""
    if isinstance(given, type):
        if not hasattr(given, "model_fields"):
            raise BadConfiguration(f"row={given.__name__} is no pydantic model; give one, or a list of fields.")
        return given
    fields = tuple(declared(one) for one in given)
    names = [field.name for field in fields]
    if not names or len(set(names)) < len(names):
        raise BadConfiguration("row=… needs fields, each with a name of its own.")
    for field in fields:
        if isinstance(field.check, Rules):
            field.check.fit(field.type)
    return fields


def unique_of(given: Sequence[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Keys: a name is a key of one column, a sequence of names one of several."""
    return tuple((key,) if isinstance(key, str) else tuple(key) for key in given)


def _described(field: Field) -> dict[str, Any]:
    """The same in every process: functions by their text."""
    plain = field._replace(transform=None, check=None, values={})._asdict()
    made = [_source(one) for one in (field.transform, field.check) if one]
    return {**plain, "values": dict(field.values), "made": made}


def _source(thing: Any) -> str:
    """The text of a model or a function, which has its rules; where there is none, its name or what it says it is."""
    if isinstance(thing, partial):
        return f"{_source(thing.func)} {thing.args} {thing.keywords}"
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        kind: Any = type(thing)
        named = kind if kind.__repr__ is object.__repr__ else thing
        return str(getattr(named, "__qualname__", named))
