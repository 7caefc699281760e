"""From a query and a relation to the statement that reads it, and the way from a row back to a position."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Position
from narrowboat.data.sources.conditions import Condition, selection
from narrowboat.data.sources.course import Course, Place, place
from narrowboat.data.sources.cut import Cut
from narrowboat.data.sources.declared import fingerprint
from narrowboat.data.sources.order import Term, behind
from narrowboat.data.sources.relation import Field, Key, KeyPart, Relation, Select
from narrowboat.errors import NoResumeKey, SourceFailed


class Choice(NamedTuple):
    """What is wanted of a relation, all of it by default. `Query` says what each of these means."""

    key: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    chosen: tuple[str | Column, ...] = ()
    order: tuple[str, ...] = ()
    cut: Cut = Cut()


class Reading(NamedTuple):
    """A statement to run, and how its rows are to be understood."""

    statement: Select
    course: Course


def redeclared(relation: Relation, choice: Choice) -> bool:
    """Whether a column is to mean something else than what its database says."""
    wishes = [wish for wish in choice.chosen if isinstance(wish, Column)]
    return any(wish.type not in (Type.ANY, relation.field(wish.name).column.type) for wish in wishes)


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


def reading(relation: Relation, choice: Choice, after: Position | None, raw_text: bool) -> Reading:
    """The statement for the rows behind `after`. raw_text: text cells may come as their bytes.

    Raises UnknownColumn; NoResumeKey for a page without a key; SourceFailed where the relation is no longer what it
    was at `after`.
    """
    chosen = chosen_fields(relation, choice)
    columns = fingerprint(field.column for field in chosen)
    begun = None if after is None else place(after, columns)
    order = _order(relation, choice, begun)
    if begun is None:
        rows, limited = selection(relation, choice.conditions), _limited(choice.cut.size, choice.cut.skip or 0)
    else:
        rows = selection(relation, choice.conditions, behind(order.terms, begun.values))
        limited = _limited(choice.cut.left(begun.delivered), 0)
    values, cells = _selected(relation, chosen, order.terms if order.total else (), raw_text)
    return Reading(
        statement=Select(
            tuple(values),
            rows,
            _ordered(order.terms) + limited,
            every=relation.stored and begun is None and not choice.conditions and not limited,
        ),
        course=Course(
            names=tuple(term.name for term in order.terms),
            cells=cells,
            hidden=len(values) - len(chosen),
            promised=order.promised,
            fingerprint=columns,
            delivered=begun.delivered if begun else 0,
        ),
    )


class _Order(NamedTuple):
    """What rows are sorted by: what the user wants first, then the key, which makes the order total."""

    terms: tuple[Term, ...]
    total: bool = False
    promised: tuple[int, ...] = ()


def _order(relation: Relation, choice: Choice, begun: Place | None) -> _Order:
    """By the best key, or by the one a reading began with, which need not be the best any more."""
    orders = [_order_by(relation, choice, key) for key in resume_keys(relation, choice)]
    if begun is None:
        if choice.cut.skip is not None and not orders:
            raise NoResumeKey(f"Pages need a total order. {relation.no_key_because}")
        return orders[0] if orders else _Order(tuple(_wished(relation, choice)))
    for order in orders:
        if tuple(term.name for term in order.terms) == begun.names:
            return order
    raise SourceFailed(f"The resume key ({', '.join(begun.names)}) of the run is gone. Start a new run.")


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
        sql=(field.order or field.sql) + part.collation,
        bound=field.bound,
        descending=descending,
        nullable=nullable,
        nulls_last=relation.nulls_high is not descending,
    )


def _selected(
    relation: Relation, chosen: Sequence[Field], terms: Sequence[Term], raw_text: bool
) -> tuple[list[str], tuple[tuple[int, Callable[[Any], Any]], ...]]:
    """What is selected, and where in it the order's cells are: among the chosen columns where those can serve."""
    values = [field.raw if raw_text and field.raw else field.value for field in chosen]
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
