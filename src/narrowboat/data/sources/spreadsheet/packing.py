"""Blocks as bytes, between the child that reads and the process that asked: column by column.

The child has read a file from someone unknown, so nothing that it sends can be more than data (pickle can run code,
marshal can crash), and each cell takes a byte at least, so that a frame cannot become more than many times its size. A
column mostly holds one type, and its numbers, dates or texts go as one piece. What else there is goes as JSON.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any, Final, NamedTuple, TypeAlias

from narrowboat.data.sheet import Block, Cell, CellError, Cells, SheetInfo
from narrowboat.data.sources.spreadsheet.limits import COLUMNS
from narrowboat.errors import FileBroken

_SIZE: Final = 4
"""Bytes of the length of the head."""
_SEPARATOR: Final = "\x7f"
"""Between texts. Columns that hold it go as JSON."""
_WIDE: Final = 40
"""Rows that are so many times wider than their block is long go cell by cell, since most cells will be empty."""
_encode: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

_PLAIN: Final = frozenset((str, int, float, bool, type(None)))
_NONE: Final = type(None)
_GAP: Final = frozenset((_NONE,))

_Packed: TypeAlias = tuple[str, bool]
"""How a column went, and whether a byte a cell comes before it that says which are filled."""


def pack(block: Block) -> bytes:
    """A block as bytes: the head's length, the head, which is JSON, and pieces of the lengths that it tells."""
    numbers, rows = zip(*block.rows, strict=True) if block.rows else ((), ())
    widths = set(map(len, rows))
    pieces: list[bytes] = []
    packed: list[Any]
    if wide := max(widths, default=0) > _WIDE * len(rows):
        packed = [_sparse(cells) for cells in rows]
    else:
        columns = zip(*rows, strict=True) if len(widths) == 1 else zip_longest(*rows)
        packed = [_packed(column, pieces) for column in columns]
    head = _encode([numbers, sorted(block.hidden), wide, packed, [len(piece) for piece in pieces]]).encode()
    return b"".join((len(head).to_bytes(_SIZE, "little"), head, *pieces))


def unpack(data: bytes) -> Block:
    """The block. Raises FileBroken where the bytes are none: who sent them is not trusted."""
    try:
        end = _SIZE + int.from_bytes(data[:_SIZE], "little")
        numbers, hidden, wide, packed, lengths = json.loads(data[_SIZE:end])
        rows = list(map(_dense, packed)) if wide else _transposed(packed, _cut(memoryview(data), end, lengths))
        return Block(list(zip(map(int, numbers), rows, strict=True)), frozenset(hidden))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, StopIteration) as error:
        raise FileBroken(f"Reading the file went wrong within its own process: {error}.") from error


def _cut(data: memoryview, start: int, lengths: Iterable[int]) -> Iterator[memoryview]:
    for length in lengths:
        yield data[start : start + length]
        start += length


def pack_sheets(sheets: Sequence[SheetInfo]) -> bytes:
    return _encode([[*info[:5], dict(info.guessed)] for info in sheets]).encode()


def unpack_sheets(data: bytes) -> list[SheetInfo]:
    """Raises FileBroken."""
    try:
        return [
            SheetInfo(
                str(name), hidden is True, rows, names and tuple(map(str, names)), tuple(map(int, columns)), guessed
            )
            for name, hidden, rows, names, columns, guessed in json.loads(data)
        ]
    except (ValueError, TypeError, RecursionError) as error:
        raise FileBroken(f"Reading the file went wrong within its own process: {error}.") from error


def _packed(column: tuple[Cell, ...], pieces: list[bytes]) -> _Packed:
    cells: Sequence[Cell] = column
    types = set(map(type, column))
    if types <= _PLAIN and len(types - _GAP) > 1:
        pieces.append(_ANY.pack(column))
        return _ANY.name, False
    if gaps := _NONE in types:
        types.discard(_NONE)
        pieces.append(bytes([cell is not None for cell in column]))
        cells = [cell for cell in column if cell is not None]
    kind = _KINDS.get(types.pop(), _MIXED) if len(types) == 1 else _MIXED
    try:
        pieces.append(kind.pack(cells))
    except (ValueError, OverflowError):
        kind = _MIXED
        pieces.append(kind.pack(cells))
    return kind.name, gaps


def _transposed(packed: Iterable[_Packed], pieces: Iterator[memoryview]) -> list[Cells]:
    columns: list[Sequence[Cell]] = []
    for name, gaps in packed:
        filled = next(pieces) if gaps else None
        cells = _UNPACK[name](next(pieces))
        columns.append(cells if filled is None else _spread(filled, iter(cells)))
    return [row if row[-1] is not None else _trimmed(row) for row in zip(*columns, strict=True)]


def _spread(filled: memoryview, cells: Iterator[Cell]) -> list[Cell]:
    return [next(cells) if there else None for there in filled]


def _sparse(cells: Cells) -> list[Any]:
    return [[place, _tagged(cell)] for place, cell in enumerate(cells) if cell is not None]


def _dense(filled: list[Any]) -> Cells:
    cells: list[Cell] = [None] * min(filled[-1][0] + 1, COLUMNS)
    for place, cell in filled:
        cells[place] = _untagged(cell)
    return tuple(cells)


def _tagged(cell: Cell) -> Any:
    if type(cell) in _PLAIN:
        return cell
    kind = type(cell)
    return [kind.__name__, _PACK[kind](cell)]


def _untagged(cell: Any) -> Cell:
    if type(cell) is not list:
        return cell  # type: ignore[no-any-return]  # JSON has no other scalars than cells have
    kind, content = cell
    return _ONE[str(kind)](content)


def _trimmed(cells: Cells) -> Cells:
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return cells[:end]


_PACK: Final[dict[type, Callable[[Any], Any]]] = {
    date: date.toordinal,
    datetime: datetime.isoformat,
    time: time.isoformat,
    timedelta: lambda cell: [cell.days, cell.seconds, cell.microseconds],
    CellError: lambda cell: cell.text,
}
_ONE: Final[dict[str, Callable[[Any], Cell]]] = {
    "date": date.fromordinal,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "CellError": lambda text: CellError(str(text)),
}


class _Kind(NamedTuple):
    """How cells of one type go as one piece. pack: raises ValueError or OverflowError for cells that cannot."""

    name: str
    pack: Callable[[Sequence[Any]], bytes]
    unpack: Callable[[memoryview], Sequence[Cell]]


def _joined(cells: Sequence[str]) -> bytes:
    text = _SEPARATOR.join(cells)
    if text.count(_SEPARATOR) != len(cells) - 1:
        raise ValueError("A text holds what would part it.")
    return text.encode()


def _split(piece: memoryview) -> list[str]:
    return str(piece, "utf-8").split(_SEPARATOR)


def _numbers(code: str, piece: memoryview) -> list[Any]:
    found = array(code)
    found.frombytes(piece)
    return found.tolist()


_ANY: Final = _Kind("any", lambda cells: _encode(cells).encode(), lambda piece: json.loads(bytes(piece)))
"""Texts and numbers in one column."""
_MIXED: Final = _Kind(
    "mixed",
    lambda cells: _encode(list(map(_tagged, cells))).encode(),
    lambda piece: list(map(_untagged, json.loads(bytes(piece)))),
)
_KINDS: Final[dict[type, _Kind]] = {
    str: _Kind("text", _joined, _split),
    int: _Kind("int", lambda cells: array("q", cells).tobytes(), lambda piece: _numbers("q", piece)),
    float: _Kind("float", lambda cells: array("d", cells).tobytes(), lambda piece: _numbers("d", piece)),
    bool: _Kind("bool", bytes, lambda piece: list(map(bool, piece))),
    date: _Kind(
        "date",
        lambda cells: array("l", map(date.toordinal, cells)).tobytes(),
        lambda piece: list(map(date.fromordinal, _numbers("l", piece))),
    ),
    datetime: _Kind(
        "datetime",
        lambda cells: _joined(list(map(datetime.isoformat, cells))),
        lambda piece: list(map(datetime.fromisoformat, _split(piece))),
    ),
}
_UNPACK: Final = {kind.name: kind.unpack for kind in (*_KINDS.values(), _ANY, _MIXED)}
