"""Rejecting: the refused rows of a run, for its store and as a file that can be put right and imported as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import State, Table
from narrowboat.data.records.mapping import REPORTED
from narrowboat.data.records.record import Rejected
from narrowboat.jobs.artifact import PartFile, prepare, put
from narrowboat.kernel.model import Artifact, Extent, Lease, Reject

if TYPE_CHECKING:
    from narrowboat.data.formats.xlsx.writer import Mark, XlsxWriter

KEPT: Final = 1000
"""Rejects of one chunk that are handed to the store, which keeps a bounded number of a run."""
KEPT_CHARACTERS: Final = 4 << 20
"""Their data is no longer than this either, but for the last one's."""


class Rejecting:
    """Writes the file of rejects: the original columns, then row, code and problem; cells at fault are marked.

    Nothing where there are none.
    """

    def __init__(self, lease: Lease, folder: Path, headers: Sequence[str], state: State | None) -> None:
        self._lease, self._folder = lease, folder
        self._places = [place for place, header in enumerate(headers) if header and header not in REPORTED]
        self._headers = [headers[place] for place in self._places]
        self._state = state
        self._writer: XlsxWriter | None = None
        self._file: PartFile | None = None

    def write(self, rejects: Sequence[Rejected], *, last: bool) -> Extent | None:
        """Add rows, and close the file after the last; the bytes that this made."""
        made = b""
        if rejects:
            rows = [self._row(reject) for reject in rejects]
            if not self._begun:
                made = self._opened().begin(Table("Rejects", self._columns()), rows)
            made += self._opened().block(rows, self._marks(rejects))
        if last and self._begun:
            made += self._opened().end()
        if not made:
            return None
        self._file = self._file or PartFile(self._folder, f"{self._lease.fence}.part")
        self._file.append(made)
        return self._file.extent()

    @property
    def _begun(self) -> bool:
        return self._writer is not None or self._state is not None

    def _opened(self) -> XlsxWriter:
        """The writer, made by the first row: most imports refuse none, and need none."""
        from narrowboat.data.formats.xlsx.format import Xlsx

        self._writer = self._writer or Xlsx().writer(self._state)
        return self._writer

    def state(self) -> State | None:
        """The writer's state; None where nothing was rejected yet."""
        return self._writer.state() if self._writer else self._state

    def _columns(self) -> tuple[Column, ...]:
        own = [Column(f"c{place}", label=header) for place, header in zip(self._places, self._headers, strict=True)]
        row, code, problem = REPORTED
        return (
            *own,
            Column("row", Type.INTEGER, row),
            Column("code", Type.TEXT, code),
            Column("why", Type.TEXT, problem),
        )

    def _marks(self, rejects: Sequence[Rejected]) -> set[Mark]:
        """The cells at fault."""
        at = {header: place for place, header in enumerate(self._headers)}
        named = ((row, problem.column) for row, one in enumerate(rejects) for problem in one.problems)
        return {(row, at[column]) for row, column in named if column in at}

    def _row(self, reject: Rejected) -> tuple[Any, ...]:
        codes = dict.fromkeys(problem.code for problem in reject.problems)
        return (*self._cells(reject), reject.row, ", ".join(codes), reject.message)

    def _cells(self, reject: Rejected) -> list[Any]:
        width = len(reject.cells)
        return [_writable(reject.cells[place]) if place < width else None for place in self._places]

    def kept(self, rejects: Iterable[Rejected]) -> tuple[Reject, ...]:
        """For the store: one a problem."""
        found: list[Reject] = []
        size = 0
        for one in rejects:
            if len(found) >= KEPT or size >= KEPT_CHARACTERS:
                break
            data = self.data(one)
            found += [Reject(one.row, problem.column, problem.code, problem.message, data) for problem in one.problems]
            size += len(one.problems) * sum(map(len, map(str, data.values())))
        return tuple(found[:KEPT])

    def data(self, reject: Rejected) -> dict[str, Any]:
        """The row as it stands in the file, by header."""
        return {name: _plain(cell) for name, cell in zip(self._headers, self._cells(reject), strict=True)}

    def publish(self, extents: Sequence[Extent], filename: str, facts: Mapping[str, Any]) -> Artifact | None:
        """Put the file in its place; None where nothing was rejected."""
        if self._file:
            self._file.close()
        return self._published(extents, filename, facts) if extents else None

    def _published(self, extents: Sequence[Extent], filename: str, facts: Mapping[str, Any]) -> Artifact:
        from narrowboat.data.formats.xlsx.format import Xlsx

        made = prepare(self._folder, filename, extents, None, fence=self._lease.fence)
        manifest = {
            "run": self._lease.run.id,
            "job": self._lease.run.job,
            "complete": True,
            "bytes": made.bytes,
            "sha256": made.sha256,
            "format": Xlsx.extension,
            "codec": Xlsx.codec,
            "block_rows": self._lease.run.block_rows,
            "altered": {"counts": {}, "first": []},
            **facts,
        }
        put(made, self._folder / filename, manifest)
        return Artifact(filename, Xlsx.media_type, made.bytes, made.sha256, manifest)

    def close(self) -> None:
        if self._file:
            self._file.close()


def _writable(cell: Any) -> Any:
    """A cell as the format takes it: an error of the spreadsheet as its text, a duration too."""
    plain = (str, int, float, bool, date, datetime, time, type(None))
    return cell if isinstance(cell, plain) else str(cell)


def _plain(cell: Any) -> Any:
    """A cell as JSON."""
    return cell if isinstance(cell, str | int | float | bool | None) else str(cell)
