"""Engine: what writing to a table needs of a database. SQLite and PostgreSQL each provide it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, TypeAlias

from narrowboat.data.columns import Type
from narrowboat.data.records.problem import Problem

STAGE = "narrowboat_stage"
"""The temporary table that a chunk's rows are put into first: their place in the chunk, `narrowboat_row`, columns."""
PLACE, ROW = "narrowboat_place", "narrowboat_row"


class Refusal(Exception):
    """The database refused a statement because of what is in its rows. Told of the one row, once it is alone."""

    def __init__(self, problem: Problem, key: Sequence[str] = ()) -> None:
        """key: the columns of the unique index that another record is in the way of."""
        super().__init__(problem.message)
        self.problem, self.key = problem, key


class Again(Exception):
    """The transaction met another one, and is worth beginning anew: a deadlock, a serialization failure."""


class Key(NamedTuple):
    """Columns that identify a record, by a unique index that covers all rows."""

    columns: tuple[str, ...]


class Catalogue(NamedTuple):
    """What the database says of a table."""

    sql: str
    """Its name, quoted, with its schema."""
    ref: str
    """Its name, quoted, as columns are told by in a statement that changes it."""
    columns: tuple[str, ...]
    computed: frozenset[str]
    """Columns that nobody may write."""
    types: tuple[Type, ...]
    """One a column."""
    required: frozenset[str]
    """Columns that take no null and have no value of their own."""
    primary: tuple[str, ...]
    keys: tuple[Key, ...]
    deferrable: bool = False
    """Whether a key may be checked later than at once, so that an insert cannot pass over what it refuses."""
    followed: bool = False
    """Whether triggers may change a record after a statement has told what became of it."""


Values: TypeAlias = Sequence[Any]


class Engine(Protocol):
    """One connection. Its methods raise Refusal, Again, TargetUnavailable and TargetFailed for the driver's errors."""

    connection: Any
    tells_rows: bool
    """Whether an update can return columns of the stage too."""
    locking: str
    """What keeps records that were found as they are until the transaction ends: ` for update of t`, or nothing."""

    def errors(self) -> AbstractContextManager[None]:
        """Raises what is said above for the driver's errors inside."""
        ...

    def catalogue(self, name: str) -> Catalogue:
        """Raises TargetFailed where there is no such table."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name, which is one of our own."""
        ...

    def identity(self, table: Catalogue) -> tuple[str, ...]:
        """The primary key's columns, quoted; without one, what else tells records apart within a transaction."""
        ...

    def mark(self, table: Catalogue) -> Any:
        """See `data.target.Loading`."""
        ...

    def age(self, table: Catalogue) -> str:
        """Words for what tells how new the record `t` is."""
        ...

    def is_newer(self, age: Any, mark: Any) -> bool:
        """Whether a record of this age was written after the mark."""
        ...

    def image(self, table: Catalogue, prefix: str) -> str:
        """Words for all of a record as text. prefix: what the table is called in the statement."""
        ...

    def put_back(self, table: Catalogue, records: Sequence[tuple[Values, str]]) -> None:
        """Make records as their images say."""
        ...

    def remove(self, table: Catalogue, record: Values) -> None:
        """Remove a record. Raises Refusal with `words.NO_PARENT` where others refer to it."""
        ...

    def remove_staged(self, table: Catalogue, rows: Sequence[int]) -> None:
        """Remove the records of these rows of the stage, which holds their primary keys. Raises Refusal as `remove`."""
        ...

    def prepare(self, table: Catalogue, columns: Sequence[str]) -> None:
        """Make the stage for these columns."""
        ...

    def stage(self, rows: Iterable[Values]) -> None:
        """Fill the stage with these rows and no others, in this order; the first value of each is its number."""
        ...

    def unstage(self, rows: Sequence[int]) -> None:
        """Take rows out of the stage."""
        ...

    def execute(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a statement; the rows that it gives. `?` stands for a value, `in ?any` for a list of them."""
        ...

    def execute_many(self, statement: str, rows: Sequence[Values]) -> None:
        """The same statement for many sets of values."""
        ...

    def begin(self) -> None: ...

    def settle(self) -> None:
        """Check now what would be checked at the end of the transaction."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def make_table(engine: Engine, name: str, statement: str) -> None:
    """Make a table of our own outside of any transaction, if it is missing."""
    if engine.has_table(name):
        return
    try:
        engine.execute(statement)
    except Refusal:  # PostgreSQL's `if not exists` fails where somebody else makes it at the same moment
        if not engine.has_table(name):
            raise


def removing(table: Catalogue) -> str:
    """The statement that deletes the records of some rows of the stage."""
    primary = listed(table.primary)
    chosen = f"select {primary} from {STAGE} where {ROW} in ?any"  # noqa: S608  all quoted
    return f"delete from {table.sql} where ({primary}) in ({chosen})"  # noqa: S608  all quoted


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str], prefix: str = "") -> str:
    """Identifiers for a list: `t."a", t."b"`."""
    return ", ".join(prefix + quoted(name) for name in names)
