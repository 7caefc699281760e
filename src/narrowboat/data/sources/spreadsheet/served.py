"""The child's side: a book is opened once, then asked for its sheets and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from narrowboat.data.sources.spreadsheet.book import open_book
from narrowboat.data.sources.spreadsheet.limits import FileLimits
from narrowboat.data.sources.spreadsheet.packing import pack, pack_sheets


def serve(book: Mapping[str, Any]) -> Callable[[Any], Iterator[bytes]]:
    """`book`: path, limits, encoding. What it returns answers None with the sheets, and [sheet, after] with rows."""
    opened = open_book(Path(book["path"]), limits=FileLimits(*book["limits"]), encoding=book["encoding"])

    def answer(request: Any) -> Iterator[bytes]:
        if request is None:
            yield pack_sheets(opened.sheets())
        else:
            sheet, after = request
            yield from map(pack, opened.open(sheet, after=after))

    return answer
