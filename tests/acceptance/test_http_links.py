"""Links over HTTP, seen by their owner, by who follows them, and by who would like to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from narrowboat.people.links import sign
from narrowboat.stores import open_database
from narrowboat.stores.links import SqlLinks
from tests.acceptance.server import Server, serving
from tests.waiting import until

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("links"), "users") as server:
        yield server


def ask(server: Server, method: str, path: str, user: str | None = None, **more: Any) -> httpx.Response:
    headers = {**more.pop("headers", {}), **({"x-user": user} if user else {})}
    return server.client.request(method, path, headers=headers, **more)


def a_run(server: Server, user: str = "ann", city: str = "Lagos") -> str:
    body = {"params": {"city": city}, "output": {"format": "csv"}}
    run = str(ask(server, "POST", "/jobs/leads/runs", user, json=body).json()["id"])
    until(lambda: ask(server, "GET", f"/runs/{run}", user).json()["ended"], "the run to end")
    return run


@pytest.fixture(scope="module")
def run(server: Server) -> str:
    return a_run(server)


def make(server: Server, run: str, user: str = "ann", **body: Any) -> dict[str, Any]:
    made = ask(server, "POST", f"/runs/{run}/links", user, json=body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def noted(server: Server, run: str, action: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(server, "GET", f"/audit?about={run}&action={action}", "boss").json()["entries"]
    return found


def test_whoever_has_a_link_downloads_the_same_file(server: Server, run: str) -> None:
    url = make(server, run)["url"]
    owned, linked = ask(server, "GET", f"/runs/{run}/artifact", "ann"), ask(server, "GET", url)
    assert linked.status_code == 200
    assert linked.content == owned.content
    for name in ("etag", "content-length", "content-disposition", "repr-digest", "content-type"):
        assert linked.headers[name] == owned.headers[name]
    assert linked.headers["referrer-policy"] == "no-referrer"
    assert "private" in linked.headers["cache-control"]


def test_a_download_by_a_link_goes_on_and_is_not_sent_twice(server: Server, run: str) -> None:
    url = make(server, run)["url"]
    whole = ask(server, "GET", url)
    rest = ask(server, "GET", url, headers={"Range": "bytes=100-", "If-Range": whole.headers["etag"]})
    assert (rest.status_code, rest.content) == (206, whole.content[100:])
    assert ask(server, "GET", url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert ask(server, "GET", url, headers={"Range": "bytes=999999999-"}).status_code == 416
    head = ask(server, "HEAD", url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(whole.content)))


def test_a_download_is_noted_once_and_not_for_every_range(server: Server) -> None:
    run = a_run(server, city="Accra")
    link = make(server, run)
    ranges = ("bytes=5-9", "bytes=10-19", "bytes=20-")
    for one in ranges:
        assert ask(server, "GET", link["url"], headers={"Range": one}).status_code == 206
    ask(server, "HEAD", link["url"])
    ask(server, "GET", f"/runs/{run}/artifact", "ann")
    until(lambda: len(noted(server, run, "download")) == 2, "two entries")
    by_ann, by_link = noted(server, run, "download")
    assert (by_ann["by"], by_ann["detail"]) == ("ann", {"job": "leads"})
    assert (by_link["by"], by_link["detail"]) == ("", {"job": "leads", "link": link["id"]})


def test_a_revoked_link_is_as_one_that_never_was(server: Server, run: str) -> None:
    link = make(server, run)
    for _ in range(2):
        assert ask(server, "DELETE", f"/runs/{run}/links/{link['id']}", "ann").status_code == 204
    revoked, made_up = ask(server, "GET", link["url"]), ask(server, "GET", "/links/made-up")
    assert (revoked.status_code, revoked.json()["code"]) == (404, "unknown-link")
    assert revoked.json()["detail"] == made_up.json()["detail"]
    assert [(one["by"], one["detail"]["link"]) for one in noted(server, run, "link.revoke")] == [("ann", link["id"])]


def test_a_link_that_was_changed_anywhere_is_as_one_that_never_was(server: Server, run: str) -> None:
    url = make(server, run)["url"]
    begin = url.rindex("/") + 1
    for at in range(begin, len(url)):
        other = "A" if url[at] != "A" else "B"
        got = ask(server, "GET", url[:at] + other + url[at + 1 :])
        assert (got.status_code, got.json()["code"]) == (404, "unknown-link"), at - begin
    for cut in (url[:-1], url + "A", url.upper(), url[:begin]):
        assert ask(server, "GET", cut).status_code == 404
    assert ask(server, "GET", url).status_code == 200


def test_an_expired_link_says_so_to_people_and_to_programs(server: Server, run: str) -> None:
    with closing(open_database(f"sqlite:///{server.folder}/runs.db")) as database:
        table = SqlLinks(database)
        path = f"/links/{sign(table.key(), table.add(run, 'ann', table.now() - 1))}"
    got = ask(server, "GET", path)
    assert (got.status_code, got.json()["code"], got.headers["content-type"]) == (
        410, "link-expired", "application/problem+json"
    )  # fmt: skip
    page = ask(server, "GET", path, headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert "<h1>This link has expired</h1>" in page.text
    assert "Ask whoever sent it" in page.text
    assert "<script" not in page.text
    (style,) = re.findall('<link rel="stylesheet" href="([^"]+)"', page.text)
    assert ask(server, "GET", style).headers["content-type"].startswith("text/css")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.5", "text/html;q=x"])
def test_programs_are_answered_with_a_problem(server: Server, accept: str) -> None:
    got = ask(server, "GET", "/links/none", headers={"Accept": accept})
    assert got.headers["content-type"] == "application/problem+json"


def test_a_link_to_what_is_not_finished_asks_for_patience(server: Server) -> None:
    server.tap("patience", "5")
    body = {"params": {"name": "patience"}, "output": {"format": "csv"}}
    run = ask(server, "POST", "/jobs/tap/runs", "ann", json=body).json()["id"]
    url = make(server, run)["url"]
    early = ask(server, "GET", url)
    assert (early.status_code, early.json()["code"]) == (503, "not-finished")
    assert "retry-after" in early.headers
    server.tap("patience", "5 end")
    until(lambda: ask(server, "GET", url).status_code == 200, "the file behind the link")


def test_a_link_to_what_failed_gives_no_advice_to_strangers(server: Server) -> None:
    server.tap("failing", "5")
    body = {"params": {"name": "failing"}, "output": {"format": "csv"}}
    run = ask(server, "POST", "/jobs/tap/runs", "ann", json=body).json()["id"]
    url = make(server, run)["url"]
    server.tap("failing", "5 fail")
    until(lambda: ask(server, "GET", f"/runs/{run}", "ann").json()["ended"], "the run to fail")
    got = ask(server, "GET", url)
    assert (got.status_code, got.json()["code"]) == (409, "no-artifact")
    assert "partial" not in got.json()["detail"]
    again = ask(server, "POST", f"/runs/{run}/links", "ann", json={})
    assert (again.status_code, again.json()["code"]) == (409, "no-artifact")


def test_nobody_else_makes_lists_or_revokes_links(server: Server, run: str) -> None:
    link = make(server, run)
    paths = (
        ("POST", f"/runs/{run}/links"),
        ("GET", f"/runs/{run}/links"),
        ("DELETE", f"/runs/{run}/links/{link['id']}"),
    )
    for method, path in paths:
        assert ask(server, method, path).status_code == 401
        for user in ("ben", "viewer", "blind"):
            got = ask(server, method, path, user)
            assert (got.status_code, got.json()["code"]) == (404, "unknown-run"), (user, method)
    assert ask(server, "GET", link["url"]).status_code == 200


def test_an_operator_revokes_but_makes_none(server: Server, run: str) -> None:
    link = make(server, run)
    got = ask(server, "POST", f"/runs/{run}/links", "boss", json={})
    assert (got.status_code, got.json()["code"]) == (403, "not-allowed")
    assert link["id"] in [one["id"] for one in ask(server, "GET", f"/runs/{run}/links", "boss").json()["links"]]
    assert ask(server, "DELETE", f"/runs/{run}/links/{link['id']}", "boss").status_code == 204
    assert ask(server, "GET", link["url"]).status_code == 404


def test_a_link_is_of_one_run_and_another_run_cannot_revoke_it(server: Server, run: str) -> None:
    link, other = make(server, run), a_run(server, "ben")
    got = ask(server, "DELETE", f"/runs/{other}/links/{link['id']}", "ben")
    assert (got.status_code, got.json()["code"]) == (404, "unknown-link")
    assert ask(server, "GET", link["url"]).status_code == 200


@pytest.mark.parametrize(
    "body", [{"expires_in": 0}, {"expires_in": 30 * 86400 + 1}, {"expires_in": "x"}, {"for": "ever"}]
)
def test_a_link_cannot_be_for_ever(server: Server, run: str, body: dict[str, Any]) -> None:
    assert ask(server, "POST", f"/runs/{run}/links", "ann", json=body).status_code == 422


def test_the_address_of_a_link_is_told_once(server: Server, run: str) -> None:
    make(server, run)
    listed = ask(server, "GET", f"/runs/{run}/links", "ann").json()["links"]
    assert listed
    assert all("url" not in one for one in listed)


def test_a_page_of_another_site_makes_no_link(server: Server, run: str) -> None:
    got = ask(server, "POST", f"/runs/{run}/links", "ann", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert got.status_code == 403


def test_only_operators_read_the_audit_log_and_in_pages(server: Server, run: str) -> None:
    for user in ("ann", "viewer"):
        got = ask(server, "GET", "/audit", user)
        assert (got.status_code, got.json()["code"]) == (403, "not-allowed")
    first = ask(server, "GET", "/audit?limit=2", "boss")
    second = ask(server, "GET", f"/audit?limit=2&after={first.json()['next']}", "boss").json()
    ids = [one["id"] for one in first.json()["entries"] + second["entries"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 4
    assert f"after={first.json()['next']}" in first.headers["link"].replace("%2E", ".")
    for wrong in ("x", "1_x", "1_", "_1", "1_99999999999999999999"):
        assert ask(server, "GET", f"/audit?after={wrong}", "boss").status_code == 422


def test_changes_stand_in_the_audit_log_before_they_are_answered(server: Server) -> None:
    run = a_run(server, "ann", "Kraków")
    again = ask(server, "POST", f"/runs/{run}/rerun", "boss").json()["id"]
    (started,), (rerun,) = noted(server, run, "start"), noted(server, again, "rerun")
    assert (started["by"], started["detail"]) == ("ann", {"job": "leads", "how": "created"})
    assert (rerun["by"], rerun["detail"]["parent"]) == ("boss", run)
