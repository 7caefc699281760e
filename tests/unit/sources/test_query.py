"""The builder, on both databases: conditions, columns, order, pages, names that are hard to quote."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from narrowboat.data.columns import Column, Type
from narrowboat.data.source import Block, Count
from narrowboat.data.sources import Query, query, table
from narrowboat.errors import BadParameter, NoResumeKey, SourceFailed, UnknownColumn
from tests.unit.sources.places import Place, read, read_rows, rows_of

LEADS = [
    (1, "Anna", "Köln", 30, "2024-01-01"),
    (2, "Ben", "Berlin", None, "2024-02-01"),
    (3, "Cleo", "Köln", 41, None),
    (4, "Dora", None, 30, "2024-04-01"),
    (5, "Émile", "Berlin", 55, "2024-05-01"),
]


@pytest.fixture
def leads(place: Place) -> Query:
    place.run("create table leads (id integer primary key, name text, city text, age integer, since date)")
    place.insert("leads", LEADS)
    return table(place.url, "leads")


def ids(source: Query) -> list[int]:
    return [row[0] for row in read_rows(source)]


def test_a_query_is_a_value(leads: Query) -> None:
    assert leads.where(city="Köln") == leads.where(city="Köln")
    assert leads.where(city="Köln") != leads
    assert hash(leads.where(city=["Köln"])) == hash(leads.where(city=["Köln"]))


def test_conditions_add_up_and_none_drops_one(leads: Query) -> None:
    assert ids(leads.where(city="Köln")) == [1, 3]
    assert ids(leads.where(city="Köln").where(age=41)) == [3]
    assert ids(leads.where(city="Köln", age=41)) == [3]
    assert ids(leads.where(city=None).where("age", ">", None)) == [1, 2, 3, 4, 5]


def test_a_list_is_any_of_its_values(leads: Query) -> None:
    assert ids(leads.where(id=[5, 1, 9])) == [1, 5]
    assert ids(leads.where(name=("Ben", "Émile"))) == [2, 5]
    assert ids(leads.where(id=[])) == []
    assert ids(leads.where("id", "not in", [1, 2])) == [3, 4, 5]
    assert ids(leads.where("id", "not in", [])) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("=", 30, [1, 4]),
        ("!=", 30, [3, 5]),
        ("<", 41, [1, 4]),
        ("<=", 41, [1, 3, 4]),
        (">", 30, [3, 5]),
        (">=", 41, [3, 5]),
        ("is null", None, [2]),
        ("is not null", None, [1, 3, 4, 5]),
    ],
)
def test_operators_compare(leads: Query, operator: str, value: int | None, expected: list[int]) -> None:
    assert ids(leads.where("age", operator, value)) == expected  # type: ignore[arg-type]


def test_like_compares_text(leads: Query) -> None:
    assert ids(leads.where("name", "like", "%e%")) == [2, 3, 5]


def test_values_are_taken_as_the_type_of_their_column(leads: Query) -> None:
    assert ids(leads.where(age="30")) == [1, 4]
    assert ids(leads.where(since=date(2024, 5, 1))) == [5]
    assert ids(leads.where("since", ">", "2024-03-01")) == [4, 5]
    assert ids(leads.where(age=Decimal("30"))) == [1, 4]


def test_a_uuid_is_compared(place: Place) -> None:
    kind = "uuid" if place.name == "postgres" else "text"
    one = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    place.run(f"create table codes (code {kind} not null primary key)", f"insert into codes values ('{one}')")
    assert read_rows(table(place.url, "codes").where(code=one)) == [(str(one),)]


@pytest.mark.parametrize("operator", ["<>", "or 1=1 --", "IN", "between"])
def test_an_unknown_operator_is_refused_with_those_there_are(leads: Query, operator: str) -> None:
    with pytest.raises(BadParameter, match="is not null"):
        leads.where("age", operator, 1)  # type: ignore[arg-type]


def test_lists_and_values_are_not_mixed_up(leads: Query) -> None:
    with pytest.raises(BadParameter, match="needs a list"):
        leads.where("name", "in", "Ben")
    with pytest.raises(BadParameter, match="needs one value"):
        leads.where("id", "=", [1])
    with pytest.raises(BadParameter, match="is null"):
        leads.where(city=["Köln", None])


def test_columns_are_chosen_and_ordered(leads: Query) -> None:
    chosen = leads.columns("city", "id")
    assert [column.name for column in chosen.shape().columns] == ["city", "id"]
    assert read_rows(chosen)[:2] == [("Köln", 1), ("Berlin", 2)]


def test_the_key_is_not_delivered_unless_chosen_and_serves_all_the_same(leads: Query) -> None:
    chosen = leads.columns("name")
    assert chosen.shape().key == ("id",)
    blocks = read(chosen, rows=2)
    assert rows_of(blocks) == [("Anna",), ("Ben",), ("Cleo",), ("Dora",), ("Émile",)]
    assert read(chosen, blocks[0].position, rows=2) == blocks[1:]


def test_a_column_may_be_declared_over_the_catalogue(leads: Query) -> None:
    chosen = leads.columns(Column("age", Type.MONEY, label="Price", currency="EUR", scale=2), Column("id", label="No."))
    assert chosen.shape().columns == (
        Column("age", Type.MONEY, label="Price", currency="EUR", scale=2),
        Column("id", Type.INTEGER, label="No."),
    )


def test_labels_are_given_by_name(leads: Query) -> None:
    renamed = leads.columns("id", "name").rename({"name": "Full name"}).rename({"id": "No."})
    assert [column.header for column in renamed.shape().columns] == ["No.", "Full name"]
    assert [column.header for column in leads.shape().columns] == ["id", "name", "city", "age", "since"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda leads: leads.columns("id", "nmae"),
        lambda leads: leads.where(nmae=1),
        lambda leads: leads.order_by("nmae"),
        lambda leads: leads.where('id" or 1=1 --', "=", 1),
        lambda leads: leads.columns('id" from leads; drop table leads --'),
        lambda leads: leads.order_by("id; drop table leads"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_those_there_are(leads: Query, wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnknownColumn, match="Columns: id, name, city, age, since"):
        wrong(leads).open(after=None, rows=3, raw_text=False)
    assert ids(leads) == [1, 2, 3, 4, 5]


def test_a_label_or_key_of_an_unknown_column_is_refused(leads: Query, place: Place) -> None:
    with pytest.raises(UnknownColumn, match="nmae"):
        leads.rename({"nmae": "Name"}).shape()
    with pytest.raises(UnknownColumn, match="nr"):
        table(place.url, "leads", key=("nr",)).shape()


@pytest.mark.parametrize(
    "attack", ["' or '1'='1", "Köln'; drop table leads; --", "\\'; --", "%", '" or ""="', "$1", "?"]
)
def test_values_are_never_statements(leads: Query, attack: str) -> None:
    assert ids(leads.where(city=attack)) == []
    assert ids(leads.where(city=[attack, "Köln"])) == [1, 3]
    assert ids(leads) == [1, 2, 3, 4, 5]


HARD_NAMES = [
    'a "quoted" one',
    "with space",
    "semi;colon",
    "per%cent",
    "dollar$1",
    "quest?ion",
    "col:on",
    "größe 🚚",
    "order",
]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("name", HARD_NAMES)
def test_names_are_quoted_whatever_they_hold(place: Place, name: str) -> None:
    place.run(f"create table {quoted(name)} (id integer primary key, {quoted(name)} text not null unique)")
    for number, value in enumerate("xyz"):
        place.run(f"insert into {quoted(name)} values ({number}, '{value}')")
    source = table(place.url, name)
    assert [column.name for column in source.shape().columns] == ["id", name]
    chosen = source.columns(name).where(name, ">", "x").order_by("-" + name)
    blocks = read(chosen, rows=1)
    assert rows_of(blocks) == [("z",), ("y",)]
    assert read(chosen, blocks[0].position, rows=1) == blocks[1:]


def test_a_column_whose_name_begins_with_a_dash_can_be_ordered_by(place: Place) -> None:
    place.run('create table odd (id integer primary key, "-id" integer)', "insert into odd values (1, 5), (2, 4)")
    assert ids(table(place.url, "odd").order_by("-id")) == [2, 1]


def test_an_order_comes_before_the_key(leads: Query) -> None:
    assert ids(leads.where("id", "<", 5).order_by("-name")) == [4, 3, 2, 1]
    assert ids(leads.where("age", "is not null").order_by("age")) == [1, 4, 3, 5]
    assert ids(leads.where("age", "is not null").order_by("-age", "-id")) == [5, 3, 4, 1]


@pytest.mark.parametrize(
    "order", [("city",), ("-city",), ("age", "-city"), ("-age", "name"), ("since", "-id"), ("-id",)]
)
def test_a_reading_in_any_order_goes_on_behind_every_row(leads: Query, order: tuple[str, ...]) -> None:
    ordered = leads.order_by(*order)
    blocks = read(ordered, rows=1)
    assert sorted(rows_of(blocks)) == sorted(read_rows(leads))
    for number, block in enumerate(blocks, start=1):
        assert read(ordered, block.position, rows=1) == blocks[number:]


def test_a_limit_holds_across_an_interruption(leads: Query) -> None:
    limited = leads.limit(4)
    blocks = read(limited, rows=3)
    assert [row[0] for row in rows_of(blocks)] == [1, 2, 3, 4]
    assert read(limited, blocks[0].position, rows=3) == blocks[1:]
    assert read(limited, blocks[1].position, rows=3) == []
    assert ids(leads.limit(0)) == []


def test_pages_are_parts_of_the_whole(leads: Query) -> None:
    assert [ids(leads.page(number, 2)) for number in (1, 2, 3, 4)] == [[1, 2], [3, 4], [5], []]
    page = leads.order_by("-id").page(2, 2)
    blocks = read(page, rows=1)
    assert [row[0] for row in rows_of(blocks)] == [3, 2]
    assert read(page, blocks[0].position, rows=1) == blocks[1:]


@pytest.mark.parametrize(("number", "size"), [(0, 10), (-1, 10), (1, 0), (1, -5)])
def test_a_page_that_cannot_be_is_refused(leads: Query, number: int, size: int) -> None:
    with pytest.raises(BadParameter, match="pages count from 1"):
        leads.page(number, size)


def test_a_negative_limit_is_refused(leads: Query) -> None:
    with pytest.raises(BadParameter, match="-1"):
        leads.limit(-1)


def test_a_page_without_a_key_is_refused_with_the_reason(place: Place) -> None:
    place.run("create table notes (note text)")
    with pytest.raises(NoResumeKey, match="total order"):
        table(place.url, "notes").page(1, 10).open(after=None, rows=3, raw_text=False)


def test_counts_follow_conditions_limits_and_pages(leads: Query) -> None:
    assert leads.count() == Count(5, False)
    assert leads.where(city="Köln").count() == Count(2, False)
    assert leads.limit(3).count() == Count(3, False)
    assert leads.limit(30).count() == Count(5, False)
    assert [leads.page(number, 2).count() for number in (1, 3, 4)] == [
        Count(2, False),
        Count(1, False),
        Count(0, False),
    ]


def test_a_statement_takes_parameters_by_name(place: Place, leads: Query) -> None:
    sql = "select id, name from leads where city = :city and age >= :age or name = 'it''s :not' -- :this\n;"
    found = query(place.url, sql, {"city": "Köln", "age": 41}, key=("id",))
    assert found.count() == Count(1, False)
    assert read_rows(found) == [(3, "Cleo")]


def test_a_statement_can_be_narrowed_like_a_table(place: Place, leads: Query) -> None:
    sql = "with later as (select * from leads where id > :low) select id as no, name, age * 2 as twice from later"
    found = query(place.url, sql, {"low": 1}, key=("no",)).where("twice", ">", 60).columns("name", "twice").page(1, 1)
    assert read_rows(found) == [("Cleo", 82)]
    assert found.count() == Count(1, False)


def test_a_statement_keeps_its_own_order_where_it_has_no_key(place: Place, leads: Query) -> None:
    found = query(place.url, "select name from leads order by age desc, id desc limit 3")
    shape = found.shape()
    assert not shape.resumable
    assert "key=" in shape.no_key_because
    blocks = read(found, rows=2)
    assert all(block.position is None for block in blocks)
    assert {row[0] for row in rows_of(blocks)} == (
        {"Ben", "Émile", "Cleo"} if place.name == "postgres" else {"Émile", "Cleo", "Dora"}
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "selec id from leads",
        "select nothing from leads",
        "delete from leads returning id",
        "update leads set age = 1",
        "select 1; delete from leads",
        "select 1) as t; delete from leads; --",
        "select 1) as t; commit; delete from leads; select * from (select 1",
        "drop table leads",
        "",
    ],
)
def test_what_is_not_one_select_is_refused(place: Place, leads: Query, wrong: str) -> None:
    with pytest.raises(SourceFailed):
        query(place.url, wrong).shape()
    with pytest.raises(SourceFailed):
        read(query(place.url, wrong))
    assert ids(leads) == [1, 2, 3, 4, 5]


def test_a_failure_far_in_comes_after_the_rows_before_it(place: Place) -> None:
    place.run("create table numbers (id integer primary key, n integer not null)")
    place.insert("numbers", [(number, 0 if number == 950 else 1) for number in range(1, 1001)])
    broken = "1 / n" if place.name == "postgres" else "case n when 0 then abs(-9223372036854775807 - 1) else 1 end"
    reader = query(place.url, f"select id, {broken} as inverse from numbers", key=("id",)).open(
        after=None, rows=100, raw_text=True
    )
    delivered: list[Block] = []
    with pytest.raises(SourceFailed):
        delivered.extend(reader.blocks())
    reader.close()
    assert len(delivered) in (5, 9)  # PostgreSQL fetches several blocks at once


def test_a_key_by_word_alone_is_held_to_it(place: Place) -> None:
    place.run("create table visits (day integer, who text)")
    place.insert("visits", [(1, "a"), (2, "b"), (2, "c"), (3, "d")])
    for rows in (1, 2, 3, 10):
        with pytest.raises(SourceFailed, match=r"key \(day\) is not unique"):
            read(table(place.url, "visits", key=("day",)), rows=rows)
    assert len(read_rows(table(place.url, "visits", key=("day", "who")), rows=1)) == 4


@pytest.mark.parametrize("rows", [1, 2, 10])
def test_a_key_by_word_alone_may_not_be_null(place: Place, rows: int) -> None:
    place.run("create table visits (day integer, who text)")
    place.insert("visits", [(1, "a"), (None, "b"), (3, "d")])
    with pytest.raises(SourceFailed, match=r"key \(day\) is NULL"):
        read(table(place.url, "visits", key=("day",)), rows=rows)


def test_a_null_in_a_promised_key_is_found_also_after_an_interruption(place: Place) -> None:
    place.run("create table visits (day integer, who text)")
    place.insert("visits", [(1, "a"), (2, "b"), (3, "d")])
    source = table(place.url, "visits", key=("day",))
    position = read(source, rows=1)[1].position
    place.insert("visits", [(None, "late")])
    if place.name == "postgres":  # where NULL sorts last
        with pytest.raises(SourceFailed, match="is NULL"):
            read(source, position)
    else:  # it sorts first: a new row behind the reader, as any other
        assert read_rows(source, after=position) == [(3, "d")]


def test_two_columns_of_one_name_are_told_apart_or_refused(place: Place, leads: Query) -> None:
    both = query(place.url, "select a.id, b.id from leads a join leads b on a.id = b.id")
    if place.name == "postgres":
        with pytest.raises(SourceFailed, match="AS"):
            both.shape()
    else:
        assert len({column.name for column in both.shape().columns}) == 2


def test_rows_come_in_the_order_of_a_key_by_word(place: Place) -> None:
    place.run("create table pairs (a integer, b integer)", "create view seen as select a, b from pairs")
    place.insert("pairs", [(2, 1), (1, 2), (1, 1), (2, 0)])
    source = table(place.url, "seen", key=("a", "b"))
    assert source.shape().key == ("a", "b")
    assert read_rows(source, rows=1) == [(1, 1), (1, 2), (2, 0), (2, 1)]


@pytest.fixture
def kinds(place: Place) -> Query:
    place.run(
        "create table kinds "
        "(id integer primary key, whole bigint, share float, exact numeric(9, 2), ok boolean, name text)"
    )
    place.insert(
        "kinds", [(1, 0, 0.0, 0, False, "abc"), (2, 9007199254740993, 0.5, 7, True, "20"), (3, 20, 1.0, 20, True, "0")]
    )
    return table(place.url, "kinds")


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("whole", "9007199254740993", [2]), ("whole", "9007199254740992", []), ("whole", ["0", 20], [1, 3]),
        ("share", "0.5", [2]), ("exact", "7.00", [2]), ("ok", "True", [2, 3]), ("ok", "false", [1]),
        ("name", 20, [2]), ("name", 0, [3]), ("name", "abc", [1]),
    ],
)  # fmt: skip
def test_a_value_is_compared_as_the_columns_own(kinds: Query, column: str, value: object, found: list[int]) -> None:
    assert ids(kinds.where(**{column: value})) == found


@pytest.mark.parametrize(
    ("column", "value"),
    [("whole", "abc"), ("whole", ""), ("share", "nan"), ("exact", "7 GHS"), ("ok", "vrai"), ("id", ["1", "x"])],
)
def test_text_that_is_no_number_is_not_compared_with_numbers(kinds: Query, column: str, value: object) -> None:
    with pytest.raises(BadParameter, match=rf"The column '{column}' is compared with .*number, and .* is none\."):
        ids(kinds.where(**{column: value}))
