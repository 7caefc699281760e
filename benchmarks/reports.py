"""Reports: how soon rows are there, alone and with many who ask, and what that costs.

    python -m benchmarks.reports [--memory 256] [--cpu 2] [--workers 2] [--only times,load,…] [--json]

times: reports of 10,000 to 1,000,000 rows in a box. load: 50 users x 10,000 rows at once by locust, which receives all
rows, each user under a name of their own. exports: ten workbooks of finished reports at once. slope: memory over 100
reports in a row. followers: 500 who hold an event stream of one run that does nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import socket
import subprocess
import time
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

from benchmarks import tables
from benchmarks.box import MB, watching
from benchmarks.group import Group, unavailable
from benchmarks.places import CACHE, environment
from benchmarks.server import serving

MOST = {10_000: 1.0, 100_000: 5.0, 1_000_000: 60.0}
"""Rows to seconds."""
FIRST, MEMORY_ALONE, MEMORY_OF_MANY = 0.5, 128, 256
USERS, EACH, P99 = 50, 10_000, 5.0
FOLLOWERS, MEMORY_OF_FOLLOWERS = 500, 100
BEFORE, IN_A_ROW = 500, 100
"""Small reports before, which fill the page caches of the connections (2 MB each); then as many as are measured, which
bring each thread of the server and each worker to the memory that one report takes."""
PARTS = ("times", "load", "exports", "slope", "followers")
GENERATOR = CACHE / "load" / "bin" / "python"
PINNED = Path(__file__).with_name("load.txt")
_TURNS = count(1)


class Client:
    """Asks over HTTP, one request a connection."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def start(self, rows: int) -> str:
        """A new report's run."""
        _, answer = self.ask("POST", "/jobs/rows/runs", {"params": {"count": rows, "turn": f"turn {next(_TURNS)}"}})
        return str(json.loads(answer)["id"])

    def page(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask("GET", f"/runs/{run}/rows?count=100")[1])
        return found

    def report(self, rows: int) -> tuple[float, float]:
        """Seconds to the first page with rows, and to the end, as somebody sees it who asks every ten milliseconds."""
        begun, first = time.monotonic(), 0.0
        run = self.start(rows)
        while not (seen := self.page(run))["done"]:
            first = first or (time.monotonic() - begun if seen["rows"] else 0.0)
            time.sleep(0.01 if not first else 0.05)
        ended = time.monotonic() - begun
        if seen["watermark"] != rows:
            raise SystemExit(f"{seen['watermark']} rows instead of {rows}: {seen['state']}")
        return first or ended, ended


@contextmanager
def boxed(rows: int, memory: int, cpu: float) -> Iterator[tuple[Client, Group]]:
    """A server with so many leads in a box, and a client outside."""
    users = ("--user", "benchmarks.who:who")
    with (
        Group("narrowboat-reports", memory=memory * MB, cpu=cpu) as group,
        serving(rows, group, options=users) as server,
    ):
        client = Client(server.port)
        client.report(50)
        yield client, group


def times(memory: int, cpu: float) -> list[tables.Record]:
    """Alone."""
    lines: list[tables.Record] = []
    with boxed(max(MOST), memory, cpu) as (client, group):
        for rows, most in MOST.items():
            with watching(group) as peak:
                seen = [client.report(rows) for _ in range(1 if rows > 100_000 else 5)]
            first, ended = max(one[0] for one in seen), median(one[1] for one in seen)
            needed = peak.most.needed / MB
            lines.append(
                {
                    "rows": rows,
                    "first rows s, worst": first,
                    "all rows s, median": ended,
                    "at most": most,
                    "needed MB": needed,
                    "heaps MB": peak.most.own / MB,
                    "holds": first < FIRST and ended < most and needed < MEMORY_ALONE,
                }
            )
    return lines


def load(memory: int, cpu: float) -> list[tables.Record]:
    """Many at once. The generator's own CPU is part of the machine's."""
    _install()
    with boxed(EACH, memory, cpu) as (client, group), watching(group) as peak:
        before, busy = resource.getrusage(resource.RUSAGE_CHILDREN), group.cpu()
        took, figures = _locust(client.port)
        busy = group.cpu() - busy
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines: list[tables.Record] = []
    for one in figures:
        if one["Type"] == "report":
            p99, failures = float(one["99%"]) / 1000, int(one["Failure Count"])
            lines.append(
                {
                    "50 users, 10,000 rows each": one["Name"],
                    "requests": int(one["Request Count"]),
                    "failed": failures,
                    "median s": float(one["50%"]) / 1000,
                    "p99 s": p99,
                    "at most": P99,
                    "needed MB": peak.most.needed / MB,
                    "server CPU s": busy,
                    "locust CPU s": cpu_used,
                    "of s": took,
                    "holds": p99 < P99 and not failures and peak.most.needed < MEMORY_OF_MANY * MB,
                }
            )
    return lines


def _locust(port: int) -> tuple[float, list[dict[str, str]]]:
    out, begun = CACHE / "locust", time.monotonic()
    script = Path(__file__).with_name("reports_load.py")
    command = [GENERATOR, "-m", "locust", "-f", script, "--headless", "-u", str(USERS), "-r", str(USERS), "-t", "60s"]
    command += ["--host", f"http://127.0.0.1:{port}", "--csv", out, "--only-summary", "--exit-code-on-error", "0"]
    subprocess.run(command, env=environment(NARROWBOAT_ROWS=str(EACH)), check=True, capture_output=True)
    with open(f"{out}_stats.csv", newline="") as file:
        return time.monotonic() - begun, list(csv.DictReader(file))


def _install() -> None:
    done = CACHE / "load" / "installed.txt"
    if not done.exists() or done.read_text() != PINNED.read_text():
        venv.create(CACHE / "load", with_pip=True, clear=True)
        subprocess.run([GENERATOR, "-m", "pip", "install", "--quiet", "--requirement", PINNED], check=True)
        done.write_text(PINNED.read_text())


def exports(memory: int, cpu: float) -> list[tables.Record]:
    """Ten workbooks of one finished report at once."""
    with boxed(EACH, memory, cpu) as (client, group):
        run = client.start(EACH)
        while not client.page(run)["done"]:
            time.sleep(0.05)
        with watching(group) as peak, ThreadPoolExecutor(10) as pool:
            begun = time.monotonic()
            answers = list(pool.map(lambda _: client.ask("GET", f"/runs/{run}/artifact.xlsx"), range(10)))
            took = time.monotonic() - begun
    whole = sum(status == 200 and content[-22:-18] == b"PK\x05\x06" for status, content in answers)
    needed = peak.most.needed / MB
    return [{"workbooks": 10, "rows": EACH, "whole": whole, "all s": took, "needed MB": needed,
             "holds": whole == 10 and needed < MEMORY_OF_MANY}]  # fmt: skip


def slope(memory: int, cpu: float) -> list[tables.Record]:
    """Heaps after each of a hundred reports in a row, when caches that have a limit have reached it."""
    with boxed(EACH, memory, cpu) as (client, group):
        for rows in (100,) * BEFORE + (EACH,) * IN_A_ROW:
            client.report(rows)
        seen = []
        for _ in range(IN_A_ROW):
            client.report(EACH)
            seen.append(group.memory().own / 1024)
    rises = linear_regression(range(len(seen)), seen).slope
    return [{"reports in a row": IN_A_ROW, "heaps MB, first": seen[0] / 1024, "last": seen[-1] / 1024,
             "KB a report": rises, "at most": 20.0, "holds": rises < 20.0}]  # fmt: skip


def followers(memory: int, cpu: float) -> list[tables.Record]:
    """Many who wait: a run that is not due yet."""
    with boxed(EACH, memory, cpu) as (client, group), ExitStack() as stack:
        body = {"params": {"count": 1}, "not_before": "2099-01-01T00:00:00Z"}
        run = json.loads(client.ask("POST", "/jobs/rows/runs", body)[1])["id"]
        before = group.memory().own
        for _ in range(FOLLOWERS):
            follower = stack.enter_context(socket.create_connection(("127.0.0.1", client.port)))
            follower.sendall(f"GET /runs/{run}/events HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n\r\n".encode())
            if not follower.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit("a follower was refused")
        time.sleep(5)
        grown = (group.memory().own - before) / MB
    return [{"followers": FOLLOWERS, "heaps grew MB": grown, "at most": MEMORY_OF_FOLLOWERS,
             "KB each": grown * 1024 / FOLLOWERS, "holds": grown < MEMORY_OF_FOLLOWERS}]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=int, default=256, help="MB of the box")
    parser.add_argument("--cpu", type=float, default=2.0, help="CPUs of the box")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--only", default=",".join(PARTS), help="some of the parts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if reason := unavailable():
        raise SystemExit(f"No control group: {reason}.")
    os.environ["NARROWBOAT_WORKERS"] = str(options.workers)
    measure = {"times": times, "load": load, "exports": exports, "slope": slope, "followers": followers}
    for part in options.only.split(","):
        box = f"{options.memory} MB, {options.cpu:g} CPU, {options.workers} workers"
        title = f"{part}: {box}; load of the machine before {os.getloadavg()[0]:.1f}"
        tables.show(title, measure[part](options.memory, options.cpu), as_json=options.json)


if __name__ == "__main__":
    main()
