"""Every endpoint through every chain: what the application says arrives as it said it."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from tests.proxies.files import csv_of
from tests.proxies.rig import CADDY_WAITS, CHAINS, Rig
from tests.proxies.seen import Seen

SAME = ("content-type", "cache-control", "allow", "www-authenticate", "retry-after", "link", "location")
"""Headers that no proxy may change."""


def same_answer(rig: Rig, chain: str, method: str, path: str, **asked: Any) -> httpx.Response:
    """The answer through a chain, which is that of the application itself."""
    direct, got = (rig.at(where).request(method, path, **asked) for where in ("app", chain))
    assert (got.status_code, got.content) == (direct.status_code, direct.content)
    assert {name: got.headers.get(name) for name in SAME} == {name: direct.headers.get(name) for name in SAME}
    return got


@pytest.fixture(scope="module")
def finished(rig: Rig) -> str:
    """The path of a file of 300 rows."""
    rig.until_state(rig.start_tap("before", "1 end"), "succeeded")
    run = rig.start_tap("finished", "300 end")
    rig.until_state(run, "succeeded")
    return f"/runs/{run}"


def test_what_can_be_started_and_what_was_done_can_be_read(rig: Rig, chain: str, finished: str) -> None:
    ready = [job["name"] for job in same_answer(rig, chain, "GET", "/jobs").json()["jobs"]]
    assert ready == ["tap", "customers", "suppliers", "seen", "steady", "large"]
    assert same_answer(rig, chain, "GET", "/jobs/steady/count?name=x&blocks=3").json()["rows"] is None
    assert same_answer(rig, chain, "GET", finished).json()["state"] == "succeeded"
    assert same_answer(rig, chain, "GET", f"{finished}/history").json()["events"][-1]["after"] == "succeeded"
    assert same_answer(rig, chain, "GET", f"{finished}/manifest").json()["rows"] == 300
    assert same_answer(rig, chain, "GET", f"{finished}/rejects").json()["rejects"] == []
    listed = same_answer(rig, chain, "GET", "/runs?job=tap&limit=1")
    assert listed.links["next"]["url"].startswith("/runs?")
    assert rig.at(chain).get("/health").json()["status"] == "ok"


def test_a_run_is_started_paused_resumed_cancelled_and_run_again(rig: Rig, chain: str) -> None:
    name, client = f"control-{chain}", rig.at(chain)
    run = rig.start_tap(name, "10", at=chain)
    rig.until_rows(run, 10)
    assert client.post(f"/runs/{run}/pause").json()["state"] == "pausing"
    rig.tap(name, "20")
    rig.until_state(run, "paused")
    assert client.post(f"/runs/{run}/resume").status_code == 200
    rig.until_state(run, "running")
    assert client.post(f"/runs/{run}/cancel").json()["state"] == "cancelling"
    rig.tap(name, "30 end")
    rig.until_state(run, "cancelled")
    again = client.post(f"/runs/{run}/rerun")
    assert (again.status_code, again.headers["location"]) == (202, f"/runs/{again.json()['id']}")
    assert rig.artifact(again.json()["id"]) == csv_of(30)


def test_problems_pass_unchanged(rig: Rig, chain: str, finished: str) -> None:
    asked = [
        (404, "GET", "/runs/none"),
        (404, "GET", "/nothing"),
        (405, "DELETE", "/jobs"),
        (409, "POST", f"{finished}/cancel"),
        (409, "POST", f"{finished}/retry"),
        (422, "GET", "/exports/tap.csv?nome=x"),
        (422, "GET", "/exports/tap.docx?name=x"),
        (403, "GET", "/metrics"),
    ]
    for status, method, path in asked:
        got = same_answer(rig, chain, method, path)
        assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json"), path
    outside = same_answer(rig, chain, "GET", f"{finished}/artifact", headers={"Range": "bytes=99999-"})
    assert (outside.status_code, outside.json()["code"]) == (416, "range-not-satisfiable")
    nobody = same_answer(rig, chain, "GET", "/jobs", headers={"x-user": ""})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not-signed-in")


def test_a_page_of_an_allowed_origin_may_call_and_others_may_not(rig: Rig, chain: str) -> None:
    ours = {"Origin": "https://shop.example"}
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
    before = same_answer(rig, chain, "OPTIONS", "/jobs/tap/runs", headers={**ours, **asks})
    assert before.status_code == 200
    for path in ("/jobs", "/runs/none", "/jobs?x="):
        got = rig.at(chain).get(path, headers=ours)
        assert got.headers["access-control-allow-origin"] == "https://shop.example"
        assert "Repr-Digest" in got.headers["access-control-expose-headers"]
        assert "origin" in got.headers["vary"].lower()
    theirs = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert rig.at(chain).post("/jobs/tap/runs", json={}, headers=theirs).status_code == 403


def test_the_servers_own_page_may_call_where_the_host_is_kept(rig: Rig, chain: str) -> None:
    of_a_browser = {"Origin": rig.url(chain), "Sec-Fetch-Site": "same-origin"}
    of_an_old_one = {"Origin": rig.url(chain)}
    statuses = [rig.at(chain).post("/runs/none/cancel", headers=of).status_code for of in (of_a_browser, of_an_old_one)]
    keeps_host = "nginx" not in chain or "nginx_best" in chain
    assert statuses == [404, 404 if keeps_host else 403]


def test_the_page_comes_anew_with_a_nonce_of_its_own(rig: Rig, chain: str) -> None:
    answers = [rig.at(chain).get("/", headers={"Accept-Encoding": "gzip"}) for _ in range(2)]
    nonces = [re.findall(r'name="style-nonce" content="([\w-]{22})"', answer.text) for answer in answers]
    assert len({nonce for (nonce,) in nonces}) == 2
    for (nonce,), answer in zip(nonces, answers, strict=True):
        assert f"style-src 'nonce-{nonce}' 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_a_file_of_the_page_is_asked_for_again_by_its_tag(rig: Rig, chain: str) -> None:
    first = rig.at(chain).get("/icon.svg", headers={"Accept-Encoding": "gzip"})
    assert first.content == rig.direct.get("/icon.svg").content
    again = rig.at(chain).get("/icon.svg", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_finished_file_is_the_same_with_its_headers_ranges_and_conditions(
    rig: Rig, chain: str, finished: str
) -> None:
    path, client, whole = f"{finished}/artifact", rig.at(chain), csv_of(300)
    kept = ("content-length", "etag", "repr-digest", "content-disposition", "content-encoding", "accept-ranges")
    direct = rig.direct.get(path).headers
    for method in ("GET", "HEAD"):
        got = client.request(method, path, headers={"Accept-Encoding": "gzip, zstd, br"})
        assert (got.status_code, got.content) == (200, whole if method == "GET" else b"")
        assert {name: got.headers.get(name) for name in kept} == {name: direct.get(name) for name in kept}
    part = {"Range": "bytes=100-199", "Accept-Encoding": "gzip"}
    for condition, status, content in (
        ({}, 206, whole[100:200]),
        ({"If-Range": direct["etag"]}, 206, whole[100:200]),
        ({"If-Range": '"another.0"'}, 200, whole),
        ({"If-None-Match": direct["etag"]}, 304, b""),
    ):
        got = client.get(path, headers={**part, **condition})
        assert (got.status_code, got.content) == (status, content), condition
        assert got.headers["etag"] == direct["etag"]


@pytest.mark.parametrize("file_format", ["csv.gz", "xlsx", "jsonl"])
def test_other_formats_arrive_byte_for_byte(rig: Rig, chain: str, finished: str, file_format: str) -> None:
    asked = {"params": {"name": "finished"}, "output": {"format": file_format}}
    made = rig.direct.post("/jobs/tap/runs", json=asked, headers={"Idempotency-Key": file_format}).json()["id"]
    whole = rig.artifact(made)
    got = rig.at(chain).get(f"/runs/{made}/artifact", headers={"Accept-Encoding": "gzip"})
    assert got.headers["content-encoding"] == "identity"
    assert got.content == whole


def test_events_come_one_by_one_and_go_on_after_a_cut(rig: Rig, chain: str) -> None:
    name = f"events-{chain}"
    run = rig.start_tap(name, "10")
    path, squeezed = f"/runs/{run}/events", {"Accept-Encoding": "gzip"}
    rig.until_rows(run, 10)
    first = Seen(rig, chain, path, **squeezed).until_body(b'"done": 10')
    assert first.headers["content-encoding"] == "identity"
    seen = [event["id"] for event in first.events() if "id" in event][-1]
    first.cut()
    rig.tap(name, "20")
    by_header = Seen(rig, chain, path, **squeezed, **{"Last-Event-ID": seen}).until_body(b'"done": 20')
    assert b'"done": 10' not in by_header.body
    by_header.cut()
    by_query = Seen(rig, chain, f"{path}?last_event_id={seen}", **squeezed).until_body(b'"done": 20')
    rig.tap(name, "30 end")
    last = list(by_query.finish().events())[-1]
    assert (by_query.end, last["event"]) == ("whole", "done")
    assert rig.at(chain).get(path, headers={"Last-Event-ID": last["id"]}).status_code == 204


def test_a_growing_workbook_is_followed_cut_and_resumed_to_the_same_bytes(rig: Rig, chain: str) -> None:
    name = f"growing-{chain}"
    run = rig.start_tap(name, "100", "xlsx")
    path, squeezed = f"/runs/{run}/artifact", {"Accept-Encoding": "gzip"}
    committed = rig.until_rows(run, 100)["bytes"]
    first = Seen(rig, chain, path, **squeezed).until_bytes(committed)
    assert (first.headers["content-encoding"], "content-length" in first.headers) == ("identity", False)
    first.cut()
    had = first.body[:1000]
    second = Seen(rig, chain, path, **squeezed, Range="bytes=1000-", **{"If-Range": first.headers["etag"]})
    second.until_bytes(committed - 1000)
    rig.tap(name, "200 end")
    second.finish()
    assert (second.status, second.end, had + second.body) == (206, "whole", rig.artifact(run))


@pytest.fixture(scope="module")
def waited_for(rig: Rig) -> dict[str, Seen]:
    """Clients of all chains that ask for a text file long before it is finished."""
    run = rig.start_tap("waited-for", "100")
    seen = {chain: Seen(rig, chain, f"/runs/{run}/artifact", Range="bytes=100-") for chain in CHAINS}
    time.sleep(2 * CADDY_WAITS)
    rig.tap("waited-for", "200 end")
    return {chain: each.finish() for chain, each in seen.items()}


def test_a_text_file_that_is_not_finished_is_waited_for_and_comes_with_its_length(
    waited_for: dict[str, Seen], chain: str
) -> None:
    seen = waited_for[chain]
    assert seen.redirects > 0
    assert (seen.status, seen.end, seen.body) == (206, "whole", csv_of(200)[100:])
    assert seen.headers["content-length"] == str(len(seen.body))


def test_an_export_by_its_address_is_the_file(rig: Rig, chain: str) -> None:
    rig.tap(f"direct-{chain}", "40 end")
    got = rig.at(chain).get("/exports/tap.csv", params={"name": f"direct-{chain}"})
    assert (got.status_code, got.content) == (200, csv_of(40))
    assert rig.at(chain).get(got.headers["content-location"]).content == got.content
    head = rig.at(chain).head("/exports/tap.csv", params={"name": f"direct-{chain}"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-disposition"] == got.headers["content-disposition"]
