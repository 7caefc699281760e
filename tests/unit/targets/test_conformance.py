"""What every table keeps as a target, whatever the database: each row stands alone, and is told why it was refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from narrowboat.data.records import Lookup
from narrowboat.data.target import Mode
from narrowboat.errors import BadConfiguration, TargetFailed
from tests.unit.targets.places import COLUMNS, CUSTOMERS, Place, customer, load, loading, nothing, told, wish

OLD = (
    "insert into customers (id, phone, mark, name) values (901, '+old', 'OLD', 'Old Ama'), (902, '+two', 'TWO', 'Two')"
)


def names(place: Place) -> dict[str, str]:
    return dict(place.rows("select phone, name from customers"))  # type: ignore[arg-type]


def test_rows_are_created_with_their_values(shop: Place) -> None:
    assert load(shop, wish(), [customer(2, credit=Decimal("12.50")), customer(3, mark=None)]) == {
        2: "created",
        3: "created",
    }
    rows = shop.rows("select phone, mark, name, credit from customers order by phone")
    assert [(*row[:3], float(row[3])) for row in rows] == [
        ("+23300002", "M2", "Ama 2", 12.5),
        ("+23300003", None, "Ama 3", 5.0),
    ]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "required"),
    ({"credit": -1}, "check-failed"),
    ({"phone": "+old"}, "exists"),
    ({"mark": "OLD"}, "exists"),
    ({"phone": "+old", "mark": "TWO"}, "two-records"),
]


@pytest.mark.parametrize("mistakes", BAD)
@pytest.mark.parametrize("bad", [{2}, {41}, {20}, {20, 21}, {2, 9, 41}, set(range(2, 42))])
def test_a_bad_row_is_refused_alone_wherever_it_stands(
    shop: Place, mistakes: tuple[dict[str, Any], str], bad: set[int]
) -> None:
    shop.run(OLD)
    values, code = mistakes
    rows = [customer(row, **(values if row in bad else {})) for row in range(2, 42)]
    assert load(shop, wish(), rows) == {row: code if row in bad else "created" for row in range(2, 42)}
    assert len(names(shop)) == 2 + 40 - len(bad)


def test_a_refused_row_is_told_which_record_is_in_its_way(shop: Place) -> None:
    shop.run(OLD)
    with loading(shop, wish()) as opened:
        by_mark, by_two = opened.write([customer(2, mark="OLD"), customer(3, phone="+old", mark="TWO")], nothing)
    assert by_mark.problem == ("exists", "there is a record with this mark already: id 901", "mark")
    assert by_two.problem is not None
    assert by_two.problem.message == (
        "belongs to two records at once: its phone is that of id 901; its mark is that of id 902"
    )


@pytest.mark.parametrize(
    ("mode", "old", "new"),
    [
        (Mode.CREATE, "exists", "created"),
        (Mode.SKIP, "skipped", "created"),
        (Mode.UPDATE, "updated", "no-record"),
        (Mode.UPSERT, "updated", "created"),
    ],
)
def test_the_mode_says_what_becomes_of_a_row_whose_record_exists(shop: Place, mode: Mode, old: str, new: str) -> None:
    shop.run(OLD)
    outcomes = load(shop, wish(mode), [customer(2, phone="+old", mark="OLD", name="Changed"), customer(3)])
    assert outcomes == {2: old, 3: new}
    assert names(shop)["+old"] == ("Changed" if old == "updated" else "Old Ama")
    assert ("+23300003" in names(shop)) == (new == "created")


def test_an_update_finds_a_record_by_any_of_its_keys_and_changes_the_other(shop: Place) -> None:
    shop.run(OLD)
    rows = [customer(2, phone="+old", mark="NEW"), customer(3, phone="+new", mark="TWO")]
    assert load(shop, wish(Mode.UPDATE), rows) == {2: "updated", 3: "updated"}
    assert shop.rows("select id, phone, mark from customers order by id") == [
        (901, "+old", "NEW"),
        (902, "+new", "TWO"),
    ]


def test_an_update_leaves_columns_alone_that_the_file_does_not_have(shop: Place) -> None:
    shop.run(OLD)
    load(shop, wish(Mode.UPSERT)._replace(updated=frozenset({"phone", "mark", "credit"})), [customer(2, phone="+old")])
    assert names(shop)["+old"] == "Old Ama"


def test_two_rows_that_mean_one_record_are_told_of_each_other(shop: Place) -> None:
    shop.run(OLD)
    rows = [customer(2, phone="+old"), customer(3, mark="OLD")]
    with loading(shop, wish(Mode.UPDATE)._replace(updated=frozenset({"name"}))) as opened:
        outcomes = opened.write(rows, nothing)
    assert sorted(map(told, outcomes)) == ["duplicate-in-file", "updated"]
    problem = next(one.problem for one in outcomes if one.problem)
    assert problem.message.startswith("row ")
    assert "of this file has the same" in problem.message


def test_a_record_that_an_earlier_chunk_made_is_a_row_of_the_file(shop: Place) -> None:
    load(shop, wish(), [customer(2, phone="+first")])
    ((record,),) = shop.rows("select id from customers")
    with loading(shop, wish()) as opened:
        (outcome,) = opened.write([customer(9, phone="+first")], lambda records: {f"[{record}]": 2})
    assert outcome.problem == ("duplicate-in-file", "row 2 of this file has the same phone", "phone")


def test_composite_keys_find_records_by_all_their_columns(place: Place) -> None:
    place.run(
        "create table prices (shop integer not null, code text not null, price integer, primary key (shop, code))"
    )
    place.run("insert into prices values (1, 'a', 10)")
    wanted = wish(Mode.UPSERT, columns=("shop", "code", "price"), unique=(("shop", "code"),))
    rows = [customer(n)._replace(values=values) for n, values in enumerate([(1, "a", 11), (1, "b", 12), (2, "a", 13)])]
    assert load(place, wanted, rows, "prices") == {0: "updated", 1: "created", 2: "created"}
    assert place.rows("select * from prices order by shop, code") == [(1, "a", 11), (1, "b", 12), (2, "a", 13)]


def test_null_in_a_key_finds_nothing(shop: Place) -> None:
    shop.run("insert into customers (phone, mark, name) values (null, null, 'Nobody')")
    assert load(shop, wish(), [customer(2, phone=None, mark=None)]) == {2: "created"}
    assert load(shop, wish(Mode.UPDATE), [customer(2, phone=None, mark=None)]) == {2: "no-record"}


def test_a_key_that_the_import_does_not_know_refuses_too(shop: Place) -> None:
    shop.run("create unique index by_name on customers (name)", OLD)
    outcomes = load(shop, wish(), [customer(n, **({"name": "Old Ama"} if n in (5, 9) else {})) for n in range(2, 20)])
    assert {row for row, what in outcomes.items() if what == "exists"} == {5, 9}


CITIES = "create table cities (id integer primary key, name text unique)"
RESIDENTS = "create table residents (name text, city_id integer references cities (id) {deferred})"


@pytest.mark.parametrize("deferred", ["", "deferrable initially deferred"])
def test_a_foreign_key_is_checked_row_by_row_also_where_it_is_deferred(place: Place, deferred: str) -> None:
    place.run(CITIES, "insert into cities values (1, 'Accra')", RESIDENTS.replace("{deferred}", deferred))
    wanted = wish(columns=("name", "city_id"), unique=())
    rows = [customer(n)._replace(values=(f"Ama {n}", 9 if n in (3, 7) else 1)) for n in range(2, 10)]
    with loading(place, wanted, "residents") as opened:
        outcomes = opened.write(rows, nothing)
        opened.commit()
    refused = [(row.row, one.problem) for row, one in zip(rows, outcomes, strict=True) if one.problem]
    said = ("no-such-parent", "there is no record '9' that it could belong to", "city_id")
    assert refused == [(3, said), (7, said)]
    assert place.rows("select count(*) from residents") == [(6,)]


def test_values_are_looked_up_in_another_table_all_at_once(shop: Place) -> None:
    shop.run(CITIES, "insert into cities values (1, 'Accra'), (2, 'Kumasi'), (3, 'Tema')")
    with loading(shop, wish()) as opened:
        found = opened.find(Lookup("cities", "name"), ["Accra", "Tema", "Nowhere"])
    assert found == {"Accra": 1, "Tema": 3}


def test_a_value_that_several_records_have_is_looked_up_to_a_problem(shop: Place) -> None:
    shop.run("create table towns (id integer, name text)", "insert into towns values (1, 'Ho'), (2, 'Ho'), (3, 'Wa')")
    with loading(shop, wish()) as opened:
        found = opened.find(Lookup("towns", "name"), ["Ho", "Wa"])
    assert found == {"Ho": ("ambiguous", "there are several 'Ho' among the name of towns", None), "Wa": 3}


def test_what_a_trigger_says_is_told(shop: Place) -> None:
    shop.trigger("customers", "new.name = 'Stranger'", "raise")
    with loading(shop, wish()) as opened:
        _, refused = opened.write([customer(2), customer(3, name="Stranger")], nothing)
    assert refused.problem == ("refused", "no strangers, please", None)


def test_generated_columns_are_the_databases_and_wanting_to_write_one_is_a_mistake(place: Place) -> None:
    place.run(
        "create table lines (code text unique, price integer, twice integer generated always as (price * 2) stored)"
    )
    row = customer(2)._replace(values=("a", 4))
    assert load(place, wish(columns=("code", "price"), unique=(("code",),)), [row], "lines") == {2: "created"}
    assert place.rows("select twice from lines") == [(8,)]
    with pytest.raises(BadConfiguration, match="computed by the database"):
        load(place, wish(columns=("code", "twice"), unique=()), [], "lines")


def test_names_and_values_cannot_break_out(place: Place) -> None:
    place.run('create table "o""dd %s ?" ("na""me ?%s" text unique, "select" text)')
    wanted = wish(columns=('na"me ?%s', "select"), unique=(('na"me ?%s',),))
    rows = [customer(n)._replace(values=(f"'; drop table x; -- {n}", "%s ? $1")) for n in (2, 3)]
    assert load(place, wanted, rows, 'o"dd %s ?') == {2: "created", 3: "created"}
    assert load(place, wanted._replace(mode=Mode.UPSERT), rows, 'o"dd %s ?') == {2: "updated", 3: "updated"}


def test_text_that_the_database_cannot_keep_is_that_rows_problem(shop: Place) -> None:
    outcomes = load(shop, wish(), [customer(2), customer(3, name="lone \ud800 surrogate"), customer(4)])
    assert outcomes == {2: "created", 3: "not-storable", 4: "created"}


def test_nothing_is_left_of_a_chunk_that_is_rolled_back(shop: Place) -> None:
    with loading(shop, wish(dry_run=True)) as opened:
        assert [told(one) for one in opened.write([customer(2), customer(3)], nothing)] == ["created", "created"]
        opened.rollback()
        assert opened.connection is None
    assert names(shop) == {}


def test_missing_indexes_on_unique_keys_are_named(place: Place) -> None:
    place.run(CUSTOMERS.replace("mark varchar(20) unique", "mark varchar(20)"))
    with loading(place, wish()) as opened:
        (warning,) = opened.warnings()
    assert "no unique index on mark" in warning
    assert "create unique index on" in warning


@pytest.mark.parametrize(
    ("wanted", "name", "said"),
    [
        (wish(), "custmers", "no table 'custmers'"),
        (wish(columns=(*COLUMNS, "born")), "customers", "no column 'born'"),
        (wish(unique=(("email",),)), "customers", "'email' is part of a unique key"),
        (wish(Mode.UPDATE, unique=()), "customers", "needs unique"),
    ],
)
def test_a_definition_that_cannot_work_says_so_at_once(place: Place, wanted: Any, name: str, said: str) -> None:
    place.run(CUSTOMERS)
    with pytest.raises((BadConfiguration, TargetFailed), match=said):
        load(place, wanted, [], name)


def test_records_are_unmistakable_without_a_primary_key(place: Place) -> None:
    place.run("create table bare (phone text unique, mark text unique)")
    place.run("insert into bare values ('+a', 'A'), ('+b', 'B')")
    wanted = wish(columns=("phone", "mark"))
    rows = [customer(n)._replace(values=values) for n, values in enumerate([("+a", "B"), ("+a", "C"), ("+c", "D")])]
    assert load(place, wanted, rows, "bare") == {0: "two-records", 1: "exists", 2: "created"}


def test_what_only_the_database_takes_for_the_same_is_still_a_row_of_the_file(place: Place) -> None:
    kind, same = ("text collate nocase", "AB") if place.name == "sqlite" else ("char(6)", "ab   ")
    place.run(f"create table codes (code {kind} unique)")
    wanted = wish(columns=("code",), unique=(("code",),))
    rows = [customer(n)._replace(values=(code,)) for n, code in enumerate(["ab", same, "cd"], 2)]
    assert sorted(load(place, wanted, rows, "codes").values()) == ["created", "created", "duplicate-in-file"]


def test_a_record_written_while_the_import_runs_is_told_apart(shop: Place) -> None:
    with loading(shop, wish()) as opened:
        since = opened.mark()
    shop.run(OLD)
    with loading(shop, wish(since=since)) as opened:
        (outcome,) = opened.write([customer(2, phone="+old")], nothing)
    assert outcome.problem is not None
    assert outcome.problem.code == "written-meanwhile"
    assert "id 901" in outcome.problem.message
