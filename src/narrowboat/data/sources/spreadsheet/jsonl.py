"""JSON, one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, BinaryIO, Final, NoReturn

from narrowboat.data.sheet import Block, Cell, Cells, SheetInfo, SheetRow, place_of
from narrowboat.data.sources.spreadsheet.limits import BLOCK_CELLS, BLOCK_ROWS, COLUMNS, FileLimits
from narrowboat.errors import FileBroken, FileTooLarge

_MARK: Final = b"\xef\xbb\xbf"


class JsonLines:
    """A Book of one sheet, whose columns are the names that any line has, in the order they first come.

    A row's number is its line. A list or an object within is its JSON text.
    """

    def __init__(self, file: BinaryIO, limits: FileLimits) -> None:
        self._file = file
        self._longest = limits.text * 16
        """Bytes of a line at most."""
        self._info: SheetInfo | None = None

    def sheets(self) -> Sequence[SheetInfo]:
        """Reads the whole file, since its last line may have a name of its own."""
        if self._info is None:
            names: dict[str, None] = {}
            number = 0
            for number, record in self._records():
                names |= dict.fromkeys(record)
                if len(names) > COLUMNS:
                    raise FileBroken(
                        f"By line {number} there are more than {COLUMNS:,} names; rows have fewer columns."
                    )
            self._info = SheetInfo("", rows=number, names=tuple(names))
        return (self._info,)

    def open(self, sheet: str | int, *, after: int = 0) -> Iterator[Block]:
        infos = self.sheets()
        place_of(sheet, infos)
        return self._blocks(infos[0].names or (), after)

    def close(self) -> None:
        self._file.close()

    def _blocks(self, names: tuple[str, ...], after: int) -> Iterator[Block]:
        rows: list[SheetRow] = []
        most = max(1, min(BLOCK_ROWS, BLOCK_CELLS // (len(names) or 1)))
        for number, record in self._records(after):
            if cells := _cells(record, names):
                rows.append((number, cells))
            if len(rows) >= most:
                yield Block(rows)
                rows = []
        if rows:
            yield Block(rows)

    def _records(self, after: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
        self._file.seek(0)
        number = 0
        while line := self._file.readline(self._longest):
            number += 1
            if len(line) >= self._longest:
                raise FileTooLarge(f"Line {number} has more than {self._longest:,} bytes.")
            if number > after and (text := line.removeprefix(_MARK).strip()):
                yield number, _parsed(text, number)


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FileBroken(f"Line {number} is no JSON: {error}. Mend it and upload the file again.") from error
    if not isinstance(record, dict):
        raise FileBroken(f"Line {number} is JSON, but no object with names: {line[:40].decode('utf-8', 'replace')}")
    return record


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _cells(record: dict[str, Any], names: tuple[str, ...]) -> Cells:
    cells = [_cell(record.get(name)) for name in names]
    while cells and cells[-1] is None:
        cells.pop()
    return tuple(cells)


def _cell(value: Any) -> Cell:
    match value:
        case str():
            return _storable(value) or None
        case float() if not isfinite(value):
            return str(value)  # 1e999: text, so that whoever wants a number refuses the row
        case None | bool() | int() | float():
            return value
        case _:
            return _storable(json.dumps(value, ensure_ascii=False))


def _storable(text: str) -> str:
    """Half a surrogate pair, written as \\ud800, is no text that could be stored."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
