"""Text as inline strings. Whole columns are checked and escaped at once; only where that fails, cell by cell.

ECMA-376 part 1: 18.3.1.53 (`is`), 22.9.2.19 (ST_Xstring: `_xHHHH_` stands for a character that XML cannot hold).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from narrowboat.data.formats.xlsx.cells import Cells, Note

__all__ = ["BEFORE", "BEFORE_SPACE", "LONGEST", "escaped", "of_bytes", "of_str", "one_escaped"]

LONGEST: Final = 32_767
"""Characters a cell can hold, counted in UTF-16 units as Excel does."""

BEFORE: Final = b'<c t="inlineStr"><is><t>'
BEFORE_SPACE: Final = b'<c t="inlineStr"><is><t xml:space="preserve">'
"""Keeps the white space at either end, which Excel and calamine drop otherwise."""
_AFTER: Final = b"</t></is></c>"
_GAP: Final = b"\0"
"""Between values that are looked at in one piece; never in good text, so it is found if a value holds it."""
_FORBIDDEN: Final = bytes(code for code in range(32) if code not in b"\t\n\r")
_SUSPECT: Final = _FORBIDDEN + b"\r<>&"
# Patterns that few files need are compiled when they are needed.
_CONTROL: Final = "[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
_LOOKALIKE: Final = rb"_(?=x[0-9A-Fa-f]{4}_)"
_SURROGATE: Final = rb"\xed[\xa0-\xbf][\x80-\xbf]"


def of_bytes(values: Sequence[bytes]) -> Cells:
    """Cells of UTF-8 text."""
    return _cells(values, _GAP.join(values))


def of_str(values: Sequence[str]) -> Cells:
    """Cells of str."""
    try:
        joined = "\0".join(values).encode()
    except UnicodeEncodeError:
        return of_bytes([re.sub(_SURROGATE, b"\xff", value.encode(errors="surrogatepass")) for value in values])
    cells = joined.split(_GAP)
    return _cells(cells if len(cells) == len(values) else [value.encode() for value in values], joined)


def escaped(text: bytes) -> bytes:
    """Good UTF-8 text as XML text. CR as a reference: XML readers turn a bare one into LF."""
    text = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;").replace(b"\r", b"&#13;")
    return re.sub(_LOOKALIKE, b"_x005F_", text) if _may_look_alike(text) else text


def one_escaped(value: bytes) -> tuple[bytes, list[str]]:
    """Any bytes as XML text, and the codes of what had to be altered."""
    codes = []
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode(errors="replace")
        codes.append("not-utf-8")
    if 2 * len(text) > LONGEST and len(units := text.encode("utf-16-le")) > 2 * LONGEST:
        text = units[: 2 * LONGEST].decode("utf-16-le", "ignore")
        codes.append("cut-at-32767")
    plain = escaped(text.encode()).decode()
    spelled = plain if plain.isprintable() else re.sub(_CONTROL, lambda match: f"_x{ord(match[0]):04X}_", plain)
    if spelled != plain:
        codes.append("control-characters")
    return spelled.encode(), codes


def _cells(values: Sequence[bytes], joined: bytes) -> Cells:
    """joined: the values with _GAP between them."""
    gaps = len(values) - 1
    if _is_good(joined) and not (len(joined) > LONGEST and max(map(len, values)) > LONGEST):
        if _count(joined, _SUSPECT) == gaps and not _may_look_alike(joined):
            return Cells(BEFORE_SPACE if _has_space_at_an_end(joined) else BEFORE, values, _AFTER)
        if _count(joined, _FORBIDDEN) == gaps:
            return Cells(BEFORE_SPACE, escaped(joined).split(_GAP), _AFTER)
    return _one_by_one(values)


def _one_by_one(values: Sequence[bytes]) -> Cells:
    inner: list[bytes] = []
    notes: list[Note] = []
    for index, value in enumerate(values):
        text, codes = one_escaped(bytes(value))
        inner.append(text)
        notes += [(index, code) for code in codes]
    return Cells(BEFORE_SPACE, inner, _AFTER, notes)


def _may_look_alike(text: bytes) -> bool:
    return b"_" in text and b"_x" in text  # one byte is found much faster than two


def _has_space_at_an_end(joined: bytes) -> bool:
    """Whether any value begins or ends with a space, or may do so with another white space."""
    if b"\n" in joined or b"\t" in joined:
        return True
    return b" " in joined and (b"\0 " in joined or b" \0" in joined or joined.startswith(b" ") or joined.endswith(b" "))


def _count(joined: bytes, characters: bytes) -> int:
    return len(joined) - len(joined.translate(None, characters))


def _is_good(joined: bytes) -> bool:
    """Whether this is UTF-8 without U+FFFE and U+FFFF, which XML cannot hold."""
    if joined.isascii():
        return True
    try:
        joined.decode()
    except UnicodeDecodeError:
        return False
    return b"\xef" not in joined or (b"\xef\xbf\xbe" not in joined and b"\xef\xbf\xbf" not in joined)
