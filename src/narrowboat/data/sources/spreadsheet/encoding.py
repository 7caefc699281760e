"""The encoding of a text file: what its mark says, else UTF-8 where all of it is, else the likeliest."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO, Final

from narrowboat.data.sources.spreadsheet.detect import utf16_order
from narrowboat.errors import BadParameter, FileBroken, MissingExtra

_PIECE: Final = 1 << 20
_SAMPLE: Final = 64 * 1024
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_USUAL: Final = "cp1252"
_CANDIDATES: Final = (
    _USUAL,
    *(f"cp{number}" for number in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 874, 932, 949, 850, 866)),
    *("gb18030", "big5", "euc_jp", "koi8_r", "iso8859_2"),
)
"""What Windows programs save in, by language; the commonest others."""
_NEAR: Final = 0.05
"""How much less like a language Western European may look and still be preferred: its letters are few in a text."""
_NOT_ASCII: Final = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")


def known(encoding: str) -> str:
    """The name as Python has it. Raises BadParameter."""
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError:
        raise BadParameter(f"There is no encoding {encoding!r}. Some there are: utf-8, cp1252, shift_jis.") from None


def find_encoding(file: BinaryIO) -> tuple[str, bool]:
    """The encoding, and whether it is a guess. Reads the whole file. Raises FileBroken or MissingExtra."""
    file.seek(0)
    head = file.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, False
    if order := utf16_order(head):
        return order, True
    return ("utf-8", False) if (where := _first_odd(file)) is None else (_likeliest(file, where), True)


def _first_odd(file: BinaryIO) -> int | None:
    """Where the first bytes are that are no UTF-8; None where all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    at = 0
    while True:
        piece = file.read(_PIECE)
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return max(at - 4, 0) + error.start
        if not piece:
            return None
        at += len(piece)


def _likeliest(file: BinaryIO, where: int) -> str:
    """By the lines around the first byte that is no ASCII."""
    try:
        from charset_normalizer import from_bytes
    except ImportError as error:
        raise MissingExtra(
            "The text is no UTF-8. To find out what it is: pip install narrowboat[spreadsheets]"
        ) from error
    file.seek(max(where - 200, 0))
    lines = b"".join(_NOT_ASCII.findall(file.read(_SAMPLE)))
    found = from_bytes(lines, cp_isolation=list(_CANDIDATES))
    best = found.best()
    if best is None:
        raise FileBroken("The text is in no encoding that is known here. Save it as UTF-8 and upload it again.")
    near = [one for one in found if one.chaos <= best.chaos and one.coherence >= best.coherence - _NEAR]
    usual = any(_USUAL in (one.encoding, *one.could_be_from_charset) for one in near)
    return _USUAL if usual else best.encoding
