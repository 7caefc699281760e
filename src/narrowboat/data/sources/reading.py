"""From a query and a relation to the statement that reads it, and the way from a row back to a position."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from narrowboat.data.columns import Column
from narrowboat.data.source import Position, Row
from narrowboat.data.sources.conditions import Condition, selection
from narrowboat.data.sources.order import Term, behind
from narrowboat.data.sources.position import decode, encode
from narrowboat.data.sources.relation import Field, Key, KeyPart, Relation, Sql
from narrowboat.errors import NoResumeKey, SourceFailed


class Choice(NamedTuple):
    """What is wanted of a relation, all of it by default. `Query` says what each of these means."""

    key: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    chosen: tuple[str | Column, ...] = ()
    order: tuple[str, ...] = ()
    size: int | None = None
    skip: int | None = None


class Reading(NamedTuple):
    """A statement to run, and how its rows are to be understood.

    hidden: cells at a row's end that serve the position and are not delivered.
    names: the columns of the order. cells: index and meaning of each of them in a row; empty without a key.
    delivered: rows read before this statement.
    promised: which columns of the order are a key by the user's word alone, not the catalogue's.
    """

    statement: Sql
    hidden: int
    names: tuple[str, ...]
    cells: tuple[tuple[int, Callable[[Any], Any]], ...]
    delivered: int
    fingerprint: str
    promised: tuple[int, ...]

    def values(self, row: Row) -> tuple[Any, ...]:
        """The row's place in the order."""
        return tuple([take(row[index]) for index, take in self.cells])

    def position(self, row: Row, delivered: int) -> Position | None:
        """After `row`, the last of `delivered` rows."""
        if not self.cells:
            return None
        return [delivered, list(self.names), [encode(value) for value in self.values(row)], self.fingerprint]


def chosen_fields(relation: Relation, choice: Choice) -> tuple[Field, ...]:
    """The fields that are delivered. Raises UnknownColumn."""
    if not choice.chosen:
        return relation.fields
    return tuple(relation.field(column if isinstance(column, str) else column.name) for column in choice.chosen)


def resume_keys(relation: Relation, choice: Choice) -> tuple[Key, ...]:
    """The resume keys to choose from, the best first; one the user names goes before the catalogue's."""
    if not choice.key:
        return relation.keys
    for name in choice.key:
        relation.field(name)
    known = [key for key in relation.keys if {part.name for part in key} == set(choice.key)]
    return tuple(known) or (tuple(KeyPart(name) for name in choice.key),)


def reading(relation: Relation, choice: Choice, after: Position | None) -> Reading:
    """The statement for the rows behind `after`.

    Raises UnknownColumn; NoResumeKey for a page without a key; SourceFailed where the relation is no longer what it
    was at `after`.
    """
    chosen = chosen_fields(relation, choice)
    fingerprint = _fingerprint(chosen)
    order = _order(relation, choice, after, fingerprint)
    if after is None:
        delivered, rows = 0, selection(relation, choice.conditions)
        limited = _limited(choice.size, choice.skip or 0)
    else:
        delivered, place = after[0], [decode(cell) for cell in after[2]]
        rows = selection(relation, choice.conditions, behind(order.terms, place))
        limited = _limited(None if choice.size is None else max(choice.size - delivered, 0), 0)
    values, cells = _selected(relation, chosen, order.terms if order.total else ())
    return Reading(
        statement=Sql(f"select {', '.join(values)}") + rows + Sql(_ordered(order.terms) + limited),
        hidden=len(values) - len(chosen),
        names=tuple(term.name for term in order.terms),
        cells=cells,
        delivered=delivered,
        fingerprint=fingerprint,
        promised=order.promised,
    )


def _fingerprint(chosen: Sequence[Field]) -> str:
    described = "\n".join(f"{field.column.name}\t{field.column.type}" for field in chosen)
    return f"{zlib.crc32(described.encode()):08x}"


class _Order(NamedTuple):
    """What rows are sorted by: what the user wants first, then the key, which makes the order total."""

    terms: tuple[Term, ...]
    total: bool = False
    promised: tuple[int, ...] = ()


def _order(relation: Relation, choice: Choice, after: Position | None, fingerprint: str) -> _Order:
    """By the best key, or by the one a reading began with, which need not be the best any more."""
    orders = [_order_by(relation, choice, key) for key in resume_keys(relation, choice)]
    if after is None:
        if choice.skip is not None and not orders:
            raise NoResumeKey(f"Pages need a total order. {relation.no_key_because}")
        return orders[0] if orders else _Order(tuple(_wished(relation, choice)))
    if after[3] != fingerprint:
        raise SourceFailed("The columns are not those that were there when the run began. Start a new run.")
    for order in orders:
        if [term.name for term in order.terms] == after[1]:
            return order
    raise SourceFailed(f"The resume key ({', '.join(after[1])}) of the run is gone. Start a new run.")


def _order_by(relation: Relation, choice: Choice, key: Key) -> _Order:
    promised = key not in relation.keys
    terms = list(_wished(relation, choice))
    wanted = {term.name for term in terms}
    terms += [_term(relation, part, False, promised) for part in key if part.name not in wanted]
    parts = {part.name for part in key} if promised else set()
    return _Order(tuple(terms), True, tuple(index for index, term in enumerate(terms) if term.name in parts))


def _wished(relation: Relation, choice: Choice) -> Iterator[Term]:
    names = {field.column.name for field in relation.fields}
    for name in choice.order:
        descending = name.startswith("-") and name not in names
        yield _term(relation, KeyPart(name[1:] if descending else name), descending, True)


def _term(relation: Relation, part: KeyPart, descending: bool, nullable: bool) -> Term:
    field = relation.field(part.name)
    return Term(
        name=part.name,
        sql=field.sql + part.collation,
        bound=field.bound,
        descending=descending,
        nullable=nullable,
        nulls_last=relation.nulls_high is not descending,
    )


def _selected(
    relation: Relation, chosen: Sequence[Field], terms: Sequence[Term]
) -> tuple[list[str], tuple[tuple[int, Callable[[Any], Any]], ...]]:
    """What is selected, and where in it the order's cells are: among the chosen columns where those can serve."""
    values = [field.value for field in chosen]
    places = {field.column.name: index for index, field in enumerate(chosen)}
    cells = []
    for field in [relation.field(term.name) for term in terms]:
        index = places.get(field.column.name)
        if index is None or field.exact is not None:
            index = len(values)
            values.append(field.exact or field.value)
        cells.append((index, field.take))
    return values, tuple(cells)


def _ordered(terms: Sequence[Term]) -> str:
    return " order by " + ", ".join(term.ordering for term in terms) if terms else ""


def _limited(size: int | None, offset: int) -> str:
    limit = "" if size is None else f" limit {size}"
    return f"{limit} offset {offset}" if offset else limit
