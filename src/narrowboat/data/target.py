"""Target: where imported rows go. The protocol every target in `targets/` keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from narrowboat.data.records.field import Lookup
from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record


class Mode(StrEnum):
    """What a row does, by whether a record with one of its unique keys exists."""

    CREATE = "create"
    """A new record; a row whose record exists is refused."""
    UPDATE = "update"
    """Changes the record; a row without one is refused."""
    UPSERT = "upsert"
    """Changes the record, or creates it."""
    SKIP = "skip"
    """Creates the record; a row whose record exists is left alone."""


class Wish(NamedTuple):
    """What an attempt at a run wants of its target."""

    run: str
    fence: int
    """Rises with every attempt: an older one must not commit any more."""
    columns: tuple[str, ...]
    """One a value of a record."""
    updated: frozenset[str]
    """Columns that an update may change: those that the file has."""
    unique: tuple[tuple[str, ...], ...]
    """Keys by which a row's record is found, each of one column or several."""
    mode: Mode
    filled: tuple[str, ...] = ()
    """Columns that the requester fills: a record with another value there is not theirs, as if it were not there."""
    undo: bool = False
    """Keep what is needed to take the run back."""
    since: Any = None
    """What `mark` gave when the run began."""
    dry_run: bool = False
    """Nothing will be committed."""


class What(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    REJECTED = "rejected"


class Outcome(NamedTuple):
    """What became of a row. record: which one it became or met. A problem's column is the target's."""

    what: What
    record: str | None = None
    problem: Problem | None = None
    key: int | None = None
    """Which of the unique keys found the record that is in the way."""


class Receipt(NamedTuple):
    """The last chunk of the run that the target has: its number, and what was noted with it."""

    number: int
    text: str


Earlier: TypeAlias = Callable[[Collection[str]], Mapping[str, int]]
"""Records to the row of this file that an earlier chunk made them of; those that it did not are left out."""


class Loading(Protocol):
    """An attempt at a run, connected to its target. Used by one thread, but for `interrupt`.

    All methods raise TargetUnavailable (worth trying again) or TargetFailed.
    """

    def warnings(self) -> Sequence[str]:
        """What a person should know before: unique keys without an index."""
        ...

    def mark(self) -> Any:
        """A JSON value by which records written from now on can be told from older ones; `write` goes by it too."""
        ...

    def find(self, lookup: Lookup, values: Sequence[Any]) -> Mapping[Any, Any]:
        """Values to what they stand for, a Problem where that is unclear; those that stand for nothing are left out."""
        ...

    def take_over(self) -> Receipt | None:
        """From now on no older fence of this run commits here. Raises LeaseLost where a newer one did so."""
        ...

    def write(self, records: Sequence[Record], earlier: Earlier) -> Sequence[Outcome]:
        """Write a chunk in one transaction, which stays open. One outcome a record, in their order.

        No two of the records share a unique key.
        """
        ...

    @property
    def connection(self) -> Any:
        """The driver's connection with the transaction that `write` left open; None where there is none."""
        ...

    def note(self, number: int, text: str) -> None:
        """Leave a receipt in the transaction. Raises LeaseLost where a newer fence took over."""
        ...

    def forget(self) -> None:
        """Drop the run's receipt."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None:
        """Harmless where there is no transaction."""
        ...

    def interrupt(self) -> None:
        """Stop the statement that is running, from another thread."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


@runtime_checkable
class Target(Protocol):
    """Where rows can be written. Inert: it connects in `open`, and holds nothing before."""

    @property
    def transactional(self) -> bool:
        """Whether rows and receipt commit together. If not, a chunk may arrive again after a crash."""
        ...

    def is_in(self, url: str) -> bool:
        """Whether this is in the database at `url`, so that one transaction can hold both."""
        ...

    def open(self, wish: Wish) -> Loading:
        """Raises TargetUnavailable, TargetFailed, and BadConfiguration where the target cannot do what is wished."""
        ...


class Image(NamedTuple):
    """A record as a run left it, and as it was before; before is None where the run created it."""

    row: int
    record: str
    before: str | None
    after: str


class Restoring(Protocol):
    """An attempt at taking a run back. Used as `Loading` is."""

    def count(self) -> int:
        """Images that are left."""
        ...

    def images(self, before: int | None, limit: int) -> Sequence[Image]:
        """The next images, the last row first: those of rows below `before`, or all where it is None."""
        ...

    def restore(self, images: Sequence[Image]) -> Sequence[Outcome]:
        """Take these back, in a transaction that stays open: CREATED ones are removed, UPDATED ones put as they were.

        A record that was changed since is left as it is, and REJECTED.
        """
        ...

    def take_over(self) -> Receipt | None: ...

    @property
    def connection(self) -> Any: ...

    def note(self, number: int, text: str) -> None: ...

    def forget(self) -> None:
        """Drop the run's receipt."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


@runtime_checkable
class Reversible(Protocol):
    """A target that can take a run back."""

    def reopen(self, wish: Wish, undone: str) -> Restoring:
        """undone: the run to take back; `wish.run` is the run that does so."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A target that keeps something of a run beside its rows: receipts, images."""

    def forget(self, run: str) -> None:
        """Drop all of it. Harmless where there is nothing. Raises TargetUnavailable, TargetFailed."""
        ...


@runtime_checkable
class Loadable(Protocol):
    """A target whose driver takes a while to load."""

    def load(self) -> None:
        """Load it, and connect to nothing. Raises MissingExtra."""
        ...
