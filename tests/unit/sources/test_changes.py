"""What a run sees of rows that change: a snapshot in each reading, what lies behind its position in the next."""

from __future__ import annotations

from narrowboat.data.source import Reader
from narrowboat.data.sources import Query, table
from tests.unit.sources.places import Place, read, rows_of


def filled(place: Place) -> Query:
    place.run("create table t (id integer primary key, name text)")
    place.insert("t", [(number, f"old {number}") for number in range(10, 100, 10)])
    return table(place.url, "t")


def first_block(source: Query) -> tuple[Reader, list[tuple[int, str]]]:
    """A reader that has delivered ids 10, 20 and 30."""
    reader = source.open(after=None, rows=3, raw_text=False)
    return reader, list(next(reader.blocks()).rows)


CHANGES = (
    "insert into t values (15, 'behind'), (45, 'ahead'), (95, 'at the end')",
    "update t set name = 'new' where id in (20, 50)",
    "delete from t where id in (10, 60)",
    "update t set id = 5 where id = 70",
    "update t set id = 75 where id = 30",
)


def test_a_reading_sees_one_snapshot_whatever_changes_meanwhile(place: Place) -> None:
    source = filled(place)
    reader = source.open(after=None, rows=3, raw_text=False)
    blocks = reader.blocks()
    seen = list(next(blocks).rows)
    place.run(*CHANGES)
    seen += rows_of(list(blocks))
    reader.close()
    assert seen == [(number, f"old {number}") for number in range(10, 100, 10)]


def test_a_snapshot_is_taken_when_a_reader_is_opened(place: Place) -> None:
    source = filled(place)
    reader = source.open(after=None, rows=100, raw_text=False)
    place.run(*CHANGES)
    seen = rows_of(list(reader.blocks()))
    reader.close()
    assert seen == [(number, f"old {number}") for number in range(10, 100, 10)]


def test_the_next_reading_sees_what_changed_behind_its_position_alone(place: Place) -> None:
    source = filled(place)
    position = read(source, rows=3)[0].position
    place.run(*CHANGES)
    assert rows_of(read(source, position)) == [
        (40, "old 40"),
        (45, "ahead"),
        (50, "new"),
        (75, "old 30"),  # its key moved past the reader: delivered a second time
        (80, "old 80"),
        (90, "old 90"),
        (95, "at the end"),
    ]  # 15 and 5 lie before the reader and are not seen, 60 is gone


def test_a_reading_goes_on_although_the_row_it_stopped_at_was_deleted(place: Place) -> None:
    source = filled(place)
    position = read(source, rows=3)[0].position
    place.run("delete from t where id <= 30")
    assert [row[0] for row in rows_of(read(source, position))] == [40, 50, 60, 70, 80, 90]


def test_rows_that_come_to_fit_or_cease_to_are_seen_as_they_are_when_they_are_reached(place: Place) -> None:
    source = filled(place).where("name", "like", "old%")
    position = read(source, rows=3)[0].position
    place.run("update t set name = 'new' where id = 50", "insert into t values (55, 'old one')")
    assert [row[0] for row in rows_of(read(source, position))] == [40, 55, 60, 70, 80, 90]


def test_a_page_stays_as_long_as_it_was_when_rows_come_before_it(place: Place) -> None:
    page = filled(place).page(2, 4)
    blocks = read(page, rows=2)
    assert [row[0] for row in rows_of(blocks)] == [50, 60, 70, 80]
    place.run("insert into t values (1, 'before')", "insert into t values (65, 'between')")
    assert [row[0] for row in rows_of(read(page, blocks[0].position, rows=2))] == [65, 70]


def test_a_column_added_under_a_reading_is_not_seen_by_it(place: Place) -> None:
    source = filled(place)
    reader = source.open(after=None, rows=3, raw_text=False)
    if place.name == "sqlite":  # PostgreSQL would make the migration wait for the reader
        place.run("alter table t add column extra text")
    assert all(len(row) == 2 for row in rows_of(list(reader.blocks())))
    reader.close()


def test_readers_hold_no_one_up(place: Place) -> None:
    source = filled(place)
    reader = source.open(after=None, rows=3, raw_text=False)
    next(reader.blocks())
    place.run("insert into t values (1, 'written while it reads')")
    reader.close()
    assert rows_of(read(source))[0] == (1, "written while it reads")
