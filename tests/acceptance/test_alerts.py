"""The shipped alert rules, judged by Prometheus' own tool on figures of a real server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.server import Server, serving
from tests.waiting import free_port, until

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs/reference/alerts.yml"
PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: scripts/system-packages.sh")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("alerts")) as server:
        yield server


def figures(server: Server) -> dict[str, float]:
    """What Prometheus would scrape now."""
    lines = server.client.get("/metrics").text.rstrip("\n").split("\n")
    plain = (line for line in lines if not line.startswith("#") and "Set-Cookie" not in line)  # of a job of an odd name
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in plain)}


def judged(folder: Path, before: dict[str, float], after: dict[str, float]) -> dict[str, list[dict[str, str]]]:
    """The labels of the alerts that fire ten minutes after the figures went from `before` to `after`, by name.

    What is not among those before was not there.
    """
    return judged_of(folder, {name: f"{before.get(name, '_')}x4 {after[name]}x10" for name in after})


def judged_of(folder: Path, values: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """The same of figures as promtool writes them, one a minute."""
    series = [{"series": f"{name}{'' if '{' in name else '{}'}", "values": text} for name, text in values.items()]
    names = re.findall(r"alert: (\w+)", RULES.read_text())
    checks = [{"eval_time": "10m", "alertname": name, "exp_alerts": []} for name in names]
    test = {"interval": "1m", "input_series": series, "alert_rule_test": checks}
    path = folder / "test.json"  # which is YAML too
    path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
    done = subprocess.run([str(PROMTOOL), "test", "rules", str(path)], capture_output=True, text=True)
    told = done.stdout + done.stderr
    fired = re.findall(r"alertname: (\w+), time: 10m.*?got:\[(.*?)\n\s*\]", told, re.DOTALL)
    found = {
        name: [dict(re.findall(r'(\w+)="([^"]*)"', one)) for one in re.findall(r"Labels:\{(.*?)\}", got)]
        for name, got in fired
    }
    assert done.returncode == 0 or found, told
    return found


def test_the_rules_are_rules() -> None:
    done = subprocess.run([str(PROMTOOL), "check", "rules", str(RULES)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "8 rules found" in done.stdout


def test_failing_reports_wake_somebody_and_others_do_not(server: Server, tmp_path: Path) -> None:
    before = figures(server)
    for n in range(3):
        run = server.start_tap(f"fails-{n}", "1 fail", job="drip")
        server.until_state(run["id"], "failed")
    for n in range(3):
        run = server.client.post("/jobs/sales/runs", json={"params": {"city": f"nowhere {n}"}}).json()
        server.until_state(run["id"], "succeeded")
    fired = judged(tmp_path, before, figures(server))
    assert [labels["job"] for labels in fired["NarrowboatRunsFail"]] == ["drip"]
    assert set(fired) == {"NarrowboatRunsFail"}


@pytest.mark.parametrize(("failed", "late", "wakes"), [(4, 0, False), (6, 0, True), (3, 3, True), (2, 2, False)])
def test_five_of_a_hundred_is_where_failures_wake_somebody(failed: int, late: int, wakes: bool, tmp_path: Path) -> None:
    ended = {"failed": failed, "timed_out": late, "succeeded": 100 - failed - late}
    after = {f'narrowboat_runs_ended_total{{job="sales",outcome="{how}"}}': float(n) for how, n in ended.items()}
    fired = judged(tmp_path, dict.fromkeys(after, 0.0), after)
    assert set(fired) == ({"NarrowboatRunsFail"} if wakes else set())


def test_an_import_that_refuses_many_rows_wakes_somebody(server: Server, tmp_path: Path) -> None:
    before = figures(server)
    for refused in (1, 2):
        rows = [f"Ama {n},+{refused}{n:05}" for n in range(30)] + ["Ben,"] * refused
        made = server.client.put("/uploads/a.csv", content="\n".join(["Name,Mobile", *rows, ""]))
        run = server.client.post("/jobs/customers/runs", json={"input": {"upload": made.json()["id"]}}).json()
        server.until_state(run["id"], "partial")
        after = figures(server)
        name = 'narrowboat_rows_rejected_total{job="customers",outcome="partial"}'
        assert after[name] - before.get(name, 0) == refused
        fired = judged(tmp_path, before, after)
        assert ("NarrowboatManyRowsAreRefused" in fired) is (refused == 2)
        before = after


def test_a_quiet_server_wakes_nobody(server: Server, tmp_path: Path) -> None:
    now = figures(server)
    assert judged(tmp_path, now, now) == {}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("NarrowboatWorkerIsLarge", {'narrowboat_resident_memory_bytes{pid="1",process="worker"}': 3e8}),
        ("NarrowboatWorkerDied", {"narrowboat_workers_died_total": 1.0}),
        ("NarrowboatQueueIsOld", {'narrowboat_queue_oldest_age_seconds{queue="default"}': 90.0}),
        (
            "NarrowboatRunsAreSlow",
            {
                'narrowboat_run_seconds_sum{job="sales",outcome="succeeded"}': 1000.0,
                'narrowboat_run_seconds_count{job="sales",outcome="succeeded"}': 2.0,
            },
        ),
        (
            "NarrowboatManyRowsAreRefused",
            {
                'narrowboat_rows_rejected_total{job="customers",outcome="partial"}': 60.0,
                'narrowboat_rows_total{job="customers",outcome="partial"}': 1000.0,
            },
        ),
        (
            "NarrowboatFirstRowsAreLate",
            {
                'narrowboat_first_rows_seconds_sum{job="sales",outcome="succeeded"}': 9.0,
                'narrowboat_first_rows_seconds_count{job="sales",outcome="succeeded"}': 3.0,
            },
        ),
    ],
)
def test_each_rule_fires_on_what_it_is_for(tmp_path: Path, name: str, changed: dict[str, float]) -> None:
    assert set(judged(tmp_path, dict.fromkeys(changed, 0.0), changed)) == {name}


IMPORT = 'narrowboat_job_info{job="customers",kind="import"}'
EXPORT = 'narrowboat_job_info{job="customers",kind="export"}'
COUNT = 'narrowboat_run_seconds_count{job="customers",outcome="succeeded"}'
SHORT = 'narrowboat_run_seconds_bucket{job="customers",outcome="succeeded",le="240"}'
OLDEST = 'narrowboat_runs_oldest_seconds{job="customers"}'


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ({IMPORT: "1x14", COUNT: "0x4 1x10", SHORT: "0x14"}, True),  # one, and it was slow
        ({IMPORT: "1x14", COUNT: "0x4 101x10", SHORT: "0x4 100x10"}, True),  # one slow one among many fast ones
        ({IMPORT: "1x14", COUNT: "7x4 8x10", SHORT: "0x4 1x10"}, False),  # slow ones, but long ago
        ({IMPORT: "1x14", COUNT: "1000x2 1020x2 1040x10", SHORT: "0x2 20x2 40x10"}, False),
        ({IMPORT: "1x14", OLDEST: "0x4 100+60x10"}, True),  # it goes on, and has for long
        ({IMPORT: "1x14", OLDEST: "0x4 200x10"}, False),
        ({EXPORT: "1x14", COUNT: "0x4 1x10", SHORT: "0x14", OLDEST: "900x14"}, False),  # no import
    ],
)
def test_any_import_that_takes_long_wakes_somebody(tmp_path: Path, values: dict[str, str], fires: bool) -> None:
    assert set(judged_of(tmp_path, values)) == ({"NarrowboatImportIsSlow"} if fires else set())


def test_an_import_that_goes_on_is_told_apart_from_what_waits(server: Server) -> None:
    waiting = server.start_tap("waits", "0", not_before="2999-01-01T00:00:00Z")
    running = server.start_tap("goes-on", "1", job="drip", background=True)
    server.until_rows(running["id"], 0)
    server.until_state(running["id"], "running")
    found = figures(server)
    assert found['narrowboat_runs_oldest_seconds{job="drip"}'] > 0
    assert found['narrowboat_runs_oldest_seconds{job="tap"}'] == 0
    for run in (waiting, running):
        server.client.post(f"/runs/{run['id']}/cancel")
        server.until_state(run["id"], "cancelled")
    found = figures(server)
    assert found['narrowboat_run_seconds_bucket{job="drip",le="240",outcome="cancelled"}'] == 1
    assert found['narrowboat_run_seconds_bucket{job="drip",le="+Inf",outcome="cancelled"}'] == 1


LARGE, DIED = 'narrowboat_resident_memory_bytes{pid="1",process="worker"}', "narrowboat_workers_died_total"


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ({LARGE: "3e8 _ " * 8}, {"NarrowboatWorkerIsLarge"}),  # of two processes, one tells of the workers
        ({LARGE: "1e8x9 3e8x0 1e8x4"}, set()),  # for a moment
        ({DIED: "1 _ " * 8}, set()),  # once, and long ago
        ({DIED: "0 _ 0 _ 0 _ 1 _ 1 _ 1 _"}, {"NarrowboatWorkerDied"}),
    ],
)
def test_one_process_of_several_tells_of_the_workers(tmp_path: Path, values: dict[str, str], fires: set[str]) -> None:
    assert set(judged_of(tmp_path, values)) == fires


def test_prometheus_itself_wakes_somebody_at_the_first_failure_of_a_job(server: Server, tmp_path: Path) -> None:
    """With the configuration of the page: a job's name is the job's, and its first failure is one."""
    page = (ROOT / "docs/howto/metrics.md").read_text()
    config = str(
        next(block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "scrape_configs" in block)
    )
    config = re.sub(r" *authorization:.*\n", "", config.replace("/bulk/metrics", "/metrics"))
    config = config.replace("app.internal:8000", server.url.removeprefix("http://"))
    often = f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{RULES}]\n"
    (tmp_path / "prometheus.yml").write_text(often + config)
    port = free_port()
    command = ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    watching = subprocess.Popen(
        [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:

        def asked(query: str) -> list[dict[str, str]]:
            try:
                got = httpx.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": query})
                return [one["metric"] for one in got.json()["data"]["result"]]
            except (httpx.TransportError, ValueError, KeyError):
                return []

        until(lambda: asked('narrowboat_runs_ended_total{job="long"}'), "a first look")
        run = server.start_tap("first", "1 fail", job="long")
        server.until_state(run["id"], "failed")
        fired = until(lambda: asked('ALERTS{alertname="NarrowboatRunsFail",job="long"}'), "the alert")
        assert len(fired) == 1
    finally:
        watching.terminate()
        watching.wait(30)
