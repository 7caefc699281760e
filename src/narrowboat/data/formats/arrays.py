"""JSON Lines of arrays: the rows of a report, one line a row, each cell so that it comes back as it was.

What JSON has stands as it is: null, true and false, text, floats, integers up to 2^53 - 1. Anything else is a string
where the column's type says of what (`"12.50"` in a decimal column), and where it does not an object that says so
itself: `{"decimal": "12.50"}`. A line holds no line break but its end, so lines are found without parsing.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from itertools import repeat
from math import isfinite
from pathlib import Path
from typing import Any, Final, NamedTuple

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alterations, State, Table
from narrowboat.data.formats.blocks import turned
from narrowboat.data.formats.conversions import nearest
from narrowboat.data.formats.declared import columns_of, columns_state
from narrowboat.data.formats.scalars import integer_text
from narrowboat.data.source import Row
from narrowboat.errors import NotRepresentable

__all__ = ["Arrays", "ArraysWriter", "decoded"]

LARGEST: Final = 2**53 - 1
"""The largest integer that every reader of JSON takes exactly."""
_PLAIN: Final[Mapping[Type, frozenset[str]]] = {
    Type.INTEGER: frozenset({"integer"}),
    Type.DECIMAL: frozenset({"decimal", "text"}),
    Type.MONEY: frozenset({"decimal", "text"}),
    Type.DATE: frozenset({"date", "text"}),
    Type.DATETIME: frozenset({"datetime", "text"}),
    Type.TIME: frozenset({"time", "text"}),
    Type.BINARY: frozenset({"binary"}),
}
"""The kinds of value that are a bare string in a column of a type; in any other type, text."""
_EARLY: Final = 1900
_TEXT: Final = frozenset({"text"})
_AS_IT_IS: Final = frozenset({type(None), bool, str, float, int})
_TRUTH: Final = {0: False, 1: True, None: None}
_NO_STRING: Final = frozenset({Type.INTEGER, Type.BINARY})


class Arrays:
    """The format of a report's artifact. Implements `data.format.Format`; people choose another to download."""

    extension = "rows.jsonl"
    media_type = "application/x-ndjson"
    raw_text = False
    several_tables = False
    spools = False
    codec = ""

    def writer(self, state: State | None = None) -> ArraysWriter:
        return ArraysWriter(state)

    def assemble(self, spool: Path, out: Path) -> None:
        """What the writer wrote is the file."""
        spool.rename(out)


class ArraysWriter:
    """Writes one table, which may have no columns. State: the columns (null before there is a table), the rows."""

    __slots__ = ("_cells", "_columns", "_rows", "alterations")

    def __init__(self, state: State | None = None) -> None:
        self.alterations = Alterations()
        self._columns: tuple[Column, ...] | None = None
        self._rows = 0
        if state and state["columns"] is not None:
            self._open(columns_of(state["columns"]), state["rows"])

    def begin(self, table: Table, sample: Sequence[Row]) -> bytes:
        """Raises NotRepresentable for a second table."""
        if self._columns is not None:
            raise NotRepresentable(f"A report shows one table; {table.name!r} is the second.")
        self._open(table.columns, 0)
        return b""

    def block(self, rows: Sequence[Row]) -> bytes:
        """One line for each row."""
        if not rows:
            return b""
        columns = turned(rows, len(self._cells), self._rows)
        strange: list[tuple[int, int]] = []
        cells = []
        for k, (encode, column) in enumerate(zip(self._cells, columns, strict=True)):
            cells.append(encode(column))
            strange += ((row, k) for row in encode.strange)
        self._note(strange)
        self._rows += len(rows)
        return _lines(list(zip(repeat(_BEGIN, len(rows)), *cells, strict=True)))

    def end(self) -> bytes:
        """Nothing: the last line has its end already."""
        return b""

    def state(self) -> State:
        columns = None if self._columns is None else columns_state(self._columns)
        return {"columns": columns, "rows": self._rows}

    def _open(self, columns: Sequence[Column], rows: int) -> None:
        self._columns, self._rows = tuple(columns), rows
        self._cells = [_Cells(column.type) for column in columns]

    def _note(self, strange: Iterable[tuple[int, int]]) -> None:
        for row, k in sorted(strange):
            self.alterations.add(self._rows + row + 1, (self._columns or ())[k].name, "written-as-text")


class _Cells:
    """Makes the cells of one column what JSON has. strange: which of the last ones are of a type nobody knows."""

    __slots__ = ("_as_it_is", "_boolean", "_known", "_plain", "strange")

    def __init__(self, declared: Type) -> None:
        self._plain = _PLAIN.get(declared, _TEXT)
        self._as_it_is = _AS_IT_IS - {str} if declared in _NO_STRING else _AS_IT_IS
        self._boolean = declared is Type.BOOLEAN
        self._known: dict[type, _Kind] = {}
        self.strange: list[int] = []

    def __call__(self, cells: Sequence[Any]) -> Sequence[Any]:
        self.strange = []
        kinds = set(map(type, cells))
        if self._boolean and int in kinds:
            with suppress(KeyError, TypeError):
                return [_TRUTH[cell] for cell in cells]
        if kinds <= self._as_it_is and _fit(cells, kinds):
            return cells
        made = list(map(self._made, cells))
        unknown = {kind for kind in kinds & self._known.keys() if self._known[kind] is _OTHER}
        if unknown:
            self.strange = [i for i, cell in enumerate(cells) if type(cell) in unknown]
        return made

    def _made(self, cell: Any) -> Any:
        if cell is None or isinstance(cell, bool):
            return cell
        if isinstance(cell, int) and _is_small(cell):
            return bool(cell) if self._boolean and cell in (0, 1) else int(cell)
        if isinstance(cell, float) and isfinite(cell):
            return float(cell)
        known = self._known.get(type(cell)) or self._found(type(cell))
        text = known.write(cell)
        return text if known.name in self._plain and _is_usual(known.name, cell) else {known.name: text}

    def _found(self, kind: type) -> _Kind:
        self._known[kind] = found = _KINDS[nearest(kind, _KINDS)]
        return found


def _fit(cells: Sequence[Any], kinds: Set[type]) -> bool:
    """Whether all integers are small and all floats finite. A block at a time: most are."""
    if int in kinds:
        integers = cells if len(kinds) == 1 else [cell for cell in cells if type(cell) is int]
        if max(integers) > LARGEST or min(integers) < -LARGEST:
            return False
    if float in kinds:
        return all(map(isfinite, cells if len(kinds) == 1 else [cell for cell in cells if type(cell) is float]))
    return True


def _is_small(number: int) -> bool:
    return -LARGEST <= number <= LARGEST


def _is_usual(kind: str, cell: Any) -> bool:
    """Whether formats take the value and its text for the same: not `NaN`, nor a moment too early for Excel."""
    if kind == "decimal":
        return bool(cell.is_finite())
    return kind != "datetime" or cell.year > _EARLY


class _Kind(NamedTuple):
    """A kind of value that JSON has not: its name, and its way to text."""

    name: str
    write: Callable[[Any], str]


def _base64(data: Any) -> str:
    return b64encode(data).decode("ascii")


def _iso(moment: Any) -> str:
    text: str = moment.isoformat()
    return text


_OTHER: Final = _Kind("text", str)
_BYTES: Final = _Kind("binary", _base64)
_KINDS: Final[Mapping[str, _Kind]] = {
    "builtins.str": _Kind("text", str),
    "builtins.int": _Kind("integer", integer_text),
    "builtins.float": _Kind("float", float.__repr__),
    "builtins.bytes": _BYTES,
    "builtins.bytearray": _BYTES,
    "builtins.memoryview": _BYTES,
    "decimal.Decimal": _Kind("decimal", str),
    "datetime.datetime": _Kind("datetime", _iso),
    "datetime.date": _Kind("date", _iso),
    "datetime.time": _Kind("time", _iso),
    "uuid.UUID": _Kind("text", str),
    "builtins.object": _OTHER,
}
"""By the full name of a Python type, so that nothing is imported to compare with it."""

_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "text": str,
    "integer": lambda text: int(text, 0),
    "float": float,
    "binary": b64decode,
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
}
_SEPARATORS: Final = (",", ":")
_BEGIN: Final = {"": 0}
"""Stands before the cells of each row while rows are made text: as no cell is such an object, and a string has no quote
as it is, rows can be told from each other by it."""
_FIRST: Final = b'[[{"":0},'
_NEXT: Final = b'],[{"":0},'
_ENCODE: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=_SEPARATORS
).encode
_ENCODE_SURROGATES: Final = json.JSONEncoder(check_circular=False, separators=_SEPARATORS).encode


def _lines(rows: Sequence[Row]) -> bytes:
    """Rows of what JSON has, each behind `_BEGIN`, each in a line. Made in one piece, faster than row by row."""
    try:
        array = _ENCODE(rows).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only name
        array = _ENCODE_SURROGATES(rows).encode()
    return b"[%b\n" % array[len(_FIRST) : -1].replace(_NEXT, b"]\n[")


def decoded(lines: bytes, columns: Sequence[Column]) -> list[Row]:
    """The rows of whole lines, each cell as it was or, in a column of its type, as the text that says the same."""
    rows = json.loads(b"[%b]" % lines.rstrip(b"\n").replace(b"\n", b","))
    if not rows:
        return []
    turned = [_read(column.type, cells) for column, cells in zip(columns, zip(*rows, strict=True), strict=True)]
    return list(zip(*turned, strict=True))


def _read(declared: Type, cells: Sequence[Any]) -> Sequence[Any]:
    kinds = set(map(type, cells))
    if declared in _NO_STRING and str in kinds:
        read = _READ["integer" if declared is Type.INTEGER else "binary"]
        cells = [read(cell) if type(cell) is str else _value(cell) if type(cell) is dict else cell for cell in cells]
    elif dict in kinds:
        cells = [_value(cell) if type(cell) is dict else cell for cell in cells]
    return cells


def _value(told: Mapping[str, str]) -> Any:
    ((kind, text),) = told.items()
    return _READ[kind](text)
