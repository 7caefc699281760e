"""Restoring for a Django model: its table's, or by `delete()` and with signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.deletion import Collector, ProtectedError, RestrictedError

from narrowboat.data.alias import url_of
from narrowboat.data.records.problem import Problem
from narrowboat.data.target import Image, Outcome, Restoring, Wish
from narrowboat.data.targets import words
from narrowboat.data.targets.django_engine import as_driver, engine_of
from narrowboat.data.targets.engine import Catalogue, Engine, Refusal
from narrowboat.data.targets.restoring import TableRestoring
from narrowboat.data.targets.table import table

if TYPE_CHECKING:
    from narrowboat.data.targets.django import Model


def reopen_model(target: Model, wish: Wish, undone: str) -> Restoring:
    """Raises TargetUnavailable, TargetFailed."""
    alias, name = target.alias, target.model._meta.db_table
    if not target.signals:
        return table(url_of(alias), name).reopen(wish, undone)
    engine = engine_of(alias)
    try:
        return ModelRestoring(engine, engine.catalogue(name), wish, undone, target.model, alias)
    except BaseException:
        engine.close()
        raise


class ModelRestoring(TableRestoring):
    """Implements `data.target.Restoring` with signals: of deleting, and `post_save` of what is put back."""

    def __init__(self, engine: Engine, table: Catalogue, wish: Wish, undone: str, model: Any, alias: str) -> None:
        super().__init__(engine, table, wish, undone)
        self._records, self._alias = model._base_manager.using(alias), alias

    def _some(self, made: Sequence[Image]) -> list[Outcome]:
        """One by one, since each has its signals."""
        return [self._one(image) for image in made]

    def _remove(self, record: Sequence[Any]) -> None:
        """By `delete()`, where nothing else would go or change with it."""
        instance = self._get(record)
        try:
            if _has_others(instance, self._alias):
                raise Refusal(_REFERRED_TO)
            with self._engine.errors(), as_driver(), transaction.atomic(using=self._alias):
                instance.delete()
        except (ProtectedError, RestrictedError) as error:
            raise Refusal(_REFERRED_TO) from error
        except ValidationError as error:
            raise Refusal(Problem("refused", " ".join(error.messages))) from error

    def _put_back(self, record: Sequence[Any], before: str) -> None:
        super()._put_back(record, before)
        instance = self._get(record)
        models.signals.post_save.send(
            type(instance), instance=instance, created=False, update_fields=None, raw=False, using=self._alias
        )

    def _get(self, record: Sequence[Any]) -> Any:
        (value,) = record
        return self._records.get(pk=value)


_REFERRED_TO = Problem(words.NO_PARENT, "")
"""What the database says where it is asked to remove a record that others refer to."""


def _has_others(instance: Any, alias: str) -> bool:
    """Whether deleting it would delete or change other records too."""
    collector = Collector(using=alias, origin=instance)
    collector.collect([instance])
    found = sum(len(several) for several in collector.data.values()) > 1
    return found or bool(collector.field_updates) or any(several.exists() for several in collector.fast_deletes)
