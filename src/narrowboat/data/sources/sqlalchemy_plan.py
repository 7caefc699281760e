"""From a `select` to the statement that reads it in the order of its key, and to what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, or_, select, types

from narrowboat.data.columns import Column, Type, choose
from narrowboat.data.source import Position
from narrowboat.data.sources.course import Course, place
from narrowboat.data.sources.cut import Cut
from narrowboat.data.sources.declared import declared, fingerprint
from narrowboat.errors import SourceFailed

_MEANINGS: Final[tuple[tuple[type[types.TypeEngine[Any]], Type], ...]] = (
    (types.Boolean, Type.BOOLEAN),
    (types.Integer, Type.INTEGER),
    (types.Float, Type.FLOAT),
    (types.Numeric, Type.DECIMAL),
    (types.DateTime, Type.DATETIME),
    (types.Date, Type.DATE),
    (types.Time, Type.TIME),
    (types.LargeBinary, Type.BINARY),
    (types.String, Type.TEXT),
    (types.Uuid, Type.TEXT),
    (types.JSON, Type.TEXT),
    (types.ARRAY, Type.TEXT),
    (types.Interval, Type.TEXT),
)
"""The first that fits, so those with more meaning come first."""


class Plan(NamedTuple):
    """A statement as a subquery, and the columns wanted of it. Made by `of`."""

    rows: Subquery
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @classmethod
    def of(
        cls, statement: Select[Any], key: tuple[str, ...], chosen: Sequence[str | Column], labels: Mapping[str, str]
    ) -> Plan:
        """Raises UnknownColumn, and SourceFailed where two columns have one name."""
        rows = statement.subquery("t")
        names = [str(column.key) for column in statement.selected_columns]
        if twice := {name for name in names if names.count(name) > 1}:
            raise SourceFailed(f"Two columns are called {', '.join(sorted(twice))}. Give them names with label().")
        found = tuple(_column(column) for column in rows.columns)
        wishes = chosen or tuple(column.name for column in found)
        choose(found, [*key, *labels])
        picked = choose(found, [wish if isinstance(wish, str) else wish.name for wish in wishes])
        return cls(rows, key, tuple(declared(one, wish, labels) for one, wish in zip(picked, wishes, strict=True)))

    def counting(self) -> Select[Any]:
        """The statement that counts the rows."""
        return select(func.count()).select_from(self.rows)

    def reading(self, after: Position | None, cut: Cut) -> tuple[Select[Any], Course]:
        """The statement for the rows behind `after`. Raises SourceFailed where the columns are other ones."""
        names = [column.name for column in self.columns]
        hidden = [name for name in self.key if name not in names]
        cells = [*names, *hidden]
        order = [self.rows.columns[name] for name in self.key]
        course = Course(
            names=self.key,
            cells=tuple((cells.index(name), _same) for name in self.key),
            hidden=len(hidden),
            promised=tuple(range(len(self.key))),
            fingerprint=fingerprint(self.columns),
        )
        statement = select(*(self.rows.columns[name] for name in cells)).order_by(*order)
        if after is None:
            return _limited(statement.offset(cut.skip), cut.size), course
        begun = place(after, course.fingerprint)
        course = course._replace(delivered=begun.delivered)
        return _limited(statement.where(_behind(order, begun.values)), cut.left(begun.delivered)), course


def _limited(statement: Select[Any], rows: int | None) -> Select[Any]:
    return statement if rows is None else statement.limit(rows)


def _behind(order: Sequence[ColumnElement[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    """Behind by the first column, or equal there and behind by the second, and so on: every database knows that."""
    pairs = list(zip(order, values, strict=True))
    return or_(
        *(
            and_(*(column == value for column, value in pairs[:place]), pairs[place][0] > pairs[place][1])
            for place in range(len(pairs))
        )
    )


def _column(found: ColumnElement[Any]) -> Column:
    kind = found.type
    meaning = next((meaning for known, meaning in _MEANINGS if isinstance(kind, known)), Type.ANY)
    scale = kind.scale if isinstance(kind, types.Numeric) and meaning is Type.DECIMAL else None
    return Column(str(found.key), meaning, scale=scale)


def _same(cell: Any) -> Any:
    return cell
