"""Images: what a run made of records, and what they were before, kept beside them in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from narrowboat.data.target import Image
from narrowboat.data.targets.engine import Engine, make_table

_TABLE = """
create table if not exists narrowboat_images (
    run text not null, row_number bigint not null, record text not null, before_run text, after_run text not null,
    primary key (run, row_number)
)"""
_KEEP = "insert into narrowboat_images (run, row_number, record, before_run, after_run) values (?, ?, ?, ?, ?)"
_COUNT = "select count(*) from narrowboat_images where run = ?"
_NEXT = """
select row_number, record, before_run, after_run from narrowboat_images
where run = ? and row_number < ? order by row_number desc limit ?"""
_DROP = "delete from narrowboat_images where run = ? and row_number in ?any"
_FORGET = """
delete from narrowboat_images where run = ? and row_number in
    (select row_number from narrowboat_images where run = ? order by row_number limit ?)
returning 1"""
_PORTION = 20_000
_LAST = 2**62


def make_images(engine: Engine) -> None:
    """The table, if it is missing."""
    make_table(engine, "narrowboat_images", _TABLE)


def keep(engine: Engine, run: str, images: Sequence[Image]) -> None:
    """Keep some more of a run."""
    if images:
        engine.execute_many(_KEEP, [(run, *image) for image in images])


def count(engine: Engine, run: str) -> int:
    """How many there are of a run."""
    number: int = engine.execute(_COUNT, (run,))[0][0]
    return number


def next_images(engine: Engine, run: str, before: int | None, limit: int) -> Sequence[Image]:
    """The last row first, below `before`."""
    rows = engine.execute(_NEXT, (run, _LAST if before is None else before, limit))
    return [Image(*row) for row in rows]


def forget(engine: Engine, run: str) -> None:
    """Forget all of a run, a portion at a time, so that others get their turn to write."""
    while engine.has_table("narrowboat_images") and engine.execute(_FORGET, (run, run, _PORTION)):
        pass


def drop(engine: Engine, run: str, rows: Sequence[int]) -> None:
    """Forget those of some rows."""
    if rows:
        engine.execute(_DROP, (run, list(rows)))
