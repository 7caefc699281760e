"""Saving: records by the model's own `save()`, one by one, each in a savepoint, with its signals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction

from narrowboat.data.records.problem import Problem
from narrowboat.data.records.record import Record
from narrowboat.data.target import Earlier, Image, Outcome, What, Wish
from narrowboat.data.targets import words
from narrowboat.data.targets.django_engine import as_driver
from narrowboat.data.targets.django_loading import ModelLoading
from narrowboat.data.targets.django_rows import ModelRows
from narrowboat.data.targets.engine import Catalogue, Engine, Refusal, listed
from narrowboat.data.targets.meeting import Decisions

T = TypeVar("T")


class ModelSaving(ModelLoading):
    """Implements `data.target.Loading`. The engine is one over Django's own connection."""

    def __init__(self, engine: Engine, table: Catalogue, wish: Wish, rows: ModelRows) -> None:
        super().__init__(engine, table, wish, rows)
        self._given: dict[int, Sequence[Any]] = {}
        self._changed_places = [
            place for place, field in enumerate(rows.given) if field.column in wish.updated and not field.primary_key
        ]
        self._where = " and ".join(f"{listed([name], 't.')} = ?" for name in table.primary)

    def write(self, records: Sequence[Record], earlier: Earlier) -> Sequence[Outcome]:
        """See `data.target.Loading`."""
        self._given = {record.row: record.values for record in records}
        return super().write(records, earlier)

    def _prepared(self, record: Record) -> tuple[Any, ...] | Problem:
        """What finds its record; the record as a whole is checked when it is saved, with all that it has."""
        instance = self._rows.new(record.values)
        return self._rows.problem(instance, fields_alone=True) or self._rows.prepared(instance)

    def _some(self, records: Sequence[Record]) -> dict[int, Outcome]:
        """Each by itself."""
        return {row: outcome for record in records for row, outcome in super(ModelSaving, self)._some([record]).items()}

    def _or_not_at_all(self, work: Callable[[], T]) -> T:
        before = len(self._made)
        try:
            with self._engine.errors(), as_driver(), transaction.atomic(using=self._rows.alias):
                return work()
        except Refusal:
            while len(self._made) > before:
                self._made.popitem()
            raise

    def _create(self, new: Sequence[Record]) -> dict[int, Outcome]:
        (record,) = new
        try:
            return self._or_not_at_all(lambda: self._saved_new(record))
        except Refusal as refusal:
            met = self._meet(new, meanwhile=True) if refusal.problem.code == "exists" else {}
            return met or {record.row: self._refused(refusal)}

    def _saved_new(self, record: Record) -> dict[int, Outcome]:
        instance = self._rows.new(self._given[record.row])
        self._save(instance, force_insert=True)
        kept = self._kept(self._rows.primary(instance))
        return self._created({record.row: kept}) if kept else self._nothing(record.row)

    def _nothing(self, row: int) -> dict[int, Outcome]:
        return {row: Outcome(What.REJECTED, problem=words.dropped())}

    def _update(self, decided: Decisions) -> dict[int, Outcome]:
        outcomes = dict[int, Outcome]()
        for row, met in decided.changing.items():
            instance = self._rows.get(json.loads(met.record))
            self._rows.fill(instance, self._given[row], self._changed_places)
            self._made[met.record] = row
            self._save(instance, force_update=True)
            if kept := self._kept(json.loads(met.record)):
                outcomes[row] = Outcome(What.UPDATED, met.record)
                self._keep([Image(row, met.record, met.before, kept[1])])
        return outcomes

    def _save(self, instance: Any, **how: bool) -> None:
        """Raises Refusal for what the model or a receiver of its signals has against it."""
        if problem := self._rows.problem(instance):
            raise Refusal(problem)
        try:
            instance.save(using=self._rows.alias, **how)
        except ValidationError as error:
            raise Refusal(self._rows.told(error)) from error
        except DatabaseError as error:
            if error.__cause__ is None:  # Django's own: the update changed nothing
                raise Refusal(words.dropped()) from error
            raise
        except TypeError as error:
            if _inserted_nothing(error):
                raise Refusal(words.dropped()) from error
            raise
        self._engine.settle()

    def _kept(self, primary: Sequence[Any]) -> tuple[str, str] | None:
        """The record and its image, as they are in the table; None where the database kept nothing."""
        image = f", {self._engine.image(self._table, 't')}" if self._wish.undo else ""
        identity = ", ".join(f"t.{name}" for name in self._identity)
        found = self._engine.execute(
            f"select {identity}{image} from {self._table.sql} as t where {self._where}",  # noqa: S608  all quoted
            primary,
        )
        return self._record(found[0]) if found else None


def _inserted_nothing(error: TypeError) -> bool:
    """Whether it is Django's own: its `save()` takes for granted that an insert gives a record back."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is models.Model._save_table.__code__
