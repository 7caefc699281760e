"""Collection: documents of MongoDB, as a user asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from narrowboat.data.columns import Column
from narrowboat.data.driven import Driven
from narrowboat.data.source import Count, Position, Reader, Shape
from narrowboat.data.sources import cut
from narrowboat.data.sources.conditions import Operator, asked
from narrowboat.data.sources.mongo.choice import Choice
from narrowboat.data.sources.mongo.filters import compared
from narrowboat.data.url import masked
from narrowboat.errors import BadConfiguration, BadParameter, MissingExtra

if TYPE_CHECKING:
    from narrowboat.data.sources.mongo.visit import MongoVisit

_URL: Final = r"mongodb(\+srv)?://[^/?]+/[^/?]+(\?.*)?"


class Collection(Driven):
    """Documents of one collection as rows: a `Source`. Each method gives a new one; nothing connects before it is read.

    Made by `collection`. A column is a path (`address.city`, `items.sku`, `phones.0`); what it means for each type of
    value is on the page about MongoDB. Without `columns`, the fields of the first documents are the columns, and a
    document with another field fails.
    """

    __slots__ = ("_choice", "_name", "_url")

    def __init__(self, url: str, name: str, choice: Choice) -> None:
        self._url = url
        self._name = name
        self._choice = choice

    def __repr__(self) -> str:
        return f"Collection({masked(self._url)!r}, {self._name!r}, {self._choice!r})"

    def find(self, filter: Mapping[str, Any] | None = None, projection: Mapping[str, Any] | None = None) -> Collection:
        """Documents that match a filter, as well as all before. projection: as MongoDB has it."""
        found = self._choice.projection if projection is None else dict(projection)
        return self._choosing(filters=(*self._choice.filters, dict(filter or {})), projection=found)

    def aggregate(self, pipeline: Sequence[Mapping[str, Any]], *, key: str = "") -> Collection:
        """What a pipeline makes of the documents; `find` and `where` then hold for its results.

        key: a field of the results that is unique and never missing, in whose order they come; without one they come
        as the pipeline has them, and an interrupted run starts from zero. Raises BadParameter for a path.
        """
        if "." in key:
            raise BadParameter(f"The key {key!r} is a path: make it a field with $project or $set.")
        return self._choosing(pipeline=tuple(dict(stage) for stage in pipeline), key=key)

    def where(self, field: str = "", operator: Operator = "=", value: Any = None, /, **equal: Any) -> Collection:
        """Documents that fit, as well as all conditions before.

        `where(city="Köln", status=["new", "open"])`: equal, or one of a list. `where("created_at", ">=", day)`: a
        path, one of = != < <= > >= in "not in", a value. `where("deleted_at", "is null")`, or "is not null".
        A value of None drops its condition. Raises BadParameter for an operator or a list that cannot be.
        """
        added = asked(field, operator, value, equal)
        for condition in added:
            compared(condition)
        return self._choosing(conditions=self._choice.conditions + added)

    def columns(self, *columns: str | Column) -> Collection:
        """These paths in this order: names, or Columns that also say label, type, scale, zone or currency.

        A field that the first documents lack must be given as a Column, so that a slip of the pen is noticed.
        """
        return self._choosing(chosen=columns)

    def rename(self, labels: Mapping[str, str]) -> Collection:
        """What stands above a column, by its path."""
        return self._choosing(labels=tuple({**dict(self._choice.labels), **labels}.items()))

    def limit(self, rows: int) -> Collection:
        """At most so many rows. Raises BadParameter below 0."""
        return self._choosing(cut=cut.first(rows))

    def page(self, number: int, size: int) -> Collection:
        """Page `number`, counted from 1, of `size` rows. Needs a key. Raises BadParameter for a page that cannot be."""
        return self._choosing(cut=cut.page(number, size))

    def shape(self) -> Shape:
        """Columns and resume key. Also raises UnknownColumn."""
        with closing(self.visit()) as visit:
            return visit.shape()

    def count(self) -> Count | None:
        """Exact where that takes less than 300 ms, else the figure that the collection keeps, None with conditions."""
        with closing(self.visit()) as visit:
            return visit.count()

    def open(self, *, after: Position | None, rows: int, raw_text: bool) -> Reader:
        """Connect and look for the columns. Also raises UnknownColumn, and NoResumeKey for a page without a key."""
        with closing(self.visit()) as visit:
            return visit.open(after=after, rows=rows, raw_text=raw_text)

    def load(self) -> None:
        """See `Driven.load`."""
        self._visit()

    def visit(self) -> MongoVisit:
        """Connect."""
        return self._visit()(self._url, self._name, self._choice)

    def _visit(self) -> type[MongoVisit]:
        try:
            from narrowboat.data.sources.mongo.visit import MongoVisit
        except ImportError as error:
            raise MissingExtra(
                f"MongoDB needs its driver, which cannot be imported ({error}): pip install narrowboat[mongo]"
            ) from error
        return MongoVisit

    def _choosing(self, **changes: Any) -> Collection:
        return Collection(self._url, self._name, self._choice._replace(**changes))


def collection(url: str, name: str, *, sample: int = 1000, separator: str = ", ") -> Collection:
    """The documents of a collection or a view.

    url: `mongodb://user@host/database` or `mongodb+srv://…`. sample: how many of the first documents are looked at for
    columns, in the order of `_id`. separator: what stands between the elements of an array. Raises BadConfiguration.
    """
    if not re.fullmatch(_URL, url, flags=re.DOTALL):
        raise BadConfiguration(
            f"{masked(url)!r} does not name a database of MongoDB. Write mongodb://user@host/database."
        )
    if sample < 1:
        raise BadConfiguration(f"A sample of {sample} documents has no columns: give 1 or more.")
    return Collection(url, name, Choice(sample, separator))
