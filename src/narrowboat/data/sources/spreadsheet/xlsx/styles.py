"""The style table: which cell styles make a number a date."""

from __future__ import annotations

from collections.abc import Iterable

from narrowboat.data.sources.spreadsheet.xlsx.markup import Attributes, walk
from narrowboat.data.sources.spreadsheet.xlsx.moments import BUILT_IN, Kind, kind_of

Styles = bytes
"""One `Kind` a cell style, by the style's number. A byte each, since a file may have a million of them."""


def read(pieces: Iterable[bytes], part: str) -> Styles:
    """Raises FileBroken."""
    codes: dict[int, Kind] = {}
    numbers: list[int] = []

    def start(path: list[str], attributes: Attributes) -> None:
        if path[-1] == "numFmt" and path[1:2] == ["numFmts"]:
            codes[_number(attributes)] = kind_of(attributes.get("formatCode", ""))
        elif path[-1] == "xf" and path[1:2] == ["cellXfs"]:
            numbers.append(_number(attributes))

    walk(pieces, part, start)
    return bytes(codes.get(number, BUILT_IN.get(number, Kind.NUMBER)) for number in numbers)


def _number(attributes: Attributes) -> int:
    try:
        return int(attributes.get("numFmtId", 0))
    except ValueError:
        return 0
