"""Rows by who asks: a job sees its requester, nobody else can say who that is, and runs keep it."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat, Requester
from narrowboat.cli.config import read
from narrowboat.data.sources import Query, table
from narrowboat.errors import BadConfiguration, BadParameter, MissingAttribute
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Run, State
from narrowboat.testing import run_inline

ACME, OTHER = {"tenant": "acme"}, {"tenant": "other"}
CSV = Output(format="csv", options={"bom": False})


@pytest.fixture
def shop(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
        database.execute("create table orders (id integer primary key, tenant text, city text)")
        rows = [(n, ("acme", "other", None)[n % 3], ("Accra", "Tema")[n % 2]) for n in range(30)]
        database.executemany("insert into orders values (?, ?, ?)", rows)
    return f"sqlite:///{tmp_path}/shop.db"


@pytest.fixture
def nb(tmp_path: Path, shop: str) -> Iterator[Narrowboat]:
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")

    @nb.export("orders")
    def orders(who: Requester, city: str | None = None) -> Query:
        return table(shop, "orders").where(tenant=who.attributes["tenant"], city=city)

    @nb.export("lenient")
    def lenient(requester: Requester) -> Query:
        return table(shop, "orders").where(tenant=requester.attributes.get("tenant"))

    @nb.export("mine")
    def mine(requester: Requester) -> Query:
        return table(shop, "orders").where(tenant=requester.id)

    @nb.export("open")
    def everything(city: str | None = None) -> Query:
        return table(shop, "orders").where(city=city)

    @nb.report("watched")
    def watched(requester: Requester) -> Query:
        return orders(requester)

    with closing(nb.store):
        yield nb


def content(nb: Narrowboat, run: Run) -> list[dict[str, str]]:
    done = run_inline(nb, run.id)
    assert done.artifact is not None, done
    return list(csv.DictReader((nb.run_folder(run.id) / done.artifact.path).read_text().splitlines()))


def tenants(nb: Narrowboat, run: Run) -> set[str]:
    return {row["tenant"] for row in content(nb, run)}


def test_each_is_given_their_own_rows(nb: Narrowboat) -> None:
    for attributes in (ACME, OTHER):
        run = nb.start("orders", {"city": "Tema"}, CSV, owner="ann", attributes=attributes).run
        assert tenants(nb, run) == {attributes["tenant"]}
    assert tenants(nb, nb.start("mine", output=CSV, owner="other").run) == {"other"}


def test_a_report_is_of_who_asks_too(nb: Narrowboat) -> None:
    for tenant, others in (("acme", "other"), ("other", "acme")):
        done = run_inline(nb, nb.start("watched", owner="ann", attributes={"tenant": tenant}).run.id)
        assert done.artifact is not None
        text = (nb.run_folder(done.id) / done.artifact.path).read_text()
        assert (text.count(tenant), text.count(others)) == (10, 0)


def test_the_requester_is_no_parameter(nb: Narrowboat) -> None:
    assert [one.name for one in nb.job("orders").parameters] == ["city"]
    for forged in ({"who": "acme"}, {"who": {"id": "x", "attributes": OTHER}}, {"requester": OTHER}):
        with pytest.raises(BadParameter, match="Unknown parameter"):
            nb.start("orders", forged, CSV, owner="ann", attributes=ACME)


def test_people_of_different_attributes_share_no_run(nb: Narrowboat) -> None:
    first = nb.start("orders", output=CSV, owner="ann", attributes=ACME)
    assert nb.start("orders", output=CSV, owner="ann", attributes=dict(ACME)).run.id == first.run.id
    assert nb.start("orders", output=CSV, owner="ann", attributes=OTHER).how == "created"
    assert nb.start("orders", output=CSV, owner="ben", attributes=ACME).how == "created"


def test_a_job_that_asks_for_nobody_keeps_nothing_of_them(nb: Narrowboat) -> None:
    first = nb.start("open", output=CSV, owner="ann", attributes=ACME)
    assert "requester" not in first.run.params
    assert nb.start("open", output=CSV, owner="ann", attributes=OTHER).how == "joined"


@pytest.mark.parametrize("job", ["orders", "lenient"])
@pytest.mark.parametrize("attributes", [None, {}, {"tenant": None}, {"Tenant": "acme"}])
def test_without_the_attribute_nobody_gets_all_rows(
    nb: Narrowboat, job: str, attributes: dict[str, Any] | None
) -> None:
    done = run_inline(nb, nb.start(job, output=CSV, owner="ann", attributes=attributes).run.id)
    assert (done.state, done.error_code) == (State.FAILED, "missing-attribute")
    assert "'ann' has no attribute 'tenant'" in (done.error or "")
    with pytest.raises(MissingAttribute):
        nb.delivering(job).count_rows({}, CSV, Requester("ann", attributes or {}))


def test_a_list_means_any_of_them_and_an_empty_one_nothing(nb: Narrowboat) -> None:
    run = nb.start("orders", output=CSV, attributes={"tenant": ["acme", "other"]}).run
    assert tenants(nb, run) == {"acme", "other"}
    assert tenants(nb, nb.start("orders", output=CSV, attributes={"tenant": []}).run) == set()


def test_a_count_is_of_who_asks(nb: Narrowboat) -> None:
    counted = nb.delivering("orders").count_rows({"city": "Tema"}, CSV, Requester("ann", ACME))
    assert counted is not None
    assert counted.rows == 5


def test_rerun_takes_what_holds_now_and_without_it_what_held_then(nb: Narrowboat) -> None:
    first = run_inline(nb, nb.start("orders", output=CSV, owner="ann", attributes=ACME).run.id)
    assert tenants(nb, nb.rerun(first).run) == {"acme"}
    assert tenants(nb, nb.rerun(first, attributes=OTHER).run) == {"other"}
    assert run_inline(nb, nb.rerun(first, attributes={}).run.id).error_code == "missing-attribute"


@pytest.mark.parametrize("attributes", [{"tenant": object()}, {"tenant": float("nan")}, {"tenant": {1, 2}}])
def test_what_json_cannot_hold_is_refused_at_once(nb: Narrowboat, attributes: dict[str, Any]) -> None:
    with pytest.raises(BadConfiguration, match="JSON values"):
        nb.start("orders", output=CSV, owner="ann", attributes=attributes)


def test_what_is_known_can_be_listed(nb: Narrowboat, shop: str) -> None:
    seen: list[Any] = []

    @nb.export("looks")
    def looks(requester: Requester) -> Query:
        known = requester.attributes
        seen.append((sorted(known), len(known), "b" in known, known.get("b", "none"), known.get("a", "none")))
        return table(shop, "orders")

    nb.delivering("looks").count_rows({}, CSV, Requester("ann", {"a": 1, "b": None}))
    assert seen == [(["a"], 1, False, "none", 1)]


def test_two_requesters_are_one_too_many(nb: Narrowboat) -> None:
    def twice(one: Requester, two: Requester) -> None: ...

    with pytest.raises(BadConfiguration, match="twice: one and two"):
        nb.export("twice")(twice)


TOML = """
[sources]
shop = "sqlite:///shop.db"

[exports.orders]
source = "shop"
table = "orders"
where = {tenant = "requester.tenant"}
parameters = {city = "str"}

[exports.counted]
source = "shop"
query = "select tenant, count(*) as n from orders where tenant = :mine group by tenant"
where = {mine = "requester.id"}
"""


@pytest.mark.usefixtures("shop")
def test_a_toml_file_says_it_too(tmp_path: Path) -> None:
    (tmp_path / "narrowboat.toml").write_text(TOML)
    nb = read(tmp_path / "narrowboat.toml")
    with closing(nb.store):
        run = nb.start("orders", {"city": "Tema"}, CSV, owner="ann", attributes=ACME).run
        assert tenants(nb, run) == {"acme"}
        assert content(nb, nb.start("counted", output=CSV, owner="other").run) == [{"tenant": "other", "n": "10"}]
        with pytest.raises(BadParameter):
            nb.start("orders", {"tenant": "other"}, CSV, owner="ann", attributes=ACME)
        nobody = run_inline(nb, nb.start("orders", output=CSV).run.id)
        assert nobody.error_code == "missing-attribute"


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ('{tenant = "acme"}', "something about who asks, such as 'requester.tenant'"),
        ('{tenant = "requester."}', "something about who asks"),
        ("{tenant = 1}", "must be text"),
        ('{city = "requester.city"}', "is a parameter too"),
    ],
)
def test_a_toml_file_that_filters_nothing_is_refused(tmp_path: Path, where: str, says: str) -> None:
    (tmp_path / "narrowboat.toml").write_text(TOML.replace('{tenant = "requester.tenant"}', where))
    with pytest.raises(BadConfiguration, match=says):
        read(tmp_path / "narrowboat.toml")


def test_the_public_address_is_one(tmp_path: Path) -> None:
    assert Narrowboat(f"sqlite:///{tmp_path}/a.db", public_url="https://a.b/bulk/").public_url == "https://a.b/bulk"
    with pytest.raises(BadConfiguration, match="https://"):
        Narrowboat(f"sqlite:///{tmp_path}/a.db", public_url="a.b/bulk")
