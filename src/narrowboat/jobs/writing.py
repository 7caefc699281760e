"""Writing: one attempt at a run that turns rows into an artifact (exports; reports use it too)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from narrowboat.data.format import Alterations, Format
from narrowboat.data.source import Block, Reader, Source, Visit, visit
from narrowboat.jobs.artifact import PartFile, prepare, put
from narrowboat.jobs.tables import Named, count, header
from narrowboat.kernel.model import Artifact, Chunk, Counters, Cursor, Extent, Lease

START: Cursor = {"table": 0, "position": None, "rows": [], "writer": None, "altered": {"counts": {}, "first": []}}


class Writing:
    """Implements `kernel.work.Work`.

    The cursor holds: `table`, the index of the table under way; `position` in its source; `rows` written of each
    table begun; the writer's state; what was altered so far; `done`.
    """

    def __init__(
        self,
        lease: Lease,
        folder: Path,
        *,
        format: Format,
        tables: Callable[[], tuple[Named, ...]],
        filename: str,
        pinned: bool,
        chunk_rows: int | None = None,
    ) -> None:
        """pinned: a broken attempt starts from zero. chunk_rows: a chunk has at most so many, but one block."""
        self._lease, self._folder, self._filename = lease, folder, filename
        self._format = format
        self._cursor: Cursor = lease.run.cursor or START
        self._reader: Reader | None = None
        self._visit: Visit | None = None
        self._file: PartFile | None = None
        self._interrupted = False
        self._most = max(1, chunk_rows // lease.run.block_rows) if chunk_rows else None
        self.resumable = True
        if not self._cursor.get("done"):
            try:
                self._prepare(tables(), pinned)
            except BaseException:
                self.close()
                raise

    def _prepare(self, tables: tuple[Named, ...], pinned: bool) -> None:
        self._tables = tables
        # The table to be read first is asked, counted and read over one connection.
        self._first = self._cursor["table"]
        self._visit = visit(tables[self._first].source)
        sources: list[Source | Visit] = [table.source for table in tables]
        sources[self._first] = self._visit
        self._shapes = [source.shape() for source in sources]
        self.resumable = not pinned and all(shape.resumable for shape in self._shapes)
        self._restart = self._lease.run.seq > 0 and not (self.resumable and _has_place(self._cursor))
        if self._restart:
            self._cursor = START
        self._total = count(sources) if self._cursor is START else None
        self._rows = list(self._cursor["rows"])
        self._table, self._position = self._cursor["table"], self._cursor["position"]
        self._writer = self._format.writer(self._cursor["writer"])
        self._file = PartFile(self._folder, f"{self._lease.fence}.part")
        self._blocks = self._encoded(self._file)
        self._ended = self._restarted = False

    def advance(self, blocks: int) -> Chunk:
        """See `kernel.work.Work`."""
        rows = sum(islice(self._blocks, min(blocks, self._most or blocks)))
        if self._restarted and self._file:
            self._file.remove_others()
            self._restarted = False
        chunk = self._chunk(rows)
        self._restarted, self._restart, self._total = self._restart, False, None
        return chunk

    def _encoded(self, file: PartFile) -> Iterator[int]:
        """Write block after block, table after table; yields the rows of each. The end comes with the last of them."""
        last = len(self._tables) - 1
        for index in range(self._cursor["table"], last + 1):
            for block, more in self._read(index):
                rows = self._write(file, index, block)
                if index == last and not more:
                    file.append(self._writer.end())
                    self._ended = True
                yield rows

    def _read(self, index: int) -> Iterator[tuple[Block, bool]]:
        """The blocks of a table that are still to be written, and whether more follow. One at least, if it is empty."""
        full = self._lease.run.block_rows
        after = self._cursor["position"] if index < len(self._rows) else None
        self._reader = self._source(index).open(after=after, rows=full, raw_text=self._format.raw_text)
        self._visit = None  # the reader has its connection
        if self._interrupted:
            self._reader.cancel()
        for block in self._reader.blocks():
            yield block, len(block.rows) == full
            if len(block.rows) < full:
                break
        else:
            yield Block((), self._position if index < len(self._rows) else None), False
        self._reader.close()

    def _source(self, index: int) -> Source | Visit:
        if self._visit and index == self._first:
            return self._visit
        if self._visit:
            self._visit.close()  # the run starts from zero, and so from another table
        return self._tables[index].source

    def _write(self, file: PartFile, index: int, block: Block) -> int:
        if index == len(self._rows):
            file.append(self._writer.begin(header(self._tables[index], self._shapes[index]), block.rows))
            self._rows.append(0)
        if block.rows:
            file.append(self._writer.block(block.rows))
            self._rows[index] += len(block.rows)
        self._position, self._table = block.position, index
        return len(block.rows)

    def _chunk(self, rows: int) -> Chunk:
        assert self._file is not None  # noqa: S101  # advance is not called once done
        extent = self._file.extent()
        altered = self._writer.alterations
        self._writer.alterations = Alterations()
        self._cursor = {
            "table": self._table,
            "position": self._position,
            "rows": list(self._rows),
            "writer": self._writer.state(),
            "altered": merged(self._cursor["altered"], altered),
            "done": self._ended,
        }
        return Chunk(
            cursor=self._cursor,
            counters=Counters(rows=rows, altered=sum(altered.counts.values()), bytes=extent.length if extent else 0),
            extent=extent,
            last=self._ended,
            total=(self._total.rows, self._total.estimated) if self._total else None,
            restart=self._restart,
        )

    def publish(self, extents: Iterable[Extent]) -> Artifact:
        """See `kernel.work.Work`."""
        if self._file:
            self._file.close()
        spooled = self._format.assemble if self._format.spools else None
        made = prepare(self._folder, self._filename, list(extents), spooled, fence=self._lease.fence)
        manifest = self._manifest(made.bytes, made.sha256)
        put(made, self._folder / self._filename, manifest)
        return Artifact(self._filename, self._format.media_type, made.bytes, made.sha256, manifest)

    def _manifest(self, size: int, sha256: str) -> dict[str, Any]:
        rows = self._cursor["rows"]
        return {
            "run": self._lease.run.id,
            "job": self._lease.run.job,
            "complete": True,
            "rows": sum(rows),
            "tables": rows,
            "bytes": size,
            "sha256": sha256,
            "format": self._format.extension,
            "codec": self._format.codec,
            "block_rows": self._lease.run.block_rows,
            "altered": self._cursor["altered"],
        }

    def interrupt(self) -> None:
        """See `kernel.work.Work`."""
        self._interrupted = True
        if (reader := self._reader) is not None:
            reader.cancel()

    def close(self) -> None:
        """See `kernel.work.Work`."""
        if self._visit:
            self._visit.close()
        if self._reader:
            self._reader.close()
        if self._file:
            self._file.close()


def _has_place(cursor: Cursor) -> bool:
    """Whether the rows that were written can be passed over: not so if the source had no key yet when it gave them."""
    return cursor["position"] is not None or not any(cursor["rows"][cursor["table"] :])


def merged(before: Cursor, new: Alterations) -> Cursor:
    """What was altered in all: the counts added up, the first few places kept."""
    counts = dict(before["counts"])
    for code, number in new.counts.items():
        counts[code] = counts.get(code, 0) + number
    return {"counts": counts, "first": [*before["first"], *map(list, new.first)][: Alterations.KEEP]}
