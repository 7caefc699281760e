"""Links: signed, expiring, revocable, and gone with their run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from narrowboat.errors import BadParameter, LinkExpired, UnknownLink
from narrowboat.kernel.model import Request, Run
from narrowboat.kernel.store import Store
from narrowboat.people.audit import Audit, Which
from narrowboat.people.links import LONGEST, Links, sign
from narrowboat.stores.audit import SqlTrail
from narrowboat.stores.database import Database
from narrowboat.stores.links import SqlLinks
from tests.store.samples import submitted


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(SqlTrail(database))


@pytest.fixture
def links(database: Database, audit: Audit) -> Links:
    return Links(SqlLinks(database), public_url="https://shop.example/bulk", note=audit)


@pytest.fixture
def run(store: Store) -> Run:
    return store.get(submitted(store))


def token(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_link_opens_its_run_until_it_is_revoked(links: Links, run: Run) -> None:
    link = links.create(run, by="ann")
    assert link.url.startswith("https://shop.example/bulk/links/")
    assert links.opened(token(link.url)).run == run.id
    links.revoke(link.id, by="ben")
    links.revoke(link.id, by="ann")
    with pytest.raises(UnknownLink):
        links.opened(token(link.url))


def test_a_link_of_another_process_is_signed_with_the_same_key(links: Links, run: Run, database: Database) -> None:
    link = links.create(run, by="ann")
    other = Links(SqlLinks(database), public_url=None, note=lambda *_, **__: None)
    assert other.opened(token(link.url)).id == link.id
    assert other.create(run, by="ann").url.startswith("/links/")


def test_it_lasts_a_day_if_nothing_is_said(links: Links, run: Run) -> None:
    link = links.create(run, by="ann")
    assert 86399 <= link.expires - link.created <= 86400


def test_an_expired_link_says_so_even_when_its_run_is_gone(links: Links, database: Database) -> None:
    table = SqlLinks(database)
    old = sign(table.key(), table.add("purged-long-ago", "ann", expires=table.now() - 1))
    with pytest.raises(LinkExpired, match="Ask whoever sent it"):
        links.opened(old)


@pytest.mark.parametrize("seconds", [0, -1, 0.5, LONGEST + 1, float("nan"), float("inf")])
def test_no_link_is_longer_than_a_month_or_shorter_than_a_moment(links: Links, run: Run, seconds: float) -> None:
    with pytest.raises(BadParameter, match="30 days"):
        links.create(run, by="ann", seconds=seconds)


def test_a_link_goes_with_its_run(links: Links, run: Run, store: Store) -> None:
    link = links.create(run, by="ann")
    store.request(run.id, Request.CANCEL)
    store.forget(run.id)
    assert links.of_run(run) == []
    with pytest.raises(UnknownLink):
        links.opened(token(link.url))


def altered(text: str, place: int) -> str:
    other = "A" if text[place] != "A" else "B"
    return text[:place] + other + text[place + 1 :]


def test_no_character_of_a_token_can_be_altered(links: Links, run: Run) -> None:
    good = token(links.create(run, by="ann").url)
    for place in range(len(good)):
        with pytest.raises(UnknownLink):
            links.opened(altered(good, place))


@pytest.mark.parametrize(
    "forged",
    [
        lambda good, _: "",
        lambda good, _: good + "A",
        lambda good, _: good[:-1],
        lambda good, _: good + "\n",
        lambda good, _: good + "=",
        lambda good, _: " " + good,
        lambda good, _: good.replace(".", ".."),
        lambda good, _: good.upper(),
        lambda good, _: ".".join([*good.split(".")[:2], str(int(good.split(".")[2]) + 1), good.split(".")[3]]),
        lambda good, _: ".".join([*good.split(".")[:2], "0" + good.split(".")[2], good.split(".")[3]]),
        lambda good, other: ".".join([good.split(".")[0], other, *good.split(".")[2:]]),
        lambda good, _: ".".join([*good.split(".")[:3], "A" * 43]),
        lambda good, _: good + "\u0661",
        lambda good, _: "\0" * 100,
        lambda good, _: "\ud800",
        lambda good, _: "x" * 100_000,
    ],
)
def test_what_was_made_up_is_refused_before_the_tables_are_asked(
    links: Links, run: Run, store: Store, database: Database, forged: Callable[[str, str], str]
) -> None:
    good = token(links.create(run, by="ann").url)
    links.opened(good)

    class Untouchable(SqlLinks):
        def now(self) -> float:
            raise AssertionError("the database was asked")

        get = now  # type: ignore[assignment]

    other = Links(Untouchable(database), public_url=None, note=lambda *_, **__: None)
    with pytest.raises(UnknownLink):
        other.opened(forged(good, submitted(store, owner="ben")))


def test_a_link_of_another_run_cannot_be_revoked_by_this_one(links: Links, run: Run, store: Store) -> None:
    link = links.create(run, by="ann")
    for asked in (link.id, "nothing", "\0", "\ud800"):
        with pytest.raises(UnknownLink):
            links.revoke(asked, by="ben", run=submitted(store, owner="ben"))
    assert links.opened(token(link.url)).id == link.id


def test_links_are_listed_without_their_addresses_and_audited(links: Links, run: Run, audit: Audit) -> None:
    made = [links.create(run, by="ann").id for _ in range(2)]
    links.revoke(made[0], by="boss")
    links.revoke(made[0], by="boss")
    found = links.of_run(run)
    assert {one.id for one in found} == set(made)
    assert {one.url for one in found} == {""}
    noted: list[tuple[Any, ...]] = [(one.action, one.by, one.detail["link"]) for one in audit.find(Which(about=run.id))]
    assert noted == [
        ("link.revoke", "boss", made[0]), ("link.create", "ann", made[1]), ("link.create", "ann", made[0])
    ]  # fmt: skip
