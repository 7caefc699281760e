"""Stand-alone users over HTTP, seen by those who would like to be somebody else."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import httpx
import pytest

from tests.acceptance.people import PASSWORD, Town, town
from tests.acceptance.server import serving


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with serving(tmp_path_factory.mktemp("people"), "people") as server, town(server) as people:
        yield people


@pytest.fixture(scope="module")
def run(here: Town) -> str:
    """A finished run of Ann's."""
    return here.run(here.ann)


def refused(got: httpx.Response, status: int, code: str) -> None:
    assert (got.status_code, got.json()["code"]) == (status, code), got.text


# signing in


def test_a_stranger_is_told_to_sign_in_and_how(here: Town, run: str) -> None:
    for path in (
        "/jobs",
        "/runs",
        f"/runs/{run}",
        f"/runs/{run}/artifact",
        "/me",
        "/tokens",
        "/users",
        "/audit",
        "/metrics",
    ):
        got = here.nobody.get(path)
        refused(got, 401, "not-signed-in")
        assert got.headers["www-authenticate"].startswith("Bearer")
    assert here.nobody.get("/health").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(here: Town) -> None:
    got = here.browser().post("/session", json={"user": "ann", "password": PASSWORD})
    said = got.headers["set-cookie"]
    assert said.startswith("narrowboat=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Secure" not in said
    assert got.json()["id"] == "ann"
    assert PASSWORD not in got.text


def test_behind_https_the_cookie_is_secure_and_of_this_host_alone(here: Town) -> None:
    body = {"user": "ann", "password": PASSWORD}
    got = here.browser().post("/session", json=body, headers={"X-Forwarded-Proto": "https"})
    said = got.headers["set-cookie"]
    assert said.startswith("__Host-narrowboat=")
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Domain" not in said


def test_a_session_that_was_planted_is_not_taken_over(here: Town) -> None:
    victim, planted = here.browser(), "planted-by-somebody-else-planted-by-somebody"
    victim.cookies.set("narrowboat", planted, domain="127.0.0.1")
    got = victim.post("/session", json={"user": "ann", "password": PASSWORD})
    assert planted not in got.headers["set-cookie"]
    assert here.nobody.get("/me", headers={"Cookie": f"narrowboat={planted}"}).status_code == 401


def test_signing_in_again_ends_the_session_before(here: Town) -> None:
    browser = here.signed_in("ann")
    before = browser.cookies["narrowboat"]
    browser.post("/session", json={"user": "ann", "password": PASSWORD})
    assert browser.get("/me").status_code == 200
    assert here.nobody.get("/me", headers={"Cookie": f"narrowboat={before}"}).status_code == 401


def test_signing_out_ends_the_session_for_whoever_kept_it(here: Town) -> None:
    browser = here.signed_in("ann")
    kept = browser.cookies["narrowboat"]
    assert browser.delete("/session").status_code == 204
    assert browser.delete("/session").status_code == 204
    assert here.nobody.get("/me", headers={"Cookie": f"narrowboat={kept}"}).status_code == 401


def wait_a_minute_longer(here: Town) -> None:
    """The first wait is a second, which a busy machine may need for one answer: put them a minute ahead."""
    with closing(sqlite3.connect(here.server.folder / "runs.db")) as db, db:
        db.execute("update narrowboat_attempts set last_at = last_at + 60")


def test_guessing_is_slowed_down_and_tells_nothing(here: Town) -> None:
    here.root.post("/users", json={"id": "victim", "password": PASSWORD})
    said = []
    for name in ("victim", "nobody-of-that-name"):
        for _ in range(5):
            got = here.nobody.post("/session", json={"user": name, "password": "wrong horse battery"})
            refused(got, 401, "sign-in-failed")
        said.append(got.json()["detail"])
        wait_a_minute_longer(here)
        late = here.nobody.post("/session", json={"user": name, "password": PASSWORD})
        refused(late, 429, "too-many-attempts")
        assert int(late.headers["retry-after"]) >= 1
    assert said[0] == said[1]


def test_a_new_password_ends_every_other_session(here: Town) -> None:
    here.root.post("/users", json={"id": "carl", "password": PASSWORD})
    one, other = here.signed_in("carl"), here.signed_in("carl")
    refused(one.post("/me/password", json={"current": "wrong horse", "new": "a brand new one!"}), 401, "sign-in-failed")
    refused(one.post("/me/password", json={"current": PASSWORD, "new": "short"}), 422, "bad-parameter")
    assert one.post("/me/password", json={"current": PASSWORD, "new": "a brand new one!"}).status_code == 204
    assert one.get("/me").status_code == 200
    assert other.get("/me").status_code == 401


# what belongs to others


def test_the_runs_of_others_are_not_there(here: Town, run: str) -> None:
    link = here.ann.post(f"/runs/{run}/links").json()["id"]
    for path in ("", "/events", "/history", "/rejects", "/manifest", "/artifact", "/artifact?partial=true", "/links"):
        refused(here.ben.get(f"/runs/{run}{path}"), 404, "unknown-run")
    for what in ("cancel", "pause", "resume", "rerun", "retry", "links"):
        refused(here.ben.post(f"/runs/{run}/{what}"), 404, "unknown-run")
    refused(here.ben.delete(f"/runs/{run}/links/{link}"), 404, "unknown-run")
    assert run not in here.ben.get("/runs").text
    assert here.ben.get(f"/runs/{run}").json()["detail"].replace(run, "X") == here.ben.get("/runs/none").json()[
        "detail"
    ].replace("none", "X")


def test_the_tokens_of_others_are_not_there(here: Town) -> None:
    token = here.ann.post("/tokens", json={"label": "x", "scopes": ["see"]}).json()
    for who in (here.ben, here.boss, here.root):
        refused(who.delete(f"/tokens/{token['id']}"), 404, "unknown-token")
        assert token["id"] not in who.get("/tokens").text
    assert here.browser(Authorization=f"Bearer {token['secret']}").get("/me").status_code == 200


def test_only_admins_manage_users_and_others_learn_nothing_of_them(here: Town) -> None:
    for who in (here.ann, here.boss, here.reader):
        for name in ("root", "nobody"):
            for method, path, body in (
                ("GET", "/users", None),
                ("GET", f"/users/{name}", None),
                ("POST", "/users", {"id": name, "password": PASSWORD, "role": "admin"}),
                ("PATCH", f"/users/{name}", {"role": "member"}),
                ("DELETE", f"/users/{name}", None),
                ("POST", f"/users/{name}/password", {"password": "a brand new one!"}),
            ):
                refused(who.request(method, path, json=body), 403, "not-allowed")
    refused(here.ann.patch("/users/ann", json={"role": "admin"}), 403, "not-allowed")
    assert here.ann.get("/me").json()["role"] == "member"


def test_what_was_not_granted_is_not_there_or_not_allowed(here: Town) -> None:
    assert [job["name"] for job in here.reader.get("/jobs").json()["jobs"]] == ["leads"]
    refused(here.reader.post("/jobs/near/runs", json={}), 404, "unknown-job")
    refused(here.reader.post("/jobs/leads/runs", json={}), 403, "not-allowed")
    refused(here.reader.get("/exports/leads.csv"), 403, "not-allowed")


def test_an_address_of_a_file_tells_no_more_of_a_hidden_job_than_of_none(here: Town) -> None:
    for ending in ("", ".csv", ".xlsx.gz", ".csv.zip", ".odd", ".odd.csv"):
        hidden, none = here.reader.get(f"/exports/near{ending}"), here.reader.get(f"/exports/nope{ending}")
        refused(hidden, 404, "unknown-job")
        assert hidden.json()["detail"].replace("near", "nope") == none.json()["detail"]
    assert here.reader.get("/exports/nope.csv").json()["detail"] == (
        "There is no job 'nope'. GET /jobs lists those that you may know of."
    )


def test_figures_and_the_audit_log_are_for_operators(here: Town, run: str) -> None:
    for path in ("/audit", "/metrics", "/operations"):
        refused(here.ann.get(path), 403, "not-allowed")
        assert here.boss.get(path).status_code == 200
    assert here.boss.get(f"/runs/{run}").status_code == 200


def test_the_last_admin_cannot_be_taken_away(here: Town) -> None:
    refused(here.root.patch("/users/root", json={"role": "member"}), 403, "not-allowed")
    refused(here.root.delete("/users/root"), 403, "not-allowed")
    assert here.root.get("/users").status_code == 200


# rows of another tenant


def cities(got: httpx.Response) -> set[str]:
    return {row["city"] for row in csv.DictReader(got.content.decode("utf-8-sig").splitlines())}


def test_each_is_given_the_rows_of_their_own_city(here: Town) -> None:
    for who, city in ((here.ann, "Lagos"), (here.ben, "Accra")):
        assert cities(who.get("/exports/near.csv")) == {city}
        assert who.get("/jobs/near/count").json()["rows"] == 1000
    refused(here.boss.get("/jobs/near/count"), 403, "missing-attribute")


@pytest.mark.parametrize("forged", [{"city": "Accra"}, {"requester": "ben"}, {"requester.attributes.city": "Accra"}])
def test_nobody_says_who_they_are_by_a_parameter(here: Town, forged: dict[str, str]) -> None:
    refused(here.ann.post("/jobs/near/runs", json={"params": forged}), 422, "bad-parameter")
    refused(here.ann.get("/exports/near.csv", params=forged), 422, "bad-parameter")
    refused(here.ann.get("/jobs/near/count", params=forged), 422, "bad-parameter")
    refused(here.ann.post("/jobs/near/runs", json={"params": {}, "attributes": forged}), 422, "bad-parameter")
    refused(here.ann.patch("/users/ann", json={"attributes": {"city": "Accra"}}), 403, "not-allowed")


def test_an_operator_who_reruns_keeps_the_rows_of_the_owner(here: Town) -> None:
    run = here.run(here.ann, "near")
    again = here.boss.post(f"/runs/{run}/rerun").json()
    assert again["owner"] == "ann"
    assert cities(here.ann.get(f"/runs/{again['id']}/artifact")) == {"Lagos"}


# programs


def test_a_token_does_what_its_scopes_say_and_no_more(here: Town, run: str) -> None:
    seeing = here.program(here.ann, "see")
    assert seeing.get(f"/runs/{run}").status_code == 200
    refused(seeing.get(f"/runs/{run}/artifact"), 403, "not-allowed")
    refused(seeing.post("/jobs/leads/runs", json={}), 403, "not-allowed")
    refused(seeing.post(f"/runs/{run}/cancel"), 403, "not-allowed")
    narrow = here.program(here.ann, "see", "start", "download", jobs=["near"])
    refused(narrow.get(f"/runs/{run}"), 404, "unknown-run")
    refused(narrow.post("/jobs/leads/runs", json={}), 404, "unknown-job")
    assert cities(narrow.get("/exports/near.csv")) == {"Lagos"}


def test_a_token_makes_links_only_with_that_scope(here: Town, run: str) -> None:
    refused(here.program(here.ann, "see", "download").post(f"/runs/{run}/links"), 403, "not-allowed")
    refused(here.program(here.ann, "see", "share").post(f"/runs/{run}/links"), 403, "not-allowed")
    assert here.program(here.ann, "see", "download", "share").post(f"/runs/{run}/links").status_code == 201


def test_a_token_that_only_sees_takes_no_link_back_and_touches_no_upload(here: Town, run: str) -> None:
    seeing, link = here.program(here.ann, "see"), here.ann.post(f"/runs/{run}/links").json()["id"]
    refused(seeing.delete(f"/runs/{run}/links/{link}"), 403, "not-allowed")
    chunks = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    place = here.ann.post("/uploads", headers={"Upload-Length": "3"}).headers["location"]
    refused(seeing.patch(place, content=b"abc", headers=chunks), 403, "not-allowed")
    refused(seeing.delete(place), 403, "not-allowed")
    assert here.ann.patch(place, content=b"abc", headers=chunks).status_code == 204
    assert here.ann.delete(place).status_code == 204
    assert here.ann.delete(f"/runs/{run}/links/{link}").status_code == 204


def test_a_token_is_no_wider_than_its_owner(here: Town) -> None:
    refused(here.ann.post("/tokens", json={"label": "x", "scopes": ["admin"]}), 403, "not-allowed")
    wide = here.program(here.reader, "see", "start", "download", "control", "share")
    refused(wide.post("/jobs/leads/runs", json={}), 403, "not-allowed")
    refused(wide.post("/jobs/near/runs", json={}), 404, "unknown-job")


def test_what_a_role_allows_needs_the_scope_admin(here: Town, run: str) -> None:
    plain = here.program(here.root, "see", "start", "download")
    refused(plain.get(f"/runs/{run}"), 404, "unknown-run")
    refused(plain.get("/audit"), 403, "not-allowed")
    refused(plain.get("/users"), 403, "not-allowed")
    full = here.program(here.root, "see", "admin")
    assert full.get("/users").status_code == full.get("/audit").status_code == 200
    assert full.get(f"/runs/{run}").status_code == 200


def test_a_token_makes_no_tokens_and_changes_no_password(here: Town) -> None:
    program = here.program(here.root, "see", "admin")
    refused(program.post("/tokens", json={"label": "x", "scopes": ["see"]}), 403, "not-allowed")
    refused(program.delete("/tokens/x"), 403, "not-allowed")
    refused(program.post("/me/password", json={"current": PASSWORD, "new": "a brand new one!"}), 403, "not-allowed")


def test_a_bad_token_is_not_made_up_for_by_a_cookie(here: Town) -> None:
    for given in ("Bearer nope", "Bearer", "Basic YW5uOng=", "Bearer nb_" + "A" * 22 + "_" + "0" * 64, "x"):
        assert here.ann.get("/me", headers={"Authorization": given}).status_code == 401


def test_who_is_disabled_is_out_everywhere_at_once(here: Town) -> None:
    here.root.post("/users", json={"id": "dora", "password": PASSWORD})
    dora = here.signed_in("dora")
    program = here.program(dora, "see")
    assert here.root.delete("/users/dora").status_code == 204
    for who in (dora, program):
        refused(who.get("/me"), 401, "not-signed-in")
    refused(here.nobody.post("/session", json={"user": "dora", "password": PASSWORD}), 401, "sign-in-failed")
    refused(here.root.post("/users", json={"id": "dora", "password": PASSWORD}), 409, "name-taken")


# names


@pytest.mark.parametrize(
    "path",
    [
        "/runs/..%2f..%2fetc%2fpasswd/artifact",
        "/runs/%2e%2e/artifact",
        "/runs/..%5c..%5cwin.ini/artifact",
        "/runs/%00/artifact",
        "/runs/%ff%fe/artifact",
        "/exports/..%2f..%2fetc%2fpasswd.csv",
        "/exports/%2e%2e%2fruns.db.csv",
        "/links/..%2f..%2fruns.db",
        "/links/%00",
        "/users/..%2froot",
        "/users/%00",
        "/..%2fruns.db",
        "/page.css%00.html",
    ],
)
def test_no_name_leads_out_of_its_place(here: Town, path: str) -> None:
    got = here.root.get(path)
    assert got.status_code == 404, got.text
    assert "SQLite format" not in got.text


def test_no_name_becomes_a_header(here: Town) -> None:
    name = 'odd "name"\r\nSet-Cookie: evil=1; é 😀'
    run = here.run(here.ann, quote(name))
    address = f"/exports/{quote(name)}.csv"
    for got in (here.ann.get(f"/runs/{run}/artifact"), here.ann.head(address), here.ann.get(address)):
        assert got.status_code == 200
        assert "set-cookie" not in got.headers
        assert "\n" not in got.headers["content-disposition"]
        assert got.headers["content-disposition"].count('"') == 2


def test_no_label_becomes_a_header(here: Town) -> None:
    labels = {"label.name": 'x"\r\nSet-Cookie: evil=1', "columns": "name"}
    got = here.ann.get("/exports/leads.csv", params=labels)
    assert got.status_code == 200
    assert "set-cookie" not in got.headers
    assert got.content.decode("utf-8-sig").startswith('"x""\r\nSet-Cookie: evil=1"')


def test_nothing_secret_stands_in_logs_and_the_audit_log(here: Town) -> None:
    token = here.ann.post("/tokens", json={"label": "x", "scopes": ["see"]}).json()["secret"]
    assert here.browser(Authorization=f"Bearer {token}").get("/me").status_code == 200
    said = here.server.log() + here.root.get("/audit?limit=500").text
    for secret in (PASSWORD, token[26:], here.ann.cookies["narrowboat"]):
        assert secret not in said
