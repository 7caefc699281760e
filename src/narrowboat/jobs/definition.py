"""Definition: what the four kinds of job have in common, for those who list, start and run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from narrowboat.data.columns import Column
from narrowboat.data.format import Format
from narrowboat.data.source import Count
from narrowboat.errors import UnknownJob
from narrowboat.jobs.output import Output
from narrowboat.jobs.parameters import Parameter
from narrowboat.jobs.tables import Advice
from narrowboat.kernel.model import Lease, NewRun, Run
from narrowboat.kernel.work import Work
from narrowboat.people.requester import NOBODY, Requester


class Definition(Protocol):
    """A job as the application registered it. Every one is a `kernel.work.Job` too."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str:
        """`export`, `report`, `import` or `documents`."""
        ...

    @property
    def title(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What a person may say when starting it."""
        ...

    @property
    def queue(self) -> str: ...

    @property
    def priority(self) -> int: ...

    @property
    def time_limit(self) -> float | None:
        """Seconds."""
        ...

    @property
    def limit(self) -> int | None:
        """Runs of one user under way; one more is refused."""
        ...

    def again(self, run: Run, attributes: Mapping[str, Any] | None = None) -> NewRun:
        """The same request as a new run. attributes: of its owner now; None: those it had."""
        ...

    def retrying(self, run: Run, folder: Path, attributes: Mapping[str, Any] | None = None) -> NewRun:
        """What `run` rejected again, as a new run. folder: of the run; attributes: as of `again`.

        Raises NothingToRetry.
        """
        ...

    def warm(self) -> None:
        """Load what most runs will need, so that the first one does not wait for it."""
        ...

    def open(self, lease: Lease, folder: Path) -> Work:
        """See `kernel.work.Job`."""
        ...


@runtime_checkable
class Remembered(Protocol):
    """A job whose runs are remembered where their rows went, beside the store."""

    def forget(self, run: Run) -> None:
        """Drop what is kept of the run there. Raises TargetUnavailable, TargetFailed."""
        ...


@runtime_checkable
class Delivering(Definition, Protocol):
    """A job whose point is a file in a format that people choose: an export, a report."""

    @property
    def formats(self) -> tuple[str, ...]:
        """Formats people may choose; empty: all. The first is the default."""
        ...

    def request(
        self,
        params: Mapping[str, Any],
        output: Output,
        *,
        owner: str,
        attributes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        not_before: float = 0.0,
        priority: int | None = None,
    ) -> NewRun:
        """A checked request. Raises BadParameter, UnknownFormat; nothing is started."""
        ...

    @property
    def usual(self) -> Output:
        """What nobody chose otherwise."""
        ...

    def format(self, output: Output) -> Format:
        """The format a person chose. Raises UnknownFormat, BadParameter."""
        ...

    def count_rows(self, params: Mapping[str, Any], output: Output, requester: Requester = NOBODY) -> Count | None:
        """How many rows a run of this person would deliver now; None if only reading them would tell."""
        ...

    def columns(self, params: Mapping[str, Any], requester: Requester = NOBODY) -> tuple[Column, ...]:
        """The columns that this person may choose of. Asks the source."""
        ...

    def missing_indexes(
        self, params: Mapping[str, Any], output: Output, requester: Requester = NOBODY
    ) -> Sequence[Advice]:
        """Indexes that a run of this person would need. Asks the source."""
        ...

    def filename(self, run: Run) -> str:
        """What the file is called, without a path."""
        ...

    def tail(self, run: Run) -> bytes:
        """What makes the committed bytes of an unfinished run a valid file. Raises NotRepresentable."""
        ...


def delivering(job: Definition) -> Delivering:
    """The job, if it makes a file in a format that people choose. Raises UnknownJob."""
    if not isinstance(job, Delivering):
        raise UnknownJob(f"{job.name!r} is no export: jobs of its kind ({job.kind}) are started in another way.")
    return job
