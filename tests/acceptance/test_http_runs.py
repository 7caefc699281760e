"""Runs over HTTP: start, list, show, ask, follow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.acceptance.server import Server, serving
from tests.waiting import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("runs"), SERVED_WORKERS="2") as server:
        yield server


class Events:
    """An event stream, event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def next(self) -> dict[str, str]:
        """The fields of the next event; of a comment or a bare retry too."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return fields
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        raise EOFError

    def named(self, name: str) -> dict[str, str]:
        """The next event of that name."""
        while (found := self.next()).get("event") != name:
            pass
        return found


def follow(server: Server, run_id: str, last: str | None = None, *, in_query: bool = False) -> Any:
    headers = {} if in_query or last is None else {"Last-Event-ID": last}
    params = {"last_event_id": last} if in_query and last is not None else {}
    return server.client.stream("GET", f"/runs/{run_id}/events", headers=headers, params=params)


def test_the_catalogue_names_jobs_with_parameters_and_formats(server: Server) -> None:
    jobs = {job["name"]: job for job in server.client.get("/jobs").json()["jobs"]}
    assert jobs["leads"]["title"] == "Leads"
    assert jobs["leads"]["formats"] == ["xlsx", "csv", "jsonl", "parquet"]
    assert jobs["leads"]["description"] == "Everybody who asked."
    assert jobs["leads"]["parameters"] == [
        {"name": "city", "type": "str", "required": False, "nullable": True, "default": None, "choices": []}
    ]
    assert jobs["tap"]["parameters"][0]["required"] is True
    assert jobs["tap"]["limit"] == 3


def test_rows_are_counted_before_an_export(server: Server) -> None:
    assert server.client.get("/jobs/leads/count").json() == {"rows": 3000, "estimated": False}
    assert server.client.get("/jobs/leads/count", params={"city": "Lagos"}).json()["rows"] == 1000
    paged = server.client.get("/jobs/leads/count", params={"page": "1-2", "page_size": "40"})
    assert paged.json()["rows"] == 80
    assert server.client.get("/jobs/tap/count", params={"name": "x"}).json() == {"rows": None, "estimated": False}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/jobs/none/count", 404, "unknown-job"),
        ("/jobs/leads/count?town=x", 422, "bad-parameter"),
        ("/jobs/broken/count", 500, "job-failed"),
        ("/jobs/late-binding/count", 503, "source-unavailable"),
    ],
)
def test_a_count_that_cannot_be_made_says_why(server: Server, path: str, status: int, code: str) -> None:
    got = server.client.get(path)
    assert (got.status_code, got.json()["code"]) == (status, code)


def test_a_start_is_answered_at_once_with_where_the_run_is(server: Server) -> None:
    got = server.client.post("/jobs/leads/runs", json={"params": {"city": "Accra"}, "output": {"format": "csv"}})
    run = got.json()
    assert (got.status_code, run["how"], run["state"], run["owner"]) == (202, "created", "queued", "local")
    assert got.headers["location"] == f"/runs/{run['id']}"
    ended = server.until_state(run["id"], "succeeded")
    assert (ended["done"], ended["total"], ended["total_estimated"]) == (1000, 1000, False)
    assert ended["params"] == {"city": "Accra"}
    assert ended["artifact"]["filename"] == "leads.csv"
    assert ended["may"] == []


def test_a_start_without_a_body_takes_the_defaults(server: Server) -> None:
    run = server.client.post("/jobs/leads/runs").json()
    assert run["output"] == {"format": "xlsx"}
    late = server.client.post("/jobs/late-binding/runs").json()
    assert late["output"] == {"format": "csv"}
    server.client.post(f"/runs/{late['id']}/cancel")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"params": {"town": "x"}}, "bad-parameter"),
        ({"output": {"format": "docx"}}, "bad-parameter"),
        ({"output": {"colour": "red"}}, "bad-parameter"),
        ({"unknown": 1}, "bad-parameter"),
        ({"priority": "high"}, "bad-parameter"),
        ({"not_before": "2026-01-01T00:00:00"}, "bad-parameter"),
        ({"not_before": "0001-01-01T00:00:00+14:00"}, "bad-parameter"),
        ({"not_before": "9999-12-31T23:59:59-14:00"}, "bad-parameter"),
        ([], "bad-parameter"),
    ],
)
def test_a_start_that_makes_no_sense_starts_nothing(server: Server, body: Any, code: str) -> None:
    got = server.client.post("/jobs/leads/runs", json=body)
    assert (got.status_code, got.json()["code"]) == (422, code)


def test_a_body_that_is_no_json_is_a_problem(server: Server) -> None:
    got = server.client.post("/jobs/leads/runs", content=b"{", headers={"Content-Type": "application/json"})
    assert (got.status_code, got.json()["code"]) == (422, "bad-parameter")
    assert got.json()["errors"][0]["where"].startswith("body")


def test_a_body_larger_than_any_start_needs_is_refused(server: Server) -> None:
    got = server.client.post("/jobs/leads/runs", json={"params": {"city": "x" * 2**20}})
    assert (got.status_code, got.json()["code"]) == (413, "too-large")


def test_the_same_idempotency_key_starts_once(server: Server) -> None:
    key = {"Idempotency-Key": "once"}
    body = {"params": {"city": "once"}}
    one, two = (server.client.post("/jobs/leads/runs", json=body, headers=key).json() for _ in range(2))
    assert (one["id"], one["how"], two["how"]) == (two["id"], "created", "repeated")
    other = server.client.post("/jobs/leads/runs", json={"params": {"city": "x"}}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-conflict")


def test_a_run_waits_for_its_moment(server: Server) -> None:
    moment = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    run = server.start_tap("later", "1 end", not_before=moment)
    assert datetime.fromisoformat(run["not_before"]) - datetime.now(UTC) > timedelta(minutes=59)
    assert server.run(run["id"])["state"] == "queued"
    server.client.post(f"/runs/{run['id']}/cancel")


def test_one_run_too_many_is_refused_with_a_time_to_come_back(server: Server) -> None:
    runs = [server.start_tap(f"many-{n}") for n in range(3)]
    got = server.client.post("/jobs/tap/runs", json={"params": {"name": "many-3"}})
    assert (got.status_code, got.json()["code"], got.headers["retry-after"]) == (429, "too-many-runs", "10")
    by_address = server.client.get("/exports/tap.csv", params={"name": "many-3"})
    assert by_address.status_code == 429
    for n, run in enumerate(runs):
        server.tap(f"many-{n}", "1 end")
        server.until_state(run["id"], "succeeded")


def test_runs_are_listed_page_by_page_newest_first(server: Server) -> None:
    made = [server.client.post("/jobs/leads/runs", json={"params": {"city": f"c{n}"}}).json()["id"] for n in range(5)]
    seen: list[str] = []
    url: str | None = "/runs?job=leads&limit=2"
    while url and len(seen) < 5:
        got = server.client.get(url)
        page = got.json()
        seen += [run["id"] for run in page["runs"]]
        assert (page["next"] is None) == ("next" not in got.links)
        url = got.links["next"]["url"] if "next" in got.links else None
    assert seen[:5] == made[::-1]
    for run_id in made:
        server.until_state(run_id, "succeeded")


def test_runs_are_listed_by_state(server: Server) -> None:
    run = server.start_tap("listed", "10")
    server.until_rows(run["id"], 10)
    got = server.client.get("/runs", params=[("state", "running"), ("state", "paused")]).json()["runs"]
    assert [one["id"] for one in got] == [run["id"]]
    wrong = server.client.get("/runs", params={"state": "sleeping"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad-parameter")
    assert server.client.get("/runs", params={"after": "x"}).json()["code"] == "bad-parameter"
    server.tap("listed", "10 end")
    server.until_state(run["id"], "succeeded")


def test_a_run_is_paused_resumed_and_cancelled(server: Server) -> None:
    run = server.start_tap("asked", "10")
    server.until_rows(run["id"], 10)
    assert server.run(run["id"])["may"] == ["pause", "cancel"]
    assert server.client.post(f"/runs/{run['id']}/pause").json()["state"] == "pausing"
    server.tap("asked", "20")
    assert server.until_state(run["id"], "paused")["may"] == ["resume", "cancel"]
    assert server.client.post(f"/runs/{run['id']}/resume").json()["state"] == "queued"
    server.until_state(run["id"], "running")
    assert server.client.post(f"/runs/{run['id']}/cancel").json()["state"] == "cancelling"
    server.tap("asked", "30")
    ended = server.until_state(run["id"], "cancelled")
    assert ended["may"] == ["resume"]
    whole = datetime.fromisoformat(ended["finished_at"]) - datetime.fromisoformat(ended["started_at"])
    assert 0.0 < ended["took"] < whole.total_seconds()
    history = server.client.get(f"/runs/{run['id']}/history").json()["events"]
    assert [event["after"] for event in history] == [
        "queued", "running", "pausing", "paused", "queued", "running", "cancelling", "cancelled",
    ]  # fmt: skip
    assert history[2]["by"] == "local"
    refused = server.client.post(f"/runs/{run['id']}/pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal-transition")


def test_a_failed_run_says_why_and_goes_on_where_it_stopped(server: Server) -> None:
    run = server.start_tap("mended", "10 fail")
    failed = server.until_state(run["id"], "failed")
    assert failed["error"]["code"] == "source-failed"
    assert "the tap broke" in failed["error"]["detail"]
    server.tap("mended", "20 end")
    server.client.post(f"/runs/{run['id']}/resume")
    ended = server.until_state(run["id"], "succeeded")
    assert (ended["done"], ended["error"]) == (20, None)


def test_a_run_can_be_run_again_and_retried_only_for_rejects(server: Server) -> None:
    run = server.client.post("/jobs/leads/runs", json={"params": {"city": "Accra"}}).json()
    server.until_state(run["id"], "succeeded")
    again = server.client.post(f"/runs/{run['id']}/rerun")
    assert again.status_code == 202
    assert (again.json()["parent"], again.json()["relation"]) == (run["id"], "rerun")
    assert again.headers["location"] == f"/runs/{again.json()['id']}"
    retried = server.client.post(f"/runs/{run['id']}/retry")
    assert (retried.status_code, retried.json()["code"]) == (409, "nothing-to-retry")
    assert server.client.get(f"/runs/{run['id']}/rejects").json() == {"rejects": [], "next": None}


def test_a_second_click_on_run_again_makes_no_second_run(server: Server) -> None:
    def clicked(run: str, key: str) -> httpx.Response:
        return server.client.post(f"/runs/{run}/rerun", headers={"Idempotency-Key": key})

    started = (server.client.post("/jobs/leads/runs", json={"params": {"city": city}}) for city in ("Accra", "Kumasi"))
    first, second = (one.json()["id"] for one in started)
    one, two = (clicked(first, "click").json() for _ in range(2))
    assert (one["how"], two["how"], two["id"]) == ("created", "repeated", one["id"])
    assert clicked(first, "another wish").json()["how"] == "created"
    for other in (clicked(second, "click"), clicked(one["id"], "click")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-conflict")
    assert clicked(first, "k" * 256).status_code == 422
    server.until_state(one["id"], "succeeded")
    assert clicked(first, "click").json()["id"] == one["id"]  # also when it has ended


def test_every_request_that_makes_a_run_takes_a_key(server: Server) -> None:
    document = server.client.get("/openapi.json").json()
    making = {
        path: operation
        for path, item in document["paths"].items()
        if (operation := item.get("post")) and "202" in operation["responses"]
    }
    assert {path.rpartition("/")[2] for path in making} == {"runs", "rerun", "retry", "resubmit", "undo"}
    for operation in making.values():
        assert [one["name"] for one in operation["parameters"] if one["in"] == "header"] == ["Idempotency-Key"]


def test_the_manifest_says_what_is_in_the_file(server: Server) -> None:
    run = server.client.post("/jobs/leads/runs", json={"output": {"format": "csv"}}).json()
    ended = server.until_state(run["id"], "succeeded")
    manifest = server.client.get(f"/runs/{run['id']}/manifest").json()
    assert (manifest["run"], manifest["rows"], manifest["complete"]) == (run["id"], 3000, True)
    assert manifest["sha256"] == ended["artifact"]["sha256"]


@pytest.mark.parametrize("what", ["", "/events", "/history", "/rejects", "/manifest", "/artifact"])
def test_a_run_that_is_not_there_is_a_404(server: Server, what: str) -> None:
    got = server.client.get(f"/runs/none{what}")
    assert (got.status_code, got.json()["code"]) == (404, "unknown-run")


@pytest.mark.parametrize("run_id", ["%00", "a%20b", "%F0%9F%9A%97", "x" * 1000, "..%2f..%2fetc"])
def test_an_id_that_no_run_can_have_is_a_404_too(server: Server, run_id: str) -> None:
    assert server.client.get(f"/runs/{run_id}").status_code == 404


def test_a_list_is_asked_for_with_text_that_databases_take(server: Server) -> None:
    assert server.client.get("/runs", params={"job": "a\0b"}).status_code == 422
    assert server.client.get("/runs", params={"job": "no such job"}).json() == {"runs": [], "next": None}


@pytest.mark.parametrize("what", ["cancel", "pause", "resume", "retry", "rerun"])
def test_nothing_can_be_asked_of_a_run_that_is_not_there(server: Server, what: str) -> None:
    got = server.client.post(f"/runs/none/{what}")
    assert (got.status_code, got.json()["code"]) == (404, "unknown-run")


def test_a_run_is_followed_to_its_end(server: Server) -> None:
    run = server.start_tap("followed", "10")
    with follow(server, run["id"]) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["content-encoding"] == "identity"
        assert answer.headers["x-accel-buffering"] == "no"
        events = Events(answer)
        assert events.next() == {"retry": "2000"}
        snapshot = json.loads(events.named("run")["data"])
        assert snapshot["id"] == run["id"]
        server.tap("followed", "30 end")
        done = events.named("done")
        last = json.loads(done["data"])
        assert (last["state"], last["done"], last["ended"]) == ("succeeded", 30, True)
        with pytest.raises(EOFError):
            events.next()
    assert follow_status(server, run["id"], done["id"]) == 204


def follow_status(server: Server, run_id: str, last: str) -> int:
    with follow(server, run_id, last) as answer:
        status: int = answer.status_code
        return status


@pytest.mark.parametrize("in_query", [False, True])
def test_who_comes_back_sees_only_what_is_new(server: Server, in_query: bool) -> None:
    name = f"back-{in_query}"
    run = server.start_tap(name, "10")
    server.until_rows(run["id"], 10)
    with follow(server, run["id"]) as answer:
        seen = Events(answer).named("run")
    with follow(server, run["id"], seen["id"], in_query=in_query) as answer:
        events = Events(answer)
        server.tap(name, "20")
        fresh = events.named("run")
        assert int(fresh["id"]) > int(seen["id"])
        assert json.loads(fresh["data"])["done"] == 20
        server.tap(name, "20 end")
        done = events.named("done")
    with follow(server, run["id"], done["id"].removesuffix(".done"), in_query=in_query) as answer:
        events = Events(answer)
        events.next()
        assert events.next()["event"] == "done"  # the last snapshot was seen, that it was the last was not


@pytest.mark.parametrize("last", ["", "999999", "nonsense", "1.done", "9" * 50])
def test_an_id_that_is_not_ours_gets_the_newest_snapshot(server: Server, last: str) -> None:
    run = server.client.post("/jobs/leads/runs", json={"params": {"city": "ids"}}).json()
    server.until_state(run["id"], "succeeded")
    with follow(server, run["id"], last) as answer:
        assert json.loads(Events(answer).named("run")["data"])["state"] == "succeeded"


def test_a_quiet_stream_sends_comments(server: Server) -> None:
    run = server.start_tap("quiet", "10")
    server.until_rows(run["id"], 10)
    with follow(server, run["id"]) as answer:
        events = Events(answer)
        events.named("run")
        assert events.next() == {"": ""}
        server.tap("quiet", "10 end")
        events.named("done")


def test_a_resumed_run_can_be_followed_again(server: Server) -> None:
    run = server.start_tap("once-more", "10")
    server.until_rows(run["id"], 10)
    server.client.post(f"/runs/{run['id']}/cancel")
    server.tap("once-more", "20")
    server.until_state(run["id"], "cancelled")
    with follow(server, run["id"]) as answer:
        done = Events(answer).named("done")
    server.tap("once-more", "20 end")
    server.client.post(f"/runs/{run['id']}/resume")
    with follow(server, run["id"], done["id"]) as answer:
        assert json.loads(Events(answer).named("done")["data"])["state"] == "succeeded"


def test_many_follow_one_run_and_all_see_its_end(server: Server) -> None:
    run = server.start_tap("crowd", "10")
    with httpx.Client(base_url=server.url, limits=httpx.Limits(max_connections=60), timeout=30) as client:
        streams = [client.stream("GET", f"/runs/{run['id']}/events") for _ in range(30)]
        answers = [stream.__enter__() for stream in streams]
        server.tap("crowd", "20 end")
        ends = [json.loads(Events(answer).named("done")["data"])["done"] for answer in answers]
        for stream in streams:
            stream.__exit__(None, None, None)
    assert ends == [20] * 30
    until(lambda: "narrowboat_followers 0.0" in server.client.get("/metrics").text, "all followers to be gone")


def test_metrics_tell_of_queues_runs_and_memory(server: Server) -> None:
    run = server.client.post("/jobs/leads/runs", json={"params": {"city": "Lagos"}}).json()
    server.until_state(run["id"], "succeeded")
    waiting = server.start_tap("measured", "10")
    server.until_rows(waiting["id"], 10)
    lines = server.client.get("/metrics").text.rstrip("\n").split("\n")
    lines = [line for line in lines if "Set-Cookie" not in line]  # of a job of an odd name
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}
    assert values['narrowboat_runs_ended_total{job="leads",outcome="succeeded"}'] >= 1
    assert values['narrowboat_rows_total{job="leads",outcome="succeeded"}'] >= 1
    assert values['narrowboat_bytes_total{job="leads",outcome="succeeded"}'] > 0
    assert values['narrowboat_run_seconds_sum{job="leads",outcome="succeeded"}'] > 0
    assert values['narrowboat_runs{job="tap",state="running"}'] == 1
    assert values['narrowboat_queue_working_runs{queue="default"}'] == 1
    assert values['narrowboat_queue_oldest_age_seconds{queue="default"}'] == 0
    memory = [name for name in values if name.startswith("narrowboat_resident_memory_bytes")]
    assert sorted(name.split('"')[3] for name in memory) == ["server", "worker", "worker"]
    assert all(values[name] > 2**20 for name in memory)
    server.tap("measured", "10 end")
    server.until_state(waiting["id"], "succeeded")


def test_health_says_that_it_serves(server: Server) -> None:
    assert server.client.get("/health").json() == {"status": "ok", "supervising": True, "workers": 2}


def several(server: Server, *asked: str) -> Any:
    return server.client.stream("GET", "/events", params=[("run", one) for one in asked])


def test_one_stream_follows_several_runs(server: Server) -> None:
    one, other = (server.start_tap(f"several-{n}", "10")["id"] for n in (1, 2))
    with several(server, one, other, "nothing") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = Events(answer)
        assert json.loads(events.named("gone")["data"]) == {"id": "nothing"}
        server.tap("several-1", "20 end")
        assert json.loads(events.named("done")["data"])["id"] == one
        server.tap("several-2", "30 end")
        last = json.loads(events.named("done")["data"])
        assert (last["id"], last["state"], last["done"]) == (other, "succeeded", 30)
        with pytest.raises(EOFError):
            events.named("run")


def test_a_stream_of_several_says_nothing_that_was_seen(server: Server) -> None:
    run = server.start_tap("several-seen", "10 end")["id"]
    version = server.until_state(run, "succeeded")["version"]
    with several(server, f"{run}:{version}") as answer:
        text = "\n".join(answer.iter_lines())
    assert "event: run" not in text
    assert f"event: done\nid: {version}.done\n" in text


def test_columns_can_be_chosen_of(server: Server) -> None:
    columns = server.client.get("/jobs/leads/columns").json()["columns"]
    assert columns[:2] == [
        {"name": "id", "label": "id", "type": "integer"}, {"name": "name", "label": "name", "type": "text"},
    ]  # fmt: skip
    assert server.client.get("/jobs/leads/columns?town=x").json()["code"] == "bad-parameter"


def test_operators_see_who_holds_what(server: Server) -> None:
    run = server.start_tap("held", "10")["id"]
    server.until_rows(run, 10)
    found = server.client.get("/operations").json()
    (held,) = [one for one in found["leases"] if one["run"] == run]
    assert (held["title"], held["owner"], held["state"]) == ("tap", "local", "running")
    assert found["supervising"]
    assert {"server", "worker"} == {one["name"] for one in found["processes"]}
    assert all(one["memory"] > 1_000_000 for one in found["processes"])
    assert 0 < found["disk"]["free"] <= found["disk"]["total"]
    assert [one["working"] for one in found["queues"]] == [1]
    server.tap("held", "10 end")
