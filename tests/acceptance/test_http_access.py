"""Who is served, who may do what, and which pages may call."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.server import Server, serving

SHOP = "https://shop.example"
EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("alone")) as server:
        yield server


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("users"), "users") as server:
        yield server


@pytest.fixture(scope="module")
def of_ann(users: Server) -> str:
    """A finished run that Ann started."""
    run = start(users, "ann").json()
    users.client.headers["x-user"] = "ann"
    users.until_state(run["id"], "succeeded")
    del users.client.headers["x-user"]
    return str(run["id"])


def start(server: Server, user: str, **body: Any) -> httpx.Response:
    return server.client.post("/jobs/leads/runs", json=body, headers={"x-user": user})


def get(server: Server, path: str, user: str | None = None, **headers: str) -> httpx.Response:
    return server.client.get(path, headers={**headers, **({"x-user": user} if user else {})})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "localhost:8000", "127.1.2.3:80"])
def test_without_users_this_machine_is_served_by_its_own_names(alone: Server, host: str) -> None:
    assert get(alone, "/jobs", Host=host).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost.evil", "10.0.0.7"])
def test_without_users_another_name_is_refused_for_it_may_be_rebound(alone: Server, host: str) -> None:
    got = get(alone, "/jobs", Host=host)
    assert (got.status_code, got.json()["code"]) == (403, "not-allowed")
    assert "nb.asgi(user=" in got.json()["detail"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"])
def test_without_users_what_came_through_a_proxy_is_refused(alone: Server, header: str) -> None:
    assert get(alone, "/jobs", **{header: "127.0.0.1"}).status_code == 403


def test_without_users_what_came_through_a_proxy_that_says_nothing_of_it_is_refused(alone: Server) -> None:
    as_nginx_does = b"GET /jobs HTTP/1.0\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % alone.port
    with socket.create_connection(("127.0.0.1", alone.port), timeout=30) as asked:
        asked.sendall(as_nginx_does)
        assert asked.makefile("rb").readline().split()[1] == b"403"


def test_without_users_everything_is_guarded(alone: Server) -> None:
    for path in ("/", "/openapi.json", "/health", "/errors", "/nothing", "/metrics"):
        assert get(alone, path, Host="evil.example").status_code == 403


@pytest.mark.parametrize("server_of", ["alone", "users"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.shop.example"},
    ],
)
def test_a_page_of_another_site_changes_nothing(
    request: pytest.FixtureRequest, server_of: str, headers: dict[str, str]
) -> None:
    server: Server = request.getfixturevalue(server_of)
    got = server.client.post("/jobs/leads/runs", json={}, headers={"x-user": "ann", **headers})
    assert (got.status_code, got.json()["code"]) == (403, "not-allowed")
    assert "cors" in got.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://public.name"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": SHOP, "Sec-Fetch-Site": "cross-site"},
        {},
    ],
)
def test_own_pages_allowed_pages_and_programs_may(users: Server, headers: dict[str, str]) -> None:
    assert users.client.post("/jobs/leads/runs", json={}, headers={"x-user": "ann", **headers}).status_code == 202


def test_a_page_of_its_own_origin_may(alone: Server) -> None:
    headers = {"Origin": alone.url, "Host": alone.url.removeprefix("http://")}
    assert alone.client.post("/jobs/leads/runs", json={}, headers=headers).status_code == 202


def test_without_users_an_export_is_not_started_by_an_image_on_another_page(alone: Server) -> None:
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert get(alone, "/exports/leads.csv", **image).status_code == 403
    assert get(alone, "/exports/leads.csv", **{**link, "Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert get(alone, "/exports/leads.csv", **link).status_code == 200


def test_who_is_not_signed_in_is_told_so(users: Server) -> None:
    for path in ("/jobs", "/runs", "/exports/leads.csv", "/runs/x/events", "/metrics"):
        got = get(users, path)
        assert (got.status_code, got.json()["code"]) == (401, "not-signed-in")
        assert "www-authenticate" in got.headers


def test_a_load_balancer_needs_no_user(users: Server) -> None:
    assert get(users, "/health").json()["status"] == "ok"
    assert get(users, "/").status_code == 200


def test_a_run_belongs_to_who_started_it(users: Server, of_ann: str) -> None:
    assert get(users, f"/runs/{of_ann}", "ann").json()["owner"] == "ann"
    assert of_ann in [run["id"] for run in get(users, "/runs", "ann").json()["runs"]]
    assert of_ann not in [run["id"] for run in get(users, "/runs", "bob").json()["runs"]]


@pytest.mark.parametrize("what", ["", "/events", "/history", "/rejects", "/manifest", "/artifact"])
@pytest.mark.parametrize("user", ["bob", "blind"])
def test_somebody_elses_run_looks_as_if_it_were_not_there(users: Server, of_ann: str, user: str, what: str) -> None:
    got, none = get(users, f"/runs/{of_ann}{what}", user), get(users, f"/runs/none{what}", user)
    assert (got.status_code, none.status_code) == (404, 404)
    assert got.text.replace(of_ann, "none") == none.text


@pytest.mark.parametrize("what", ["cancel", "pause", "resume", "retry", "rerun"])
def test_nobody_asks_things_of_somebody_elses_run(users: Server, of_ann: str, what: str) -> None:
    got = users.client.post(f"/runs/{of_ann}/{what}", headers={"x-user": "bob"})
    assert (got.status_code, got.json()["code"]) == (404, "unknown-run")


def test_an_operator_sees_everybodys(users: Server, of_ann: str) -> None:
    assert get(users, f"/runs/{of_ann}", "boss").status_code == 200
    assert of_ann in [run["id"] for run in get(users, "/runs", "boss").json()["runs"]]
    assert get(users, "/metrics", "boss").status_code == 200
    assert get(users, "/operations", "boss").status_code == 200
    assert get(users, "/operations", "ann").status_code == 403
    assert {run["owner"] for run in get(users, "/runs?owner=ann", "boss").json()["runs"]} == {"ann"}
    assert {run["owner"] for run in get(users, "/runs?owner=boss", "ann").json()["runs"]} == {"ann"}
    assert get(users, "/metrics", "ann").status_code == 403


def test_a_job_that_one_may_not_know_of_is_not_there(users: Server) -> None:
    assert "leads" not in [job["name"] for job in get(users, "/jobs", "blind").json()["jobs"]]
    for path in ("/jobs/leads/count", "/exports/leads.csv", "/exports/leads"):
        hidden, none = get(users, path, "blind"), get(users, path.replace("leads", "none"), "blind")
        assert (hidden.status_code, none.status_code) == (404, 404)
    assert start(users, "blind").status_code == 404


def test_who_may_only_look_may_not_start_count_or_download(users: Server) -> None:
    assert get(users, "/jobs", "viewer").json()["jobs"][0]["may"] == ["see"]
    for got in (
        start(users, "viewer"), get(users, "/jobs/leads/count", "viewer"), get(users, "/exports/leads.csv", "viewer"),
    ):  # fmt: skip
        assert (got.status_code, got.json()["code"]) == (403, "not-allowed")


def test_only_an_operator_raises_a_priority(users: Server) -> None:
    assert start(users, "ann", priority=5).status_code == 403
    assert start(users, "ann", priority=-5, params={"city": "p"}).json()["priority"] == -5
    assert start(users, "boss", priority=5).json()["priority"] == 5


def test_the_insides_are_told_to_operators_alone(users: Server) -> None:
    behind = {"Via": "1.1 proxy"}  # there the answer waits for the end of the run, however slow the machine is
    ann, boss = (get(users, "/exports/broken.csv", user, **behind).json() for user in ("ann", "boss"))
    assert "hunter2" in boss["detail"]
    assert "hunter2" not in json.dumps(ann)
    assert (ann["code"], ann["status"]) == ("job-failed", 500)
    run = get(users, f"/runs/{ann['run']}", "ann").json()
    assert run["error"]["code"] == "job-failed"
    assert "hunter2" not in json.dumps(run)
    assert "hunter2" in get(users, f"/runs/{ann['run']}", "boss").text
    away = get(users, "/exports/late-binding.csv", "ann", **behind)
    assert (away.status_code, "nowhere.db" in away.text) == (503, False)
    assert "nowhere.db" in get(users, "/exports/late-binding.csv", "boss", **behind).text
    counted = get(users, "/jobs/broken/count", "ann")
    assert (counted.status_code, "hunter2" in counted.text) == (500, False)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/jobs", 200), ("/nothing", 404), ("/runs/none", 404), ("/exports/broken.csv", 500), ("/runs?limit=0", 422)],
)
def test_an_allowed_page_reads_every_answer_errors_too(users: Server, path: str, status: int) -> None:
    got = get(users, path, "ann", Origin=SHOP)
    assert got.status_code == status
    assert got.headers["access-control-allow-origin"] == SHOP
    assert got.headers["access-control-allow-credentials"] == "true"
    exposed = {name.strip() for name in got.headers["access-control-expose-headers"].split(",")}
    assert {"ETag", "Content-Disposition", "Location", "Retry-After"} <= exposed
    assert "access-control-allow-origin" not in get(users, path, "ann", Origin=EVIL).headers


def test_a_refusal_carries_the_headers_too(users: Server) -> None:
    assert get(users, "/jobs", Origin=SHOP).headers["access-control-allow-origin"] == SHOP


def test_a_page_asks_before_it_posts(users: Server) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,idempotency-key"}
    yes = users.client.options("/jobs/leads/runs", headers={"Origin": SHOP, **asked})
    no = users.client.options("/jobs/leads/runs", headers={"Origin": EVIL, **asked})
    assert (yes.status_code, yes.headers["access-control-allow-origin"]) == (200, SHOP)
    assert (no.status_code, no.json()["code"]) == (403, "not-allowed")
    assert "access-control-allow-origin" not in no.headers
