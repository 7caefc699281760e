"""Fields that the requester fills, tried by a tenant who would like to write, or learn of, rows of another one."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import pytest
from pydantic import BaseModel

from narrowboat import Narrowboat
from narrowboat.cli.imports import register
from narrowboat.data.records import Field, Lookup
from narrowboat.data.targets import Row, function
from narrowboat.data.targets.django import model
from narrowboat.errors import BadConfiguration, MissingAttribute, NotAllowed
from narrowboat.jobs.example import example
from narrowboat.jobs.input import Input
from narrowboat.jobs.preview import preview
from narrowboat.kernel.model import Reject, Run
from narrowboat.people.requester import Requester
from narrowboat.testing import run_inline
from tests.unit.targets.places import MEMBERS, Place

THEIRS = "insert into members (id, tenant, phone, email, name) values (901, 'globex', '+1', 'their@x', 'Their Ama')"
OURS = "insert into members (id, tenant, phone, email, name) values (801, 'acme', '+8', 'our@x', 'Our Ama')"
FIELDS: tuple[Field, ...] = (
    Field("tenant", requester="tenant"),
    *map(Field, ("id", "phone", "email", "name")),
    Field("branch", lookup=Lookup("branches", by="name", where={"tenant": "tenant"})),
)
ACME = {"tenant": "acme", "more": "of no matter"}
NEUTRAL = (None, "refused", "the database does not take this row")
"""All that a row may be told that somebody else's record is in the way of."""


class Member(BaseModel):
    """The same fields as a model."""

    tenant: Annotated[str, Field(requester="tenant")]
    id: int | None = None
    phone: str | None = None
    email: str | None = None
    name: str | None = None
    branch: Annotated[int | None, FIELDS[-1]] = None


@pytest.fixture(params=["table", "model", "saved model"])
def shop(request: pytest.FixtureRequest, place: Place) -> Iterator[Place]:
    """With members of two tenants."""
    branches = "create table branches (id integer primary key, tenant varchar(20), name varchar(20))"
    named = "insert into branches values (1, 'acme', 'Main'), (2, 'globex', 'Main'), (3, 'globex', 'Secret')"
    place.run(MEMBERS, THEIRS, OURS, branches, named)
    if request.param == "table":
        yield place
        return
    from tests.unit.sources.django_project import connected
    from tests.unit.targets import models

    with connected(place.url) as alias:
        yield replace(place, target=lambda url, name: model(models.Member, signals=" " in request.param, using=alias))


class Clerk:
    """Somebody of a tenant, who sends files."""

    def __init__(self, folder: Path, shop: Place, **terms: Any) -> None:
        self.nb = Narrowboat(f"sqlite:///{folder}/runs.db", folder=folder / "files")
        fixed = {"row": FIELDS, "unique": ["phone"], "undo": True, **terms}
        self.nb.importer("members", into=shop.target(shop.url, "members"), **fixed)
        self._folder, self._shop, self._numbers = folder, shop, itertools.count()

    def file(self, *rows: Mapping[str, Any]) -> Path:
        path = self._folder / f"{next(self._numbers)}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def send(self, *rows: Mapping[str, Any], attributes: Mapping[str, Any] | None = ACME, **choices: Any) -> Run:
        """A run over these rows, at its end."""
        made = self.nb.import_file("members", self.file(*rows), owner="ann", attributes=attributes, **choices)
        assert made.how == "created"
        return run_inline(self.nb, made.run.id)

    def told(self, run: Run) -> Sequence[Reject]:
        return self.nb.store.rejects(run.id)

    def members(self, tenant: str) -> list[tuple[Any, ...]]:
        columns = "phone, email, name, branch"
        return self._shop.rows(f"select {columns} from members where tenant = '{tenant}' order by phone")


THEIR_ROWS = [("+1", "their@x", "Their Ama", None)]
OUR_ROWS = [("+8", "our@x", "Our Ama", None)]


Hire: TypeAlias = Callable[..., Clerk]


@pytest.fixture
def hire(tmp_path: Path) -> Iterator[Hire]:
    """Clerks who shut what they opened, at the end."""
    with ExitStack() as stack:

        def hired(shop: Place, **terms: Any) -> Clerk:
            clerk = Clerk(tmp_path, shop, **terms)
            stack.enter_context(closing(clerk.nb.store))
            return clerk

        yield hired


@pytest.fixture(params=["create", "update", "upsert", "skip"])
def clerk(request: pytest.FixtureRequest, hire: Hire, shop: Place) -> Clerk:
    """Of acme, in each mode."""
    return hire(shop, mode=request.param)


@pytest.mark.parametrize("row", [FIELDS, Member])
def test_a_file_that_says_whose_rows_these_are_is_not_believed(hire: Hire, shop: Place, row: Any) -> None:
    clerk = hire(shop, row=row)
    run = clerk.send({"tenant": "globex", "phone": "+1", "name": "A"}, {"tenant": "", "phone": "+2", "name": "B"})
    assert (run.state, run.counters.created) == ("succeeded", 2)
    assert clerk.members("globex") == THEIR_ROWS
    assert [one[2] for one in clerk.members("acme")] == ["A", "B", "Our Ama"]
    assert "'tenant' was not read: it is filled by who imports the file." in clerk.nb.account(run)["warnings"]
    assert clerk.send({"Whose": "globex", "phone": "+3"}, mapping={"Whose": "tenant"}).error_code == "bad-parameter"
    for header in ("Tenant", "TENANT ", "Tenants", "tenant_"):
        assert clerk.send({header: "globex", "phone": f"+{len(header)}{header}"}, guess=True).counters.created == 1
    assert clerk.members("globex") == THEIR_ROWS


def test_a_record_of_another_tenant_is_not_met_by_a_key(clerk: Clerk) -> None:
    run = clerk.send({"phone": "+1", "name": "Ours now"})
    assert clerk.members("globex") == THEIR_ROWS
    if clerk.nb.importing("members").mode == "update":
        known, unknown = clerk.told(run)[0], clerk.told(clerk.send({"phone": "+404", "name": "Nobody"}))[0]
        assert known[1:4] == unknown[1:4] == (None, "no-record", "there is no record with this phone to change")
        return
    assert clerk.told(run) == []
    assert clerk.members("acme") == [("+1", None, "Ours now", None), *OUR_ROWS]


def test_ones_own_record_is_met_although_another_tenant_has_the_key_too(clerk: Clerk) -> None:
    clerk._shop.run(THEIRS.replace("901", "902").replace("'+1'", "'+8'").replace("their@x", "eight@x"))
    before = clerk.members("globex")
    run = clerk.send({"phone": "+8", "name": "Changed"})
    mode = clerk.nb.importing("members").mode
    assert [one.code for one in clerk.told(run)] == (["exists"] if mode == "create" else [])
    assert clerk.members("acme")[0][2] == ("Changed" if mode in ("update", "upsert") else "Our Ama")
    assert clerk.members("globex") == before


@pytest.mark.parametrize(
    "values",
    [{"phone": "+5", "email": "their@x"}, {"phone": "+1", "email": "their@x"}, {"phone": "+5", "id": "901"}],
)
def test_a_unique_value_of_another_tenant_is_refused_and_nothing_is_said_of_it(
    clerk: Clerk, values: Mapping[str, str]
) -> None:
    run = clerk.send({"name": "Ours", **values}, dry_run=True), clerk.send({"name": "Ours", **values})
    for one in run:
        (reject,) = clerk.told(one)
        if clerk.nb.importing("members").mode != "update":
            assert (reject.column, reject.code, reject.message) == NEUTRAL
        assert not [word for word in ("globex", "Their", "901 ", "already", "exists") if word in str(reject.message)]
    assert (clerk.members("globex"), clerk.members("acme")) == (THEIR_ROWS, OUR_ROWS)


@pytest.mark.parametrize("key", ["email", "id"])
def test_a_key_that_all_tenants_share_finds_only_ones_own(hire: Hire, shop: Place, key: str) -> None:
    clerk = hire(shop, mode="upsert", unique=[key])
    theirs, ours = ("their@x", "our@x") if key == "email" else ("901", "801")
    run = clerk.send({key: theirs, "name": "Taken over"}, {key: ours, "name": "Changed"})
    assert [(one.column, one.code, one.message) for one in clerk.told(run)] == [NEUTRAL]
    assert (clerk.members("globex"), clerk.members("acme")[0][2]) == (THEIR_ROWS, "Changed")


def test_a_change_that_meets_a_unique_value_of_another_tenant_says_nothing_of_it(hire: Hire, shop: Place) -> None:
    clerk = hire(shop, mode="update")
    (reject,) = clerk.told(clerk.send({"phone": "+8", "email": "their@x"}))
    assert (reject.column, reject.code, reject.message) == NEUTRAL
    assert clerk.members("acme") == OUR_ROWS


def test_a_unique_value_of_ones_own_is_named(hire: Hire, shop: Place) -> None:
    clerk = hire(shop, unique=["id"])
    (reject,) = clerk.told(clerk.send({"id": "5", "phone": "+8"}))  # unique (tenant, phone), which is no key of these
    assert reject.code == "exists"


def test_a_lookup_finds_only_among_ones_own(hire: Hire, shop: Place) -> None:
    clerk = hire(shop)
    run = clerk.send(*({"phone": f"+{n}", "branch": name} for n, name in enumerate(("Main", "Secret", "Nowhere"), 20)))
    assert [one for one in clerk.members("acme") if one[0] == "+20"] == [("+20", None, None, 1)]
    secret, nowhere = clerk.told(run)
    assert (secret.code, secret.message and secret.message.replace("Secret", "Nowhere")) == nowhere[2:4]


def test_what_is_taken_back_is_ones_own(hire: Hire, shop: Place) -> None:
    clerk = hire(shop, mode="upsert")
    run = clerk.send(
        {"phone": "+1", "name": "Ours"}, {"phone": "+8", "name": "Changed"}, {"phone": "+3", "name": "Sold"}
    )
    shop.run("update members set tenant = 'globex' where phone = '+3'")
    with pytest.raises(NotAllowed, match="not yours any more"):
        clerk.nb.undo(run, attributes={"tenant": "globex"})
    undone = run_inline(clerk.nb, clerk.nb.undo(run, attributes=ACME).run.id)
    assert [one.code for one in clerk.told(undone)] == ["changed-since"]
    assert clerk.members("acme") == OUR_ROWS
    assert clerk.members("globex") == [*THEIR_ROWS, ("+3", None, "Sold", None)]


def test_another_tenants_import_of_the_same_file_is_another_import(hire: Hire, shop: Place) -> None:
    clerk = hire(shop)
    file = clerk.file({"phone": "+7", "name": "Same"})
    first, second, again = (
        clerk.nb.import_file("members", file, owner="ann", attributes={"tenant": tenant})
        for tenant in ("acme", "globex", "acme")
    )
    assert (first.how, second.how, again.how, again.run.id) == ("created", "created", "joined", first.run.id)
    done = [run_inline(clerk.nb, one.run.id) for one in (first, second)]
    rerun = clerk.nb.rerun(done[0])
    assert rerun.run.params["requester"] == {"tenant": "acme"}
    assert clerk.nb.rerun(done[0], attributes={"tenant": "globex"}).run.params["requester"] == {"tenant": "globex"}


@pytest.mark.parametrize("attributes", [None, {}, {"tenant": None}, {"tenant": ["acme", "globex"]}, {"tenant": {}}])
def test_without_one_value_nothing_is_started(hire: Hire, sqlite: Place, attributes: Mapping[str, Any] | None) -> None:
    sqlite.run(MEMBERS)
    clerk = hire(sqlite)
    with pytest.raises(MissingAttribute):
        clerk.send({"phone": "+1"}, attributes=attributes)


def test_nobody_is_asked_for_it(hire: Hire, sqlite: Place) -> None:
    sqlite.run(MEMBERS, "create table branches (id integer primary key, tenant text, name text)")
    clerk = hire(sqlite, row=(Field("tenant", requester="tenant"), Field("phone", required=True)))
    job = clerk.nb.importing("members")
    assert example(job, "csv").decode("utf-8-sig").split() == ["phone", "phone"]
    seen = preview(job, Input.of(clerk.file({"tenant": "globex", "phone": "+1"})), Requester("ann", ACME))
    assert [(one.match.header, one.match.how) for one in seen.columns] == [("tenant", "filled"), ("phone", "name")]
    assert seen.rows[0].values == {"tenant": "acme", "phone": "+1"}
    with pytest.raises(MissingAttribute):
        preview(job, Input.of(clerk.file({"phone": "+1"})))


def test_a_function_is_given_it_too(tmp_path: Path) -> None:
    given: list[Row] = []
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db", folder=tmp_path / "files")
    nb.importer("members", row=[Field("who", requester="id"), Field("phone")], into=function(given.extend))
    (tmp_path / "m.csv").write_text("who,phone\nbob,+1\n")
    with closing(nb.store):
        run_inline(nb, nb.import_file("members", tmp_path / "m.csv", owner="ann", attributes={"id": "bob"}).run.id)
    assert [dict(one.values) for one in given] == [{"who": "ann", "phone": "+1"}]


def test_it_is_said_in_the_configuration(tmp_path: Path, sqlite: Place) -> None:
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db", folder=tmp_path / "files")
    fields = {
        "tenant": "requester.tenant",
        "by": {"requester": "id"},
        "branch": {"lookup": {"table": "branches", "by": "name", "where": {"tenant": "requester.tenant"}}},
    }
    register(nb, "members", {"into": "shop", "table": "members", "fields": fields}, {"shop": sqlite.url})
    tenant, by, branch = nb.importing("members").fields
    assert (tenant.requester, by.requester) == ("tenant", "id")
    assert branch.lookup
    assert dict(branch.lookup.where) == {"tenant": "tenant"}
    for wrong in ({"tenant": "requester."}, {"t": {"lookup": {"table": "b", "by": "n", "where": {"tenant": "acme"}}}}):
        with pytest.raises(BadConfiguration, match=r"imports\.wrong\.fields"):
            register(nb, "wrong", {"into": "shop", "table": "members", "fields": wrong}, {"shop": sqlite.url})


@pytest.mark.parametrize("more", [{"default": "x"}, {"values": {"a": "b"}}, {"lookup": Lookup("t", by="n")}])
def test_it_comes_from_one_place_alone(hire: Hire, sqlite: Place, more: dict[str, Any]) -> None:
    with pytest.raises(BadConfiguration, match="filled from who asks"):
        hire(sqlite, row=[Field("tenant", requester="tenant", **more), Field("phone")])
