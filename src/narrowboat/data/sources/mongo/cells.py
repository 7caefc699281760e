"""Documents as rows: what stands at each column's path, as cells."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeAlias
from uuid import UUID

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Row
from narrowboat.errors import SourceFailed

Document: TypeAlias = dict[str, Any]

_AS_THEY_ARE: Final = frozenset({type(None), str, int, float, bool, UUID})
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
    """Makes rows of documents. They are read one by one, and converted by column, whose cells mostly are of one type.

    separator: what stands between the elements of an array. known: the fields that documents may have, where others
    would be lost; None where the user chose.
    """

    def __init__(self, columns: Sequence[Column], separator: str, known: frozenset[str] | None = None) -> None:
        self._conversions = [_conversions(column, separator) for column in columns]
        self._blank = dict.fromkeys(column.name for column in columns)
        self._row = _row(list(self._blank))
        self._known = known

    def rows(self, documents: Sequence[Document]) -> list[Row]:
        """One row a document; a path that leads nowhere is an empty cell.

        Raises SourceFailed for a document with a field that is not known.
        """
        cells, width = self._cells(documents), len(self._conversions)
        columns = (_converted(cells[place::width], by_type) for place, by_type in enumerate(self._conversions))
        return list(zip(*columns, strict=True))

    def _cells(self, documents: Sequence[Document]) -> list[Any]:
        """Row after row, as they stand in the documents."""
        try:
            cells = list(chain.from_iterable(map(self._row, documents)))
        except KeyError:
            return self._cells([self._blank | document for document in documents])
        if self._known is not None and max(map(len, documents)) > len(self._blank):  # else there are just the columns
            _check(documents, self._known)
        return cells


def _row(paths: Sequence[str]) -> Callable[[Document], Sequence[Any]]:
    """Takes what stands at the paths out of a document. Raises KeyError where a field that is no path is missing."""
    if len(paths) > 1 and not any("." in path for path in paths):
        return itemgetter(*paths)
    fields = [partial(_at, path=path.split(".")) if "." in path else itemgetter(path) for path in paths]
    return lambda document: [field(document) for field in fields]


def _check(documents: Sequence[Document], known: frozenset[str]) -> None:
    """Raises SourceFailed for the first that has others."""
    strange = next((document for document in documents if not known.issuperset(document)), None)
    if strange is None:
        return
    names = ", ".join(sorted(strange.keys() - known))
    raise SourceFailed(
        f"The document {strange.get('_id')!r} has fields that the first documents do not have: {names}. Name the "
        "columns with columns(…), look at more documents with sample=…, or leave fields out by a projection."
    )


def found(documents: Sequence[Document]) -> tuple[Column, ...]:
    """The fields of the documents in the order of their appearance; those with one type throughout have it."""
    return tuple(Column(name, _type(name, documents)) for name in dict.fromkeys(chain.from_iterable(documents)))


def _type(name: str, documents: Sequence[Document]) -> Type:
    kinds = set(map(type, [document.get(name) for document in documents])) - {type(None)}
    meanings = {_MEANINGS.get(kind, Type.TEXT) for kind in kinds}
    return meanings.pop() if len(meanings) == 1 else Type.ANY


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
    if len(kinds) == 1:
        return list(map(conversions.get(kinds.pop(), str), cells))
    return [cell if type(cell) in _AS_THEY_ARE else conversions.get(type(cell), str)(cell) for cell in cells]


def _conversions(column: Column, separator: str) -> dict[type, Callable[[Any], Any]]:
    binary = bytes if column.type is Type.BINARY else _base64
    return {
        ObjectId: str,
        Int64: int,
        datetime: _moment,
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
            return _moment(value).isoformat()
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


def _moment(value: datetime) -> datetime:
    """MongoDB keeps moments in UTC. The driver could say so itself, in thrice the time, and `replace` takes as long."""
    return datetime.combine(value, value.time(), UTC)


def _milliseconds(value: DatetimeMS) -> str:
    """A moment outside the years 1 to 9999."""
    return f"{int(value)} ms after 1970"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
