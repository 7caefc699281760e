"""A table as a target: inert, connects on use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from narrowboat.data.columns import Type
from narrowboat.data.records.field import Field
from narrowboat.data.target import Mode, Wish
from narrowboat.data.targets.engine import Catalogue, Engine
from narrowboat.data.url import masked
from narrowboat.errors import BadConfiguration, MissingExtra

if TYPE_CHECKING:
    from narrowboat.data.targets.loading import TableLoading
    from narrowboat.data.targets.restoring import TableRestoring

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


class Table:
    """A table of SQLite or PostgreSQL that rows are written to. Made by `table`. Its text hides the password."""

    __slots__ = ("name", "url")
    transactional = True

    def __init__(self, url: str, name: str) -> None:
        if not url.startswith((_SQLITE, *_POSTGRES)):
            raise BadConfiguration(f"Rows can be imported into sqlite:///… and postgresql://…, not {masked(url)!r}.")
        self.url, self.name = url, name

    def __repr__(self) -> str:
        return f"table({masked(self.url)!r}, {self.name!r})"

    def is_in(self, url: str) -> bool:
        """See `data.target.Target`. True only where it is sure."""
        return same(self.url, url)

    def fields(self) -> tuple[Field, ...]:
        """A field for each column that may be written, as the database declares it."""
        engine = self.engine()
        try:
            found = engine.catalogue(self.name)
        finally:
            engine.close()
        pairs = zip(found.columns, found.types, strict=True)
        return tuple(
            Field(name, Type.TEXT if kind is Type.BINARY else kind, required=name in found.required)
            for name, kind in pairs
            if name not in found.computed
        )

    def open(self, wish: Wish) -> TableLoading:
        """See `data.target.Target`."""
        from narrowboat.data.targets.loading import TableLoading

        engine = self.engine()
        try:
            found = engine.catalogue(self.name)
            check(found, wish, self.name)
            return TableLoading(engine, found, wish)
        except BaseException:
            engine.close()
            raise

    def reopen(self, wish: Wish, undone: str) -> TableRestoring:
        """See `data.target.Reversible`."""
        from narrowboat.data.targets.restoring import TableRestoring

        engine = self.engine()
        try:
            return TableRestoring(engine, engine.catalogue(self.name), wish, undone)
        except BaseException:
            engine.close()
            raise

    def forget(self, run: str) -> None:
        """See `data.target.Remembering`."""
        from narrowboat.data.targets import images, receipts

        engine = self.engine()
        try:
            images.forget(engine, run)
            receipts.forget(engine, run)
        finally:
            engine.close()

    def engine(self) -> Engine:
        """A connection. Raises TargetUnavailable, TargetFailed, MissingExtra."""
        return self._kind()(self.url.removeprefix(_SQLITE))

    def load(self) -> None:
        """See `data.target.Loadable`."""
        self._kind()

    def _kind(self) -> Callable[[str], Engine]:
        if self.url.startswith(_SQLITE):
            from narrowboat.data.targets.sqlite import SqliteEngine

            return SqliteEngine
        try:
            from narrowboat.data.targets.postgres import PostgresEngine
        except ImportError as error:
            raise MissingExtra("PostgreSQL needs its driver: pip install narrowboat[postgres]") from error
        return PostgresEngine


def table(url: str, name: str) -> Table:
    """The table `name` of the database at `url`: `sqlite:///shop.db`, `postgresql://user@host/shop`.

    name: as the database finds it, or `schema.name`. Nothing connects before rows are written.
    """
    return Table(url, name)


def same(one: str, other: str) -> bool:
    """Whether two URLs surely mean one database."""
    if one.startswith(_SQLITE) and other.startswith(_SQLITE):
        from pathlib import Path

        return Path(one.removeprefix(_SQLITE)).resolve() == Path(other.removeprefix(_SQLITE)).resolve()
    return one == other


def check(found: Catalogue, wish: Wish, table: str) -> None:
    """Raises BadConfiguration where the table cannot do what is wished."""
    if unknown := [name for name in wish.columns if name not in found.columns]:
        raise BadConfiguration(f"{table!r} has no column {unknown[0]!r}. Its columns: {', '.join(found.columns)}.")
    if computed := [name for name in wish.columns if name in found.computed]:
        raise BadConfiguration(f"{table}.{computed[0]} is computed by the database; leave it out of the import.")
    if lacking := [name for key in wish.unique for name in key if name not in wish.columns]:
        raise BadConfiguration(f"{lacking[0]!r} is part of a unique key, and no field of the import.")
    if wish.mode is not Mode.CREATE and not wish.unique:
        raise BadConfiguration(f"mode={str(wish.mode)!r} needs unique=… to find the record of a row.")
    if wish.undo and not found.primary:
        raise BadConfiguration(f"undo=True needs a primary key in {table!r}, by which a record is found again.")
