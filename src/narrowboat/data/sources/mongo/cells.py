"""Documents as rows: what stands at each column's path, as cells."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeAlias
from uuid import UUID

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Row
from narrowboat.errors import SourceFailed

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

    separator: what stands between the elements of an array. known: the fields that documents may have, where others
    would be lost; None where the user chose.
    """

    def __init__(self, columns: Sequence[Column], separator: str, known: frozenset[str] | None = None) -> None:
        self._conversions = {column.name: _conversions(column, separator) for column in columns}
        self._made = [name for name in self._conversions if "." in name]
        """Columns whose cells are put into the documents: paths, and fields that had values of other types."""
        self._known = known
        self._blank = dict.fromkeys(self._conversions)
        self._row: Callable[[Document], Row] = (
            itemgetter(*self._blank) if len(columns) > 1 else lambda document: tuple(map(document.get, self._blank))
        )

    def rows(self, documents: Sequence[Document]) -> list[Row]:
        """One row a document, which is altered; a path that leads nowhere is an empty cell.

        Raises SourceFailed for a document with a field that is not known.
        """
        if self._known is not None and not all(map(self._known.issuperset, documents)):
            raise _unknown_field(documents, self._known)
        for name in self._made:
            self._make(name, documents)
        rows = self._rows(documents)
        if not _AS_THEY_ARE.issuperset(map(type, chain.from_iterable(rows))) and self._make_more(documents, rows):
            return self._rows(documents)
        return rows

    def _rows(self, documents: Sequence[Document]) -> list[Row]:
        try:
            return list(map(self._row, documents))
        except KeyError:
            return [self._row(self._blank | document) for document in documents]

    def _make(self, name: str, documents: Sequence[Document]) -> None:
        for document, cell in zip(documents, _converted(_read(name, documents), self._conversions[name]), strict=True):
            document[name] = cell

    def _make_more(self, documents: Sequence[Document], rows: Sequence[Row]) -> bool:
        """Whether columns were found whose cells had to be made."""
        found = [
            name
            for name, cells in zip(self._conversions, zip(*rows, strict=True), strict=True)
            if name not in self._made and not _AS_THEY_ARE.issuperset(map(type, cells))
        ]
        for name in found:
            self._make(name, documents)
        self._made += found
        return bool(found)


def _unknown_field(documents: Sequence[Document], known: frozenset[str]) -> SourceFailed:
    strange = next(document for document in documents if not known.issuperset(document))
    names = ", ".join(sorted(strange.keys() - known))
    return SourceFailed(
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


def _read(path: str, documents: Sequence[Document]) -> list[Any]:
    name, *further = path.split(".")
    if further:
        return [_at(document.get(name), further) for document in documents]
    return [document.get(name) for document in documents]


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
