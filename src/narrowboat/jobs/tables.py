"""Tables: what an export's function returned, with the person's choice of columns and pages applied."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol, runtime_checkable

from narrowboat.data.columns import Column, choose
from narrowboat.data.format import Table
from narrowboat.data.source import Count, Shape, Source, Visit
from narrowboat.errors import BadConfiguration, NotRepresentable
from narrowboat.jobs.output import Output


@runtime_checkable
class Selectable(Protocol):
    """A source that can leave columns and rows out by itself."""

    def columns(self, *columns: str | Column) -> Source: ...

    def page(self, number: int, size: int) -> Source: ...


class Advice(Protocol):
    """An index that a source would need."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def because(self) -> str: ...

    @property
    def statement(self) -> str: ...


@runtime_checkable
class Advised(Protocol):
    """A source that knows which indexes it would need."""

    def missing_indexes(self) -> Sequence[Advice]: ...


class Named(NamedTuple):
    """A source and what its table is called."""

    name: str
    source: Source


def named(made: Any, name: str, output: Output) -> tuple[Named, ...]:
    """The tables of one file.

    made: what the job's function returned: a source, or several by name. Raises BadConfiguration for anything
    else, UnknownColumn, NotRepresentable where the source cannot be cut into pages.
    """
    by_name = made if isinstance(made, Mapping) else {name: made}
    if not by_name or not all(isinstance(source, Source) for source in by_name.values()):
        raise BadConfiguration(
            f"The function of {name!r} must return a source (table, query, rows) or a dict of them by name."
        )
    tables = [Named(title, source) for title, source in by_name.items()]
    if output.columns or output.labels:
        tables = _chosen(tables, output)
    return tuple(page for table in tables for page in _pages(table, output)) if output.pages else tuple(tables)


def _chosen(tables: list[Named], output: Output) -> list[Named]:
    available = [table.source.shape().columns for table in tables]
    choose(tuple(chain(*available)), output.labels)  # a label is for a column of any of the tables, but of one
    return [
        Named(table.name, _columns(table.source, columns, output))
        for table, columns in zip(tables, available, strict=True)
    ]


def _columns(source: Source, available: Sequence[Column], output: Output) -> Source:
    chosen = choose(available, output.columns) if output.columns else available
    return _selectable(source).columns(*(_labelled(column, output.labels) for column in chosen))


def _labelled(column: Column, labels: Mapping[str, str]) -> Column:
    label = labels.get(column.name, column.label)
    return Column(column.name, column.type, label, column.zone, column.currency, column.scale)


def _pages(table: Named, output: Output) -> list[Named]:
    assert output.page_size is not None  # noqa: S101  # Output.parse lets no pages without a size through
    return [
        Named(
            table.name if len(output.pages) == 1 else f"{table.name} {number}",
            _selectable(table.source).page(number, output.page_size),
        )
        for number in output.pages
    ]


def _selectable(source: Source) -> Selectable:
    if not isinstance(source, Selectable):
        raise NotRepresentable("This source has no choice of columns or pages; export it whole.")
    return source


def count(sources: Iterable[Source | Visit]) -> Count | None:
    """Rows of all of them together; None where one cannot tell."""
    rows, estimated = 0, False
    for source in sources:
        if (counted := source.count()) is None:
            return None
        rows, estimated = rows + counted.rows, estimated or counted.estimated
    return Count(rows, estimated)


def header(table: Named, shape: Shape) -> Table:
    """What a format needs to know of a table."""
    return Table(table.name, shape.columns)
