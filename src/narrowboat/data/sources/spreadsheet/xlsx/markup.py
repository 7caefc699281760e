"""XML from someone unknown: no document type, no entities, bounded depth."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple, TypeAlias
from xml.parsers import expat

from narrowboat.errors import FileBroken

Attributes: TypeAlias = dict[str, str]
Start: TypeAlias = Callable[[str, Attributes], None]
End: TypeAlias = Callable[[str], None]
Text: TypeAlias = Callable[[str], None]

_DEPTH: Final = 64
"""Elements within elements; a sheet's rows are at four, a rich text at eight."""
_HEAD: Final = 4 << 20
"""Characters before a sheet's first row, at most."""
_DECLARED: Final = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_REFERENCE: Final = re.compile(r"&([^;&]*);?")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def local(name: str) -> str:
    """A name without its prefix. Namespaces are not looked at: strict and transitional OOXML differ in nothing else."""
    return name.rpartition(":")[2]


class Markup:
    """One XML document or fragment, fed piece by piece. `start` and `end` see local names, or `qualified` ones.

    Raises FileBroken with the part's name where it is not well-formed, has a document type or is nested too deep.
    """

    def __init__(
        self, part: str, start: Start, end: End | None = None, text: Text | None = None, *, qualified: bool = False
    ) -> None:
        self._part = part
        self._start, self._end = start, end
        self._name = str if qualified else local
        self._depth = 0
        # Text that is fed as `str` is UTF-8 to expat, whatever the document declares.
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._enter
        parser.EndElementHandler = self._leave
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._refuse

    @property
    def byte(self) -> int:
        """Where the element starts that is being handled, in bytes from the beginning."""
        return self._parser.CurrentByteIndex

    def feed(self, piece: str | bytes, final: bool = False) -> None:
        try:
            self._parser.Parse(piece, final)
        except expat.ExpatError as error:
            raise FileBroken(f"{self._part} is not sound XML: {error}. Save the file anew and upload that.") from error

    def _enter(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise FileBroken(f"{self._part} has elements nested more than {_DEPTH} deep: no spreadsheet does.")
        self._start(self._name(name), attributes)

    def _leave(self, name: str) -> None:
        self._depth -= 1
        if self._end is not None:
            self._end(self._name(name))

    def _refuse(self, *_: object) -> None:
        raise FileBroken(f"{self._part} declares a document type or entities, which no spreadsheet has.")


def walk(pieces: Iterable[bytes], part: str, start: Callable[[list[str], Attributes], None]) -> None:
    """Call `start` with the path of local names and the attributes of each element."""
    path: list[str] = []

    def enter(name: str, attributes: Attributes) -> None:
        path.append(name)
        start(path, attributes)

    def leave(_: str) -> None:
        path.pop()

    markup = Markup(part, enter, leave)
    for piece in pieces:
        markup.feed(piece)
    markup.feed(b"", final=True)


def decoded(pieces: Iterator[bytes], part: str) -> Iterator[str]:
    """XML as text: byte order mark and declaration heeded, line ends made LF, as XML has it. Raises FileBroken."""
    head = next(pieces, b"")
    decoder = _decoder(head, part)
    carriage = ""
    try:
        for piece in chain((head,), pieces):
            text = carriage + decoder.decode(piece)
            carriage = "\r" if text.endswith("\r") else ""
            yield text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        yield decoder.decode(b"", final=True) + carriage.replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise FileBroken(f"{part} has bytes that are no {error.encoding}. Save the file anew.") from error


def _decoder(head: bytes, part: str) -> codecs.IncrementalDecoder:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")()
    declared = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8)[:200])
    name = declared[1].decode() if declared else "utf-8"
    if name.lower() in ("utf-8", "utf8") or head.startswith(codecs.BOM_UTF8):
        return codecs.getincrementaldecoder("utf-8-sig")()
    try:
        "".encode(name)  # refuses codecs that make no text
        return codecs.getincrementaldecoder(name)()
    except (LookupError, ValueError) as error:
        raise FileBroken(f"{part} declares an encoding that nobody knows: {name}.") from error


def dereferenced(text: str) -> str:
    """`&lt;` and `&#10;` as characters. Raises ValueError for what XML does not allow."""
    return _REFERENCE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if not found[0].endswith(";"):
        raise ValueError(found[0])
    if not name.startswith("#"):
        if name not in _NAMED:
            raise ValueError(found[0])
        return _NAMED[name]
    code = int(name[2:], 16) if name[1:2] == "x" else int(name[1:])
    if not (code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000):
        raise ValueError(found[0])
    return chr(code)


def unescaped(text: str) -> str:
    """`_x000D_` as the character it stands for (ECMA-376 part 1, 22.9.2.19).

    Half a surrogate pair and NUL become U+FFFD: no database takes them.
    """
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


class Opened(NamedTuple):
    """A document read up to the start of one element."""

    prefix: str
    """As the element's name has it, with its colon; empty for none."""
    empty: bool
    """The element is closed where it is opened."""
    rest: str
    """What was read behind the start tag already."""


def opened(texts: Iterator[str], part: str, element: str, start: Start | None = None) -> Opened | None:
    """Read to the start tag of `element`; None where there is none. `start` sees the elements before it.

    Raises FileBroken.
    """
    before = ""
    found: list[tuple[str, int]] = []

    def enter(name: str, attributes: Attributes) -> None:
        if local(name) == element:
            found.append((name, markup.byte))
            raise _Found
        if start is not None:
            start(local(name), attributes)

    markup = Markup(part, enter, qualified=True)
    for text in texts:
        before += text
        try:
            markup.feed(text)
        except _Found:
            name, byte = found[0]
            rest = before.encode()[byte:].decode()
            tag, _, rest = rest.partition(">")  # expat calls for a start tag when it has all of it
            return Opened(name.removesuffix(element), tag.endswith("/"), rest)
        if len(before) > _HEAD:
            raise FileBroken(f"{part} has no {element} within its first {_HEAD:,} characters.")
    return None


class _Found(Exception):
    pass
