"""The newcomer's path: the ten lines of docs/howto/fastapi.md, as they stand there, under a real uvicorn."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from python_calamine import CalamineWorkbook

from tests.program import ROOT, Program
from tests.waiting import free_port

ANN = {"x-user": "ann"}
PAGE = ROOT / "docs" / "howto" / "fastapi.md"


def written() -> str:
    """The first block of code on the page."""
    (first, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    return str(first)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("newcomer")
    (place / "app.py").write_text(written())
    with closing(sqlite3.connect(place / "crm.db")) as crm, crm:
        crm.execute("create table leads (id integer primary key, name text, city text)")
        crm.executemany(
            "insert into leads (name, city) values (?, ?)",
            ((f"Zoë {n}", ("Lagos", "Accra")[n % 2]) for n in range(5000)),
        )
    port = free_port()
    server = Program([sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)], port, place / "log", cwd=place)
    yield f"http://127.0.0.1:{port}/bulk"
    server.close()


def test_it_takes_no_more_than_ten_lines() -> None:
    lines = [line for line in written().splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) <= 10


def test_an_export_is_a_file(site: str, tmp_path: Path) -> None:
    answer = httpx.get(f"{site}/exports/leads.xlsx?city=Lagos", headers=ANN, timeout=60)
    assert answer.status_code == 200
    (tmp_path / "leads.xlsx").write_bytes(answer.content)
    sheet = CalamineWorkbook.from_path(str(tmp_path / "leads.xlsx")).get_sheet_by_index(0).to_python()
    assert len(sheet) == 2501
    assert {row[2] for row in sheet[1:]} == {"Lagos"}


def test_so_is_a_run_in_the_background(site: str) -> None:
    with httpx.Client(base_url=site, headers=ANN, timeout=60, follow_redirects=True) as ann:
        run = ann.post("/jobs/leads/runs", json={"output": {"format": "csv"}}).json()
        text = ann.get(f"/runs/{run['id']}/artifact").text
    assert len(list(csv.reader(io.StringIO(text)))) == 5001


def test_the_page_is_there(site: str) -> None:
    answer = httpx.get(f"{site}/", headers=ANN)
    assert answer.status_code == 200
    assert "Narrowboat" in answer.text


def test_strangers_get_nothing(site: str) -> None:
    assert httpx.get(f"{site}/exports/leads.xlsx").status_code == 401
