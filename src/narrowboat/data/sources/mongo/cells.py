"""Documents as rows: what stands at each column's path, as cells."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, TypeAlias
from uuid import UUID

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Row

Document: TypeAlias = dict[str, Any]

_AS_THEY_ARE: Final = frozenset({type(None), str, int, float, bool, datetime, UUID})
_MEANINGS: Final = {
    str: Type.TEXT,
    ObjectId: Type.TEXT,
    UUID: Type.TEXT,
    dict: Type.TEXT,
    list: Type.TEXT,
    int: Type.INTEGER,
    Int64: Type.INTEGER,
    float: Type.FLOAT,
    bool: Type.BOOLEAN,
    datetime: Type.DATETIME,
    Decimal128: Type.DECIMAL,
    bytes: Type.BINARY,
    Binary: Type.BINARY,
}
_SHORTEST: Final = (",", ":")


class Cells:
    """Makes rows of documents.

    separator: what stands between the elements of an array. key: a field whose value stands, as it is, at a row's end.
    """

    def __init__(self, columns: Sequence[Column], separator: str, key: str = "") -> None:
        self._columns = [(_reader(column.name), _conversions(column, separator)) for column in columns]
        self._key = key

    def rows(self, documents: Sequence[Document]) -> list[Row]:
        """One row a document; a path that leads nowhere is an empty cell."""
        cells = [_converted(read(documents), conversions) for read, conversions in self._columns]
        if self._key:
            cells.append([document.get(self._key) for document in documents])
        return list(zip(*cells, strict=True)) if cells else [()] * len(documents)


def found(documents: Iterable[Document]) -> tuple[Column, ...]:
    """The fields of the documents in the order of their appearance; those with one type throughout have it."""
    kinds: dict[str, set[Type]] = {}
    for document in documents:
        for name, value in document.items():
            seen = kinds.setdefault(name, set())
            if value is not None:
                seen.add(_MEANINGS.get(type(value), Type.TEXT))
    return tuple(Column(name, next(iter(seen)) if len(seen) == 1 else Type.ANY) for name, seen in kinds.items())


def _reader(path: str) -> Callable[[Sequence[Document]], list[Any]]:
    name, *further = path.split(".")
    if further:
        return lambda documents: [_at(document.get(name), further) for document in documents]
    take = itemgetter(name)

    def read(documents: Sequence[Document]) -> list[Any]:
        try:
            return list(map(take, documents))
        except KeyError:
            return [document.get(name) for document in documents]

    return read


def _at(value: Any, path: Sequence[str]) -> Any:
    """What stands at the path; in an array, of every element, or of the one that a number names."""
    for place, name in enumerate(path):
        if isinstance(value, list):
            if not name.isdigit():
                return [one for one in (_at(element, path[place:]) for element in value) if one is not None]
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _converted(cells: list[Any], conversions: dict[type, Callable[[Any], Any]]) -> list[Any]:
    kinds = set(map(type, cells))
    if kinds <= _AS_THEY_ARE:
        return cells
    return [cell if type(cell) in _AS_THEY_ARE else conversions.get(type(cell), str)(cell) for cell in cells]


def _conversions(column: Column, separator: str) -> dict[type, Callable[[Any], Any]]:
    binary = bytes if column.type is Type.BINARY else _base64
    return {
        ObjectId: str,
        Int64: int,
        Decimal128: Decimal128.to_decimal,
        DatetimeMS: _milliseconds,
        Timestamp: Timestamp.as_datetime,
        bytes: binary,
        Binary: binary,
        Regex: lambda cell: cell.pattern,
        DBRef: lambda cell: _json(cell.as_doc()),
        Code: str,
        dict: _json,
        list: lambda cell: separator.join(map(_text, cell)),
    }


def _text(value: Any) -> str:
    """An element of an array, shown as it would be in a cell of text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return _json(value) if isinstance(value, (dict, list, bool)) else str(_plain(value))


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=_SHORTEST, default=_plain, allow_nan=False)
    except ValueError:  # JSON has no infinities and no NaN
        return json.dumps(_finite(value), ensure_ascii=False, separators=_SHORTEST, default=_plain)


def _plain(value: Any) -> Any:
    """A value that JSON has not, as text."""
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return _base64(value)
        case DatetimeMS():
            return _milliseconds(value)
        case Timestamp():
            return value.as_datetime().isoformat()
        case Regex():
            return value.pattern
        case DBRef():
            return value.as_doc()
        case MinKey() | MaxKey():
            return type(value).__name__
    return str(value)


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {name: _finite(one) for name, one in value.items()}
        case list():
            return [_finite(one) for one in value]
        case float() if not math.isfinite(value):
            return str(value)
    return value


def _milliseconds(value: DatetimeMS) -> str:
    """A moment outside the years 1 to 9999."""
    return f"{int(value)} ms after 1970"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
