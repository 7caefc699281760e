"""A Django model as a target: inert, connects on use. Django is imported when a run opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narrowboat.data.alias import url_of
from narrowboat.data.target import Wish
from narrowboat.data.targets.table import same, table
from narrowboat.errors import BadConfiguration, MissingExtra

if TYPE_CHECKING:
    from narrowboat.data.target import Restoring
    from narrowboat.data.targets.django_loading import ModelLoading


class Model:
    """A Django model whose records are written. Made by `model`."""

    __slots__ = ("full_clean", "model", "signals", "using")
    transactional = True

    def __init__(self, model: Any, *, signals: bool, full_clean: bool, using: str) -> None:
        options = getattr(model, "_meta", None)
        if options is None:
            raise BadConfiguration(f"model(…) takes a Django model, not {model!r}.")
        if options.parents and not options.proxy:
            raise BadConfiguration(
                f"{options.label} has a parent's table too, so a record is not one row: import with function(…)."
            )
        self.model, self.signals, self.full_clean, self.using = model, signals, full_clean, using

    def __repr__(self) -> str:
        return f"model({self.model._meta.label}, signals={self.signals}, full_clean={self.full_clean})"

    @property
    def alias(self) -> str:
        """The database's name in Django's settings."""
        from django.db import router

        return self.using or str(router.db_for_write(self.model))

    def is_in(self, url: str) -> bool:
        """See `data.target.Target`. True only where it is sure."""
        return same(url_of(self.alias), url)

    def open(self, wish: Wish) -> ModelLoading:
        """See `data.target.Target`."""
        try:
            from narrowboat.data.targets.django_loading import open_model
        except ImportError as error:
            raise MissingExtra(f"Django cannot be imported ({error}): pip install narrowboat[django]") from error
        return open_model(self, wish)

    def reopen(self, wish: Wish, undone: str) -> Restoring:
        """See `data.target.Reversible`."""
        from narrowboat.data.targets.django_restoring import reopen_model

        return reopen_model(self, wish, undone)

    def forget(self, run: str) -> None:
        """See `data.target.Remembering`."""
        table(url_of(self.alias), self.model._meta.db_table).forget(run)


def model(model: Any, *, signals: bool = False, full_clean: bool = False, using: str = "") -> Model:
    """A Django model, written in bulk: a chunk is one statement. Columns of the import are the model's fields.

    signals: each record is saved by its own `save()`, in a savepoint, as a form would: with signals and what the model
    overrides, and many times slower. full_clean: the model's validators, choices and `clean()` hold for every row; what
    a ValidationError says is told to the person. using: the database's alias; else the routers' choice. Raises
    BadConfiguration for what is no model, or one that inherits another one's table.
    """
    return Model(model, signals=signals, full_clean=full_clean, using=using)
