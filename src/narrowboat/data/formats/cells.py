"""Cells as UTF-8 text: the words that the text formats share with what converts cells for them."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol, TypeAlias

from narrowboat.data.formats.joint import Texts

__all__ = ["Conversion", "Form", "Note", "Rendered", "Style", "repaired"]

Note: TypeAlias = tuple[int, str]
"""A cell that was altered: its index among the cells, and the code."""


class Form(Enum):
    """What a piece of text may hold, and so what is still to be done to it."""

    TEXT = "text"
    """Anything; the style has made it safe."""
    PLAIN = "plain"
    """A value that is text with nothing special in it: a date, an exact decimal, base64."""
    BARE = "bare"
    """A number or a boolean in the format's own notation."""
    DONE = "done"
    """Several forms in one column, each finished already."""


class Rendered(NamedTuple):
    """A column's cells as text, and which of them are not as they were."""

    texts: Texts
    form: Form
    notes: Sequence[Note] = ()


Conversion: TypeAlias = Callable[[Sequence[Any]], Rendered]


class Style(Protocol):
    """What a text format does its own way."""

    @property
    def null(self) -> bytes: ...

    @property
    def empty(self) -> bytes:
        """Empty text, before `finish`."""
        ...

    @property
    def base64(self) -> bool:
        """Whether raw bytes become base64 text."""
        ...

    @property
    def separator(self) -> str:
        """Between date and time."""
        ...

    def text(self, cells: Texts, joint: bytes) -> Rendered:
        """Make text safe. joint: `joint.join(cells)`."""
        ...

    @property
    def point(self) -> str:
        """Between the whole and the fraction of a number."""
        ...

    def floats(self, line: bytes) -> Rendered:
        """Floats in Python's notation, with `, ` between them, in the format's own."""
        ...

    def finish(self, texts: Texts, form: Form) -> Texts:
        """Texts of one form as they stand in the file; called where a column has several forms."""
        ...


def repaired(cells: Texts, joint: bytes) -> tuple[Texts, list[Note]]:
    """The cells with what is not UTF-8 replaced by U+FFFD, and which cells that were."""
    if joint.isascii() or _is_utf8(joint):
        return cells, []
    bad = [i for i, cell in enumerate(cells) if not _is_utf8(cell)]
    mended = list(cells)
    for i in bad:
        mended[i] = cells[i].decode("utf-8", "replace").encode()
    return mended, [(i, "not-utf-8") for i in bad]


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
