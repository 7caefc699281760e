"""What is wanted of a collection, as the statements that MongoDB is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from narrowboat.data.columns import Column
from narrowboat.data.sources.conditions import Condition
from narrowboat.data.sources.cut import Cut
from narrowboat.data.sources.mongo.filters import compared, matching, projection

Document: TypeAlias = Mapping[str, Any]


class Wanted(NamedTuple):
    """One statement: the documents a filter matches, or what a pipeline makes. In the order of `sort`, if any."""

    filter: Document
    projection: Document | None = None
    pipeline: tuple[Document, ...] | None = None
    sort: str = ""
    skip: int = 0
    limit: int | None = None

    def stages(self) -> list[Document]:
        """The pipeline, restricted by all the others."""
        found = list(self.pipeline or ())
        found += [{"$match": self.filter}] if self.filter else []
        found += [{"$sort": {self.sort: 1}}] if self.sort else []
        found += [{"$skip": self.skip}] if self.skip else []
        found += [{"$limit": self.limit}] if self.limit is not None else []
        return found + ([{"$project": self.projection}] if self.projection else [])


class Choice(NamedTuple):
    """All of the collection by default. `Collection` says what each of these means."""

    sample: int = 1000
    separator: str = ", "
    filters: tuple[Document, ...] = ()
    projection: Document | None = None
    pipeline: tuple[Document, ...] | None = None
    key: str = ""
    conditions: tuple[Condition, ...] = ()
    chosen: tuple[str | Column, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    cut: Cut = Cut()

    @property
    def hides_id(self) -> bool:
        """Whether the projection leaves `_id` out: it is fetched all the same, for the position."""
        return self.projection is not None and not self.projection.get("_id", True)

    def filter(self) -> dict[str, Any]:
        """All filters and conditions at once."""
        return matching([*self.filters, *map(compared, self.conditions)])

    def wanted(self, key: str) -> Wanted:
        """Everything from the first row on, in the order of `key`, if any."""
        return Wanted(
            filter=self.filter(),
            projection=self._projection(key),
            pipeline=self.pipeline,
            sort=key,
            skip=self.cut.skip or 0,
            limit=self.cut.size,
        )

    def first(self, key: str) -> Wanted:
        """The documents whose fields are the columns."""
        return self._replace(chosen=(), cut=Cut(self.sample)).wanted(key)

    def _projection(self, key: str) -> Document | None:
        if self.chosen:
            paths = [one if isinstance(one, str) else one.name for one in self.chosen]
            found = projection([*paths, key] if key else paths)
            return found if "_id" in found else {**found, "_id": 0}
        if self.projection is None or not (self.hides_id and key == "_id"):
            return self.projection
        return {name: shown for name, shown in self.projection.items() if name != "_id"} or None
