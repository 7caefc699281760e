"""A file from someone unknown, read by a child process with limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from narrowboat.data.sheet import Block, Book, SheetInfo, place_of
from narrowboat.data.sources.spreadsheet.limits import FileLimits
from narrowboat.data.sources.spreadsheet.packing import unpack, unpack_sheets
from narrowboat.isolation import Child, Confinement


def open_isolated(
    path: Path,
    *,
    limits: FileLimits | None = None,
    encoding: str | None = None,
    confinement: Confinement | None = None,
) -> Book:
    """The file's rows, as `open_book` gives them, read in a child process that starts now.

    Whatever the file does to the child, this process gets FileBroken, FileTooLarge or FileTookTooLong.
    """
    opening = {"path": str(path.absolute()), "limits": tuple(limits or FileLimits()), "encoding": encoding}
    child = Child(
        f"{__package__}.served:serve", opening, confinement or Confinement(), ("narrowboat.data.sources", __package__)
    )
    return _IsolatedBook(child)


class _IsolatedBook:
    def __init__(self, child: Child) -> None:
        self._child = child
        self._sheets: list[SheetInfo] | None = None
        self._told: Iterator[bytes] | None = child.ask(None)  # it opens the file while this process does something else

    def sheets(self) -> Sequence[SheetInfo]:
        if self._sheets is None:
            told, self._told = self._told or self._child.ask(None), None
            self._sheets = [info for data in told for info in unpack_sheets(data)]
        return self._sheets

    def open(self, sheet: str | int, *, after: int = 0) -> Iterator[Block]:
        place = place_of(sheet, self.sheets())
        return map(unpack, self._child.ask([place, after]))

    def close(self) -> None:
        self._child.close()
