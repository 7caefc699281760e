"""Loading for a Django model: its table's, with rows as the model makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from narrowboat.data.alias import url_of
from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record
from narrowboat.data.target import Earlier, Outcome, What, Wish
from narrowboat.data.targets.django_rows import ModelRows
from narrowboat.data.targets.engine import Catalogue, Engine
from narrowboat.data.targets.loading import TableLoading
from narrowboat.data.targets.table import check, table

if TYPE_CHECKING:
    from narrowboat.data.targets.django import Model


def open_model(target: Model, wish: Wish) -> ModelLoading:
    """Raises TargetUnavailable, TargetFailed, BadConfiguration."""
    alias, name = target.alias, target.model._meta.db_table
    rows = ModelRows(target.model, wish, alias, full_clean=target.full_clean)
    inner = rows.translated(wish)
    engine, kind = _engine(target, alias, name)
    try:
        found = engine.catalogue(name)
        check(found, inner, name)
        return kind(engine, found, inner, rows)
    except BaseException:
        engine.close()
        raise


def _engine(target: Model, alias: str, name: str) -> tuple[Engine, type[ModelLoading]]:
    if not target.signals:
        return table(url_of(alias), name).engine(), ModelLoading
    from narrowboat.data.targets.django_engine import engine_of
    from narrowboat.data.targets.django_saving import ModelSaving

    return engine_of(alias), ModelSaving


class ModelLoading(TableLoading):
    """Implements `data.target.Loading`, in bulk."""

    def __init__(self, engine: Engine, table: Catalogue, wish: Wish, rows: ModelRows) -> None:
        """wish: of the table's columns."""
        super().__init__(engine, table, wish)
        self._rows = rows

    def write(self, records: Sequence[Record], earlier: Earlier) -> Sequence[Outcome]:
        """See `data.target.Loading`."""
        outcomes, ready = dict[int, Outcome](), list[Record]()
        for record in records:
            made = self._prepared(record)
            if isinstance(made, Problem):
                outcomes[record.row] = Outcome(What.REJECTED, problem=made)
            else:
                ready.append(record._replace(values=made))
        written = super().write(ready, earlier)
        outcomes |= {record.row: self._named(outcome) for record, outcome in zip(ready, written, strict=True)}
        return [outcomes[record.row] for record in records]

    def _prepared(self, record: Record) -> tuple[Any, ...] | Problem:
        instance = self._rows.new(record.values)
        return self._rows.problem(instance) or self._rows.prepared(instance)

    def _named(self, outcome: Outcome) -> Outcome:
        """With the import's name of a column."""
        if (problem := outcome.problem) is None or problem.column is None:
            return outcome
        named = problem._replace(column=self._rows.names.get(problem.column, problem.column))
        return outcome._replace(problem=named)
