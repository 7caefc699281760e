"""A QuerySet of Django, read with the database settings and the models of its project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from narrowboat.data.columns import Column
from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources import cut
from narrowboat.data.sources.cut import Cut
from narrowboat.errors import MissingExtra, NoResumeKey

if TYPE_CHECKING:
    from narrowboat.data.sources.django_plan import Plan

_NO_KEY: Final = (
    "The QuerySet is distinct, grouped, combined or cut, so its primary key does not say where to go on and an "
    "interrupted run starts from zero."
)


class DjangoRows:
    """The rows of a QuerySet: a `Source`. Each method gives a new one; nothing connects before it is read.

    Made by `queryset`.
    """

    __slots__ = ("_choices", "_chosen", "_cut", "_labels", "_make", "_using")

    def __init__(self, make: Callable[[], Any], using: str, choices: bool) -> None:
        self._make = make
        self._using = using
        self._choices = choices
        self._chosen: tuple[str | Column, ...] = ()
        self._labels: tuple[tuple[str, str], ...] = ()
        self._cut = Cut()

    def columns(self, *columns: str | Column) -> DjangoRows:
        """These fields in this order, also `owner__name`: names, or Columns that also say label, type or zone."""
        return self._with(chosen=columns)

    def rename(self, labels: Mapping[str, str]) -> DjangoRows:
        """What stands above a column, by its name."""
        return self._with(labels=tuple({**dict(self._labels), **labels}.items()))

    def limit(self, rows: int) -> DjangoRows:
        """At most so many rows. Raises BadParameter below 0."""
        return self._with(cut=cut.first(rows))

    def page(self, number: int, size: int) -> DjangoRows:
        """Page `number`, counted from 1, of `size` rows. Needs a key. Raises BadParameter for a page that cannot be."""
        return self._with(cut=cut.page(number, size))

    def shape(self) -> Shape:
        """Columns from the model's fields, and its primary key. Raises UnknownColumn."""
        plan = self._plan()
        return Shape(plan.columns, (plan.key,) if plan.key else (), "" if plan.key else _NO_KEY)

    def count(self) -> Count | None:
        """Exact: the QuerySet's own count, however long that takes."""
        from narrowboat.data.sources.django_rows import count

        return self._cut.counted(count(self._plan().rows))

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Prepare. Text stays `str`. Raises UnknownColumn, and NoResumeKey for a page without a key."""
        from narrowboat.data.sources.django_rows import DjangoStatement
        from narrowboat.data.sources.reader import QueryReader

        plan = self._plan()
        if self._cut.skip is not None and not plan.key:
            raise NoResumeKey(f"Pages need a total order. {_NO_KEY}")
        wanted, course = plan.reading(after, self._cut)
        return QueryReader(DjangoStatement(wanted, plan.shown), course, rows)

    def _plan(self) -> Plan:
        try:
            from narrowboat.data.sources.django_plan import Plan
        except ImportError as error:
            raise MissingExtra(f"Django cannot be imported ({error}): pip install narrowboat[django]") from error
        rows = self._make()
        return Plan.of(
            rows.using(self._using) if self._using else rows, self._chosen, dict(self._labels), self._choices
        )

    def _with(self, **changes: Any) -> DjangoRows:
        made = DjangoRows.__new__(DjangoRows)
        for name in self.__slots__:
            setattr(made, name, changes.get(name[1:], getattr(self, name)))
        return made


def queryset(make: Callable[[], Any], *, using: str = "", choices: bool = True) -> DjangoRows:
    """The rows that a QuerySet selects, in the order of the primary key.

    make: gives the QuerySet, `lambda: Lead.objects.filter(city=city)`; its own order is not kept. using: the alias of
    the database to read, such as a replica. choices: fields with choices show what people read, not what is stored.
    """
    return DjangoRows(make, using, choices)
