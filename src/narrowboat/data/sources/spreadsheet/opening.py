"""Opening: which reader a file needs, by what is in it; what is packed is unpacked first."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import BinaryIO

from narrowboat.data.sheet import Book
from narrowboat.data.sources.spreadsheet.archive import PIECE, Archive
from narrowboat.data.sources.spreadsheet.detect import Kind, detect, refused
from narrowboat.data.sources.spreadsheet.limits import FileLimits, megabytes
from narrowboat.errors import FileBroken, FileTooLarge


def opened(file: BinaryIO, limits: FileLimits, encoding: str | None) -> Book:
    """See `open_book`. The book closes the file."""
    size = file.seek(0, 2)
    if size > limits.file:
        raise FileTooLarge(f"The file has {megabytes(size)}; at most {megabytes(limits.file)} are allowed.")
    kind = detect(file, limits)
    if kind in (Kind.ZIP, Kind.GZIP):
        inner = _unpacked(file, kind, size, limits)
        file.close()
        file, kind = inner, detect(inner, limits)
        if kind in (Kind.ZIP, Kind.GZIP):
            file.close()
            raise refused("packed more than once. Unpack it")
    return _book(file, kind, limits, encoding)


def _book(file: BinaryIO, kind: Kind, limits: FileLimits, encoding: str | None) -> Book:
    """Each reader is imported by the file that needs it."""
    match kind:
        case Kind.XLSX:
            from narrowboat.data.sources.spreadsheet.xlsx.workbook import Workbook

            return Workbook(Archive(file, limits))
        case Kind.TEXT:
            from narrowboat.data.sources.spreadsheet.text import DelimitedText

            return DelimitedText(file, limits, encoding)
        case Kind.JSONL:
            from narrowboat.data.sources.spreadsheet.jsonl import JsonLines

            return JsonLines(file, limits)
        case _:
            from narrowboat.data.sources.spreadsheet.foreign import ForeignBook

            return ForeignBook(file, kind.value)


def _unpacked(file: BinaryIO, kind: Kind, size: int, limits: FileLimits) -> BinaryIO:
    """The one file within, on disk without a name: it goes with the process."""
    pieces = _member(Archive(file, limits)) if kind is Kind.ZIP else _gunzipped(file)
    inner = TemporaryFile(prefix="narrowboat-")
    written = 0
    try:
        for piece in pieces:
            written += len(piece)
            limits.check_expanded(size, written)
            inner.write(piece)
        inner.flush()
    except BaseException:
        inner.close()
        raise
    return inner


def _member(archive: Archive) -> Iterator[bytes]:
    """The content of the only file; what macOS and Windows put beside it does not count."""
    names = [name for name in archive.names() if not _is_bycatch(name)]
    if len(names) != 1:
        listed = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        raise refused(f"an archive of {len(names)} files ({listed or 'none'}). Upload one of them")
    return archive.stream(names[0])


def _is_bycatch(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _gunzipped(file: BinaryIO) -> Iterator[bytes]:
    from isal import igzip, isal_zlib

    file.seek(0)
    try:
        with igzip.IGzipFile(fileobj=file) as unpacked:  # type: ignore[no-untyped-call]  # several members too, as tools for large files write them
            while piece := unpacked.read(PIECE):
                yield piece
    except (OSError, EOFError, isal_zlib.error) as error:  # type: ignore[misc]  # a class, unlike the stub says
        raise FileBroken(f"The gzip file is damaged or was cut off: {error}. Upload it again.") from error
