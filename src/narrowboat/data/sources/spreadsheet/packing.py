"""Blocks as bytes, between the child that reads and the process that asked: JSON, column by column.

JSON, since the child has read a file from someone unknown: nothing that it sends can be more than data (pickle can run
code, marshal can crash). By column, since a column mostly holds one type: its texts follow the JSON as one string each,
which is half the work of a JSON string a cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from narrowboat.data.sheet import Block, Cell, CellError, Cells, SheetInfo
from narrowboat.data.sources.spreadsheet.limits import COLUMNS
from narrowboat.errors import FileBroken

_END: Final = "\0"
"""Behind the JSON and each column of texts that follows it."""
_SEPARATOR: Final = "\x7f"
_EMPTY: Final = "\x80"
"""Between texts, and instead of one. Columns that hold such characters are sent as JSON."""
_JOINED: Final = ("text", "texts")

_Packed: TypeAlias = tuple[str, Any]
_WIDE: Final = 40
"""Rows that are so many times wider than their block is long go cell by cell, since most cells will be empty."""
_encode: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

_PLAIN: Final = frozenset((str, int, float, bool, type(None)))
_NONE: Final = type(None)


def pack(block: Block) -> bytes:
    """A block as bytes."""
    rows = [cells for _, cells in block.rows]
    wide = max(map(len, rows), default=0) > _WIDE * len(rows)
    texts: list[str] = []
    packed = [_sparse(cells) for cells in rows] if wide else [_packed(one, texts) for one in zip_longest(*rows)]
    head = _encode([[number for number, _ in block.rows], sorted(block.hidden), wide, packed])
    return _END.join((head, *texts)).encode()


def unpack(data: bytes) -> Block:
    """The block. Raises FileBroken where the bytes are none: who sent them is not trusted."""
    try:
        head, *texts = data.decode().split(_END)
        numbers, hidden, wide, packed = json.loads(head)
        rows = list(map(_dense, packed)) if wide else _transposed(packed, iter(texts))
        return Block([(int(number), cells) for number, cells in zip(numbers, rows, strict=True)], frozenset(hidden))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, StopIteration) as error:
        raise FileBroken(f"Reading the file went wrong within its own process: {error}.") from error


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


def _packed(column: tuple[Cell, ...], texts: list[str]) -> _Packed:
    types = set(map(type, column))
    if str in types and types <= {str, _NONE} and (joined := _joined(column, _NONE in types)):
        texts.append(joined)
        return ("texts" if _NONE in types else "text"), None
    if types <= _PLAIN:
        return "json", column
    types.discard(_NONE)
    if len(types) == 1 and (pack := _PACK.get(kind := types.pop())):
        return kind.__name__, [cell if cell is None else pack(cell) for cell in column]
    return "mixed", [_tagged(cell) for cell in column]


def _transposed(packed: list[_Packed], texts: Iterator[str]) -> list[Cells]:
    columns = [_UNPACK[kind](next(texts) if kind in _JOINED else content) for kind, content in packed]
    return [row if row[-1] is not None else _trimmed(row) for row in zip(*columns, strict=True)]


def _sparse(cells: Cells) -> list[Any]:
    return [[place, _tagged(cell)] for place, cell in enumerate(cells) if cell is not None]


def _dense(filled: list[Any]) -> Cells:
    cells: list[Cell] = [None] * min(filled[-1][0] + 1, COLUMNS)
    for place, cell in filled:
        cells[place] = _untagged(cell)
    return tuple(cells)


def _joined(column: tuple[Any, ...], gaps: bool) -> str | None:
    """The texts as one; None where one of them holds what would part them."""
    text = _SEPARATOR.join([_EMPTY if cell is None else cell for cell in column] if gaps else column)
    if text.count(_SEPARATOR) != len(column) - 1 or text.count(_EMPTY) != column.count(None) or _END in text:
        return None
    return text


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


def _split(text: str) -> list[str]:
    return text.split(_SEPARATOR)


def _split_with_gaps(text: str) -> list[str | None]:
    return [None if cell == _EMPTY else cell for cell in text.split(_SEPARATOR)]


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


def _each(one: Callable[[Any], Cell]) -> Callable[[Any], list[Cell]]:
    return lambda column: [cell if cell is None else one(cell) for cell in column]


_UNPACK: Final[dict[str, Callable[[Any], Sequence[Cell]]]] = {
    "text": _split,
    "texts": _split_with_gaps,
    "json": lambda column: column,
    "mixed": lambda column: [_untagged(cell) for cell in column],
    **{kind: _each(one) for kind, one in _ONE.items()},
}
