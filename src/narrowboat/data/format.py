"""Format: how rows become bytes. The protocol every format in `formats/` keeps.

A writer is a pure machine: rows in, bytes out, its whole state a small JSON value. So a run goes on after
kill -9 from the state committed with the last chunk, and the file as it would be if it ended now is
the committed bytes plus `end()` of a writer made from that state.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

from narrowboat.data.columns import Column
from narrowboat.data.source import Row

State: TypeAlias = dict[str, Any]
"""A writer's whole state as JSON: offsets, CRCs, sizes, members, sheet, row. Opaque to everyone but its writer."""


class Table(NamedTuple):
    """One table of the output: a sheet of a workbook, a member of a zip, or the whole file."""

    name: str
    columns: tuple[Column, ...]


class Alteration(NamedTuple):
    """A cell that could not be written as it was. Reported, never silent."""

    row: int
    """1-based row of the table, the header not counted."""
    column: str
    code: str
    """Stable: `cut-at-32767`, `control-characters`, `not-utf-8`, `formula-escaped`, `not-finite`, `written-as-text`,
    `left-empty`."""


class Alterations:
    """What a writer altered since it was last asked: a count by code, and the first few by place."""

    KEEP = 20
    __slots__ = ("counts", "first")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.first: list[Alteration] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alterations) and (self.counts, self.first) == (other.counts, other.first)

    def add(self, row: int, column: str, code: str) -> None:
        """Note one altered cell."""
        self.counts[code] = self.counts.get(code, 0) + 1
        if len(self.first) < self.KEEP:
            self.first.append(Alteration(row, column, code))


class Writer(Protocol):
    """Turns blocks of rows into the bytes of one file. Never keeps rows; memory is one block.

    The same calls with the same rows give the same bytes, wherever the work was interrupted and taken
    up again from `state()`, for one build of the codec.
    """

    alterations: Alterations
    """Filled while encoding; whoever commits the chunk takes it and puts a fresh one."""

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        """Open the next table (closing the one before) and write its header. `sample`: its first block, for widths."""
        ...

    def block(self, rows: Sequence[Row]) -> bytes:
        """Encode one block of the current table."""
        ...

    def end(self) -> bytes:
        """Close everything. A writer with no table yields a valid empty file."""
        ...

    def state(self) -> State:
        """The state after the bytes returned so far."""
        ...


class Format(Protocol):
    """A kind of file, with its options already chosen."""

    @property
    def extension(self) -> str:
        """With its dots but the first: `xlsx`, `csv.gz`."""
        ...

    @property
    def media_type(self) -> str: ...

    @property
    def raw_text(self) -> bool:
        """Whether text cells are better handed over as UTF-8 bytes."""
        ...

    @property
    def several_tables(self) -> bool:
        """Whether one file can hold several tables."""
        ...

    @property
    def codec(self) -> str:
        """The builds the bytes depend on, for the manifest: `isal 1.7.2`; empty for none."""
        ...

    def writer(self, state: State | None = None) -> Writer:
        """A writer at the start of a file, or at `state`."""
        ...

    def assemble(self, spool: Path, out: Path) -> None:
        """Make the file from what the writer wrote; only where `spools` is True."""
        ...

    @property
    def spools(self) -> bool:
        """True where the writer's bytes are a spool and `assemble` makes the file at the end (parquet).

        Such a file cannot be followed while it grows.
        """
        ...


Options: TypeAlias = Mapping[str, str | int | bool]
"""Options of a format by name, as they come from a job definition or a request; each format checks its own."""
