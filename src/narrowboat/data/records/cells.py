"""Cells: what a spreadsheet's cell means for a field of a type. A column at a time; a cell that fails is a Problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from narrowboat.data.columns import Type
from narrowboat.data.records.manners import Manners
from narrowboat.data.records.problem import Problem, shown
from narrowboat.data.sheet import CellError

Convert: TypeAlias = Callable[[Any, Manners], Any]
"""A cell that is neither empty nor None becomes a value. Raises Refused."""

_BLANKS: Final = str.maketrans("", "", " \u00a0\u202f\u2009'\u2019")
"""What people put between the digits of a number."""
_LARGEST: Final = 308
"""Digits before the point at most: spreadsheets have no larger numbers, and what holds floats would take infinity."""


class Refused(ValueError):
    """A cell that its field cannot take: `code` and a message without the column."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def text(cell: Any, manners: Manners) -> str:
    """Text as it is; a number as it would be typed, so that 12.0 is `12`."""
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if cell.time() == time.min:
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
    return str(cell)


def integer(cell: Any, manners: Manners) -> int:
    """A whole number of at most 64 bits."""
    number = _number(cell, manners)
    if number is None or number != number.to_integral_value():
        raise Refused("not-whole", f"must be a whole number, not {shown(cell)}")
    if not -(2**63) <= number < 2**63:
        raise Refused("out-of-range", f"is too large for a whole number: {shown(cell)}")
    return int(number)


def decimal(cell: Any, manners: Manners) -> Decimal:
    """An exact number. What a spreadsheet keeps as 0.1 is 0.1."""
    number = _number(cell, manners)
    if number is None:
        raise Refused("not-a-number", f"must be a number, not {shown(cell)}")
    if number.adjusted() >= _LARGEST:
        raise Refused("out-of-range", f"is too large for a number: {shown(cell)}")
    return number


def real(cell: Any, manners: Manners) -> float:
    """A floating-point number."""
    return float(decimal(cell, manners))


def _number(cell: Any, manners: Manners) -> Decimal | None:
    match cell:
        case bool():
            return None
        case int() | Decimal():
            number = Decimal(cell)
        case float():
            number = Decimal(repr(cell))
        case str():
            try:
                number = Decimal(_plain(cell, manners))
            except InvalidOperation:
                return None
        case _:
            return None
    return number if number.is_finite() else None


def _plain(written: str, manners: Manners) -> str:
    """The digits with a point, as Python reads them. Text that mixes the marks in an odd way stays, and fails."""
    written = written.translate(_BLANKS).replace("\u2212", "-")
    group, point = (".", ",") if manners.decimal_comma else (",", ".")
    whole, mark, fraction = written.partition(point)
    groups = whole.split(group)
    if len(groups) > 1 and all(len(part) == 3 for part in groups[1:]) and len(groups[0].lstrip("+-")) in (1, 2, 3):
        whole = "".join(groups)
    return whole + ("." if mark else "") + fraction if "_" not in written else ""


def boolean(cell: Any, manners: Manners) -> bool:
    """Yes or no, in the words of the manners."""
    if isinstance(cell, bool):
        return cell
    word = text(cell, manners).casefold()
    if word in manners.yes or word in manners.no:
        return word in manners.yes
    raise Refused("not-yes-or-no", f"must be yes or no, not {shown(cell)}")


def day(cell: Any, manners: Manners) -> date:
    """A date. A moment counts only at midnight, as a spreadsheet keeps dates."""
    found = _moment(cell, manners)
    if found is None or found.time() != time.min:
        raise Refused("not-a-date", f"must be a date such as 2026-01-31, not {shown(cell)}")
    return found.date()


def moment(cell: Any, manners: Manners) -> datetime:
    """A date with or without a time."""
    found = _moment(cell, manners)
    if found is None:
        raise Refused("not-a-moment", f"must be a moment such as 2026-01-31 09:30, not {shown(cell)}")
    return found


def _moment(cell: Any, manners: Manners) -> datetime | None:
    match cell:
        case datetime():
            return cell
        case date():
            return datetime(cell.year, cell.month, cell.day)
        case str():
            try:
                return datetime.fromisoformat(cell)
            except ValueError:
                return _written(cell, manners)
    return None


def _written(cell: str, manners: Manners) -> datetime | None:
    """`31.01.2026` everywhere; `31/01/2026` and `31-01-2026` where the order is known or only one makes sense."""
    days, _, clock = cell.partition(" ")
    separator = next((mark for mark in "./-" if mark in days), "")
    parts = days.split(separator) if separator else []
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if len(parts[0]) == 4:
        return _made(numbers, clock)
    if len(parts[2]) != 4:
        return None
    first, second, year = numbers
    day_first = True if separator == "." else manners.day_first
    if day_first is None:
        if (first > 12) == (second > 12) and first != second:
            return None
        day_first = first > 12
    return _made([year, second, first] if day_first else [year, first, second], clock)


def _made(numbers: list[int], clock: str) -> datetime | None:
    try:
        at = time.fromisoformat(clock.strip()) if clock.strip() else time.min
        return datetime.combine(date(*numbers), at)
    except ValueError:
        return None


def hour(cell: Any, manners: Manners) -> time:
    """A time of day."""
    match cell:
        case time():
            return cell
        case datetime() if cell.year <= 1900:
            return cell.time()
        case timedelta() if timedelta() <= cell < timedelta(days=1):
            return (datetime.min + cell).time()
        case str():
            try:
                return time.fromisoformat(cell)
            except ValueError:
                pass
    raise Refused("not-a-time", f"must be a time such as 09:30, not {shown(cell)}")


def as_it_is(cell: Any, manners: Manners) -> Any:
    """Nothing declared: the cell's own value."""
    return cell


CONVERTERS: Final[Mapping[Type, Convert]] = {
    Type.ANY: as_it_is,
    Type.TEXT: text,
    Type.INTEGER: integer,
    Type.FLOAT: real,
    Type.DECIMAL: decimal,
    Type.MONEY: decimal,
    Type.DATE: day,
    Type.DATETIME: moment,
    Type.TIME: hour,
    Type.BOOLEAN: boolean,
}

_AS_THEY_COME: Final[Mapping[Type, frozenset[type]]] = {
    Type.TEXT: frozenset({str, type(None)}),
    Type.INTEGER: frozenset({int, type(None)}),
    Type.FLOAT: frozenset({float, type(None)}),
    Type.BOOLEAN: frozenset({bool, type(None)}),
    Type.DATETIME: frozenset({datetime, type(None)}),
    Type.ANY: frozenset({str, int, float, bool, date, datetime, time, type(None)}),
}
"""Python types that a column of this type needs no work on."""
_NONE: Final[frozenset[type]] = frozenset()


def stripped(column: list[Any]) -> list[Any]:
    """Blanks around text are no part of it, and text of blanks alone is an empty cell."""
    return [cell.strip() or None if type(cell) is str else cell for cell in column]


def converted(column: list[Any], wanted: Type, manners: Manners) -> list[Any]:
    """The column's values; a cell that cannot be understood becomes its Problem."""
    if _AS_THEY_COME.get(wanted, _NONE).issuperset(map(type, column)):
        return column
    convert = CONVERTERS[wanted]
    return [_one(convert, cell, manners) for cell in column]


def _one(convert: Convert, cell: Any, manners: Manners) -> Any:
    if cell is None or type(cell) is Problem:
        return cell
    if type(cell) is CellError:
        return Problem("cell-error", f"has an error in the spreadsheet: {cell}")
    try:
        return convert(cell, manners)
    except Refused as refused:
        return Problem(refused.code, str(refused))
