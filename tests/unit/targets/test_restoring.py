"""Taking a run back: created records go, changed ones are as they were, unless somebody changed them since."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from narrowboat.data.target import Mode, Reversible, Wish
from narrowboat.data.targets import table
from narrowboat.errors import BadConfiguration
from tests.unit.targets.places import Place, customer, loading, nothing, told, wish

OLD = "insert into customers (id, phone, mark, name, credit) values (901, '+old', 'OLD', 'Old Ama', 12.25)"
BACK = wish()._replace(run="back")


def imported(place: Place, wanted: Wish, *records: Any) -> None:
    with loading(place, wanted) as opened:
        opened.write(records, nothing)
        opened.commit()


def taken_back(place: Place) -> dict[int, str]:
    found = {}
    target = place.target(place.url, "customers")
    assert isinstance(target, Reversible)
    with closing(target.reopen(BACK, "run")) as restoring:
        before = None
        while images := restoring.images(before, 2):
            outcomes = restoring.restore(images)
            restoring.commit()
            found.update({image.row: told(one) for image, one in zip(images, outcomes, strict=True)})
            before = images[-1].row
    return found


@pytest.fixture
def upserted(shop: Place) -> Place:
    shop.run(OLD)
    rows = [customer(2, phone="+old", mark="OLD", name="It's new", credit=None), customer(3), customer(4)]
    imported(shop, wish(Mode.UPSERT, undo=True), *rows)
    return shop


def test_what_was_created_goes_and_what_was_changed_is_as_it_was(upserted: Place) -> None:
    assert taken_back(upserted) == {2: "updated", 3: "created", 4: "created"}
    ((*row, credit),) = upserted.rows("select id, phone, mark, name, credit from customers")
    assert (row, float(credit)) == ([901, "+old", "OLD", "Old Ama"], 12.25)
    assert taken_back(upserted) == {}, "there is nothing left to take back"


def test_what_somebody_changed_since_is_left_as_it_is(upserted: Place) -> None:
    upserted.run(
        "update customers set name = 'Mine' where phone in ('+old', '+23300003')",
        "delete from customers where phone = '+23300004'",
    )
    assert taken_back(upserted) == {2: "changed-since", 3: "changed-since", 4: "gone"}
    assert upserted.rows("select distinct name from customers") == [("Mine",)]


def test_a_record_that_others_refer_to_stays(upserted: Place) -> None:
    upserted.run("create table orders (customer integer references customers (id))")
    upserted.run("insert into orders select id from customers where phone = '+23300003'")
    assert taken_back(upserted) == {2: "updated", 3: "referred-to", 4: "created"}


def test_without_a_primary_key_no_run_can_be_taken_back(place: Place) -> None:
    place.run("create table bare (phone text, mark text, name text, credit integer)")
    with pytest.raises(BadConfiguration, match="needs a primary key"):
        table(place.url, "bare").open(wish(undo=True))
