"""Open a file by what is in it."""

from __future__ import annotations

from pathlib import Path

from narrowboat.data.sheet import Book
from narrowboat.data.sources.spreadsheet.limits import FileLimits


def open_book(path: Path, *, limits: FileLimits | None = None, encoding: str | None = None) -> Book:
    """The file's rows, read in this process: for files that you trust. Others: `open_isolated`.

    encoding: of a text file, where it is known better than by looking.
    Raises FileNotSupported (naming what it is), FileEncrypted, FileBroken, FileTooLarge, MissingExtra.
    """
    # A process that has files read by another one needs none of the readers.
    from narrowboat.data.sources.spreadsheet.opening import opened

    file = path.open("rb")
    try:
        return opened(file, limits or FileLimits(), encoding)
    except BaseException:
        file.close()
        raise
