"""What a file is, by what is in it; its name is not asked."""

from __future__ import annotations

import re
import struct
from enum import StrEnum
from typing import BinaryIO, Final

from narrowboat.data.sources.spreadsheet.archive import Archive
from narrowboat.data.sources.spreadsheet.limits import FileLimits
from narrowboat.errors import FileBroken, FileEncrypted, FileNotSupported

_HEAD: Final = 4096
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"


class Kind(StrEnum):
    """What a file can be, as far as rows can be read from it."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    TEXT = "text"
    JSONL = "jsonl"
    ZIP = "zip"
    GZIP = "gzip"


_REFUSED: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "a PDF document. Export the table itself as xlsx or csv"),
    (b"{\\rtf", "a rich text document. Copy the table into a spreadsheet"),
    (b"MIME-Version:", "a web archive. Open it with a spreadsheet program and save it as xlsx"),
    (b"ID;P", "a SYLK file. Open it with a spreadsheet program and save it as xlsx"),
    (b"PAR1", "a Parquet file. Save it as xlsx or csv"),
    (b"SQLite format 3\0", "an SQLite database. Export its table as csv"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive. Unpack it"),
    (b"Rar!", "a RAR archive. Unpack it"),
    (b"BZh", "packed by bzip2. Unpack it"),
    (b"\xfd7zXZ\0", "packed by xz. Unpack it"),
    (b"\x28\xb5\x2f\xfd", "packed by Zstandard. Unpack it"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    *((bytes((9, version)), "a workbook of Excel 4 or older. Save it as xlsx") for version in (0, 2, 4, 8)),
)
_MARKUP: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (re.compile(rb"<html|<!doctype html|<table|<body|<meta", re.I), "a web page, whatever its name says"),
    (re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet"), "an XML spreadsheet of Excel 2003"),
    (re.compile(rb"urn:oasis:names:tc:opendocument"), "a flat OpenDocument file"),
    (re.compile(rb"<"), "an XML document"),
)
_OTHER_ARCHIVES: Final = (
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("Index/Document.iwa", "a document of Apple Numbers, Pages or Keynote"),
    ("AndroidManifest.xml", "a program"),
    ("META-INF/MANIFEST.MF", "a program"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOF, _WRITE_PROTECT, _FILE_PASS = 0x0809, 0x0086, 0x002F
"""Records at the beginning of a workbook."""
_ROOT: Final = "Root Entry"
_SMALL: Final = 4096
"""Bytes of the smallest stream with sectors of its own."""
_STREAMS: Final = (
    ("WordDocument", "a Word document"),
    ("PowerPoint Document", "a PowerPoint presentation"),
    ("__properties_version1.0", "a message of Outlook"),
)


def detect(file: BinaryIO, limits: FileLimits) -> Kind:
    """The kind. Raises FileNotSupported, naming what it is, FileEncrypted, FileBroken or FileTooLarge."""
    file.seek(0)
    head = file.read(_HEAD)
    if not head.strip(b"\0 \t\r\n"):
        raise FileBroken("The file is empty." if not head else "The file holds nothing but blanks.")
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise refused(what)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(Archive(file, limits))
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    if head.startswith(_OLE):
        return _compound(file)
    return _text(head)


def refused(what: str) -> FileNotSupported:
    """The error that says so."""
    advice = "" if ". " in what else ". Open it with the program that made it and save the table as xlsx or csv"
    return FileNotSupported(f"The file is {what}{advice}.")


def _archive(archive: Archive) -> Kind:
    if "xl/workbook.bin" in archive:
        return Kind.XLSB
    if "mimetype" in archive:
        said = b"".join(archive.stream("mimetype")) if archive.size("mimetype") < _HEAD else b""
        if not said.startswith(_ODS):
            raise refused(f"an archive of type {said.decode('ascii', 'replace')[:80]}")
        return _open_document(archive)
    for member, what in _OTHER_ARCHIVES:
        if member in archive:
            raise refused(what)
    if "[Content_Types].xml" in archive or "xl/workbook.xml" in archive:
        return Kind.XLSX
    return Kind.ZIP


def _open_document(archive: Archive) -> Kind:
    manifest = "META-INF/manifest.xml"
    if manifest in archive and any(b"encryption-data" in piece for piece in archive.stream(manifest)):
        raise FileEncrypted("The spreadsheet is protected by a password. Remove it and upload the file again.")
    return Kind.ODS


def _compound(file: BinaryIO) -> Kind:
    """An OLE compound file: an old Excel workbook, an encrypted new one, or something else of that age."""
    streams = _streams(file)
    book = streams.get("Workbook", streams.get("Book"))
    if "EncryptedPackage" in streams or (book is not None and _is_locked(book)):
        raise FileEncrypted("The workbook is protected by a password. Remove it and upload the file again.")
    if book is not None:
        return Kind.XLS
    what = next((what for name, what in _STREAMS if name in streams), "an old Office document without a workbook")
    raise refused(what)


def _is_locked(book: bytes) -> bool:
    """Whether a workbook's stream, of which this is the beginning, is encrypted ([MS-XLS] 2.1.7.20.3)."""
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        if kind not in (_BOF, _WRITE_PROTECT):
            return bool(kind == _FILE_PASS)
        at += 4 + length
    return False


def _streams(file: BinaryIO) -> dict[str, bytes]:
    """Streams in the root directory of a compound file ([MS-CFB] 2.2 and 2.6), each with its first sector's bytes."""
    file.seek(0)
    header = file.read(512)
    if len(header) < 512:
        raise FileBroken("The file was cut off within its first 512 bytes. Upload it again.")
    size = 1 << min(struct.unpack_from("<H", header, 30)[0], 16)
    tables = struct.unpack_from("<109I", header, 76)
    (sector,) = struct.unpack_from("<I", header, 48)
    found: dict[str, bytes] = {}
    for _ in range(64):
        for entry in range(0, len(directory := _sector(file, sector, size)), 128):
            length = min(int.from_bytes(directory[entry + 64 : entry + 66], "little"), 64)
            name = directory[entry : entry + max(length - 2, 0)].decode("utf-16-le", "replace")
            begins, whole = struct.unpack_from("<II", directory.ljust(entry + 128, b"\0"), entry + 116)
            found[name] = _sector(file, begins, size)
            if name != _ROOT and whole < _SMALL:  # within the root's own stream, in sectors of 64 bytes
                found[name] = found.get(_ROOT, b"")[begins * 64 :]
        table, place = divmod(sector, size // 4)
        if table >= len(tables):
            break
        following = _sector(file, tables[table], size)[place * 4 : place * 4 + 4]
        sector = int.from_bytes(following, "little") if len(following) == 4 else 0xFFFFFFFE
        if sector >= 0xFFFFFFFA:
            break
    return found


def _sector(file: BinaryIO, number: int, size: int) -> bytes:
    file.seek((number + 1) * size)
    return file.read(size)


def _text(head: bytes) -> Kind:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Kind.TEXT
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        what = next(what for pattern, what in _MARKUP if pattern.search(head))
        raise refused(f"{what}. Open it with a spreadsheet program and save it as xlsx")
    if start.startswith(b"[") and start[1:].lstrip().startswith((b"{", b"[")):
        raise refused("a JSON document in one piece. Write one object a line (jsonl), or csv")
    if start.startswith(b"{"):
        return Kind.JSONL
    odd = sum(head.count(bytes((code,))) for code in range(32) if code not in (9, 10, 12, 13, 26, 27))
    # UTF-16 without its mark: every other byte of Latin text is zero.
    if odd > 3 + len(head) // 100 and not utf16_order(head):
        raise refused("of a kind that nobody here knows")
    return Kind.TEXT


def utf16_order(head: bytes) -> str | None:
    """The byte order of UTF-16 text without a mark, or None."""
    half = max(len(head) // 2, 1)
    even, uneven = head[::2].count(0), head[1::2].count(0)
    if even + uneven < half // 2:
        return None
    if even * 20 < uneven:
        return "utf-16-le"
    return "utf-16-be" if uneven * 20 < even else None
