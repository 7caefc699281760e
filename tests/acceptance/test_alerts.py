"""The shipped alert rules, judged by Prometheus' own tool on figures of a real server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.server import Server, serving

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
    lines = (line for line in server.client.get("/metrics").text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def judged(folder: Path, before: dict[str, float], after: dict[str, float]) -> dict[str, list[dict[str, str]]]:
    """The labels of the alerts that fire ten minutes after the figures went from `before` to `after`, by name."""
    series = [
        {"series": f"{name}{'' if '{' in name else '{}'}", "values": f"{before.get(name, 0)}x4 {after[name]}x10"}
        for name in after
    ]
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
            "NarrowboatImportsAreSlow",
            {
                'narrowboat_run_seconds_sum{job="customers",outcome="partial"}': 900.0,
                'narrowboat_run_seconds_count{job="customers",outcome="partial"}': 3.0,
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
    assert set(judged(tmp_path, {}, changed)) == {name}
