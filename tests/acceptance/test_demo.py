"""The demo: what a newcomer runs first."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from narrowboat import sample
from tests.acceptance.shell import Shell, last_line, sheets


def test_the_demo_exports_its_sample_data_over_http(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("demo", "--rows", "1500", "--folder", "boat", "--json")
    assert done.returncode == 0, done.stderr
    told = last_line(done)
    file = Path(told["file"])
    assert told["rows"] == 1500
    assert told["bytes"] == file.stat().st_size
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert 0 < told["first_byte"] <= told["seconds"]
    assert min(told["peak_memory"].values()) > 8 << 20, "no Python is smaller"
    (rows,) = sheets(file).values()
    assert rows[0] == list(sample.COLUMNS)
    assert len(rows) == 1501


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_kept_serves_its_page_until_it_is_stopped(tmp_path: Path, signal_number: signal.Signals) -> None:
    with Shell(tmp_path).start("demo", "--rows", "10", "--keep", "--json") as demo:
        assert demo.stderr is not None
        said = iter(demo.stderr.readline, "")
        address = next(line for line in said if "in a browser" in line).split("open ")[1].split()[0]
        with urllib.request.urlopen(address, timeout=60) as page:
            assert page.headers.get_content_type() == "text/html"
        with urllib.request.urlopen(f"{address}jobs", timeout=60) as jobs:
            kinds = {job["kind"] for job in json.load(jobs)["jobs"]}
        assert kinds == {"export", "report", "import"}, "there is one of each to try"
        (server,) = psutil.Process(demo.pid).children()
        demo.send_signal(signal_number)
        demo.communicate(timeout=60)
    assert demo.returncode == 0
    assert not server.is_running()


def test_the_sample_data_hold_what_breaks_exports(tmp_path: Path) -> None:
    sample.make(tmp_path / "crm.db", 2000)
    with closing(sqlite3.connect(tmp_path / "crm.db")) as database:
        rows = database.execute(f"select * from {sample.TABLE}").fetchall()
    text = "\n".join(str(cell) for row in rows for cell in row)
    families = ("🙏", "👨\u200d👩\u200d👧\u200d👦", "Ọkáfọ̀", "𠮷")
    for trap in (*families, '"', "'", "\nLine 2", "&", "<script>", "=cmd|", "\t", "+233", "\n000001\n", "None"):
        assert trap in text, trap
    assert len({row[1] for row in rows}) == 2000


def test_the_sample_data_are_the_same_everywhere() -> None:
    digest = hashlib.sha256(repr(list(sample.leads(500))).encode()).hexdigest()
    assert digest == "d0def6ce0438a93e60d61acafbf8e88012eddd7869d7d8aee34817caf15772c1"
