"""The tutorial, as a newcomer would follow it: its own blocks, in order, on an empty folder."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs/tutorial/first-export.md").read_text()
BIN = Path(sys.executable).parent


def block(name: str, page: str = TUTORIAL) -> str:
    """The code block that begins with a comment naming the file."""
    found = re.search(rf"```python\n(# {re.escape(name)}.*?)```", page, re.S)
    assert found, name
    return found[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("make_crm.py", "jobs.py", "app.py"):
        (tmp_path / name).write_text(block(name))
    subprocess.run([sys.executable, "make_crm.py"], cwd=tmp_path, check=True)
    return tmp_path


@contextmanager
def serving(folder: Path, *command: str) -> Iterator[str]:
    """The command with a free port, until its server answers; stopped as with Ctrl-C."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    with subprocess.Popen([*command, "--port", str(port)], cwd=folder, env=environment) as server:
        try:
            yield wait_for(f"http://127.0.0.1:{port}")
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)


def wait_for(address: str) -> str:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError:
            return address
        except OSError:
            time.sleep(0.1)
        else:
            return address
    raise AssertionError(f"{address} does not answer")


def cities(file: Path) -> list[str]:
    book = openpyxl.load_workbook(file)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    assert rows[0] == ("id", "name", "city", "since")
    return [str(row[2]) for row in rows[1:]]


def test_the_first_export_needs_no_server(folder: Path) -> None:
    command = re.search(r"^narrowboat (export .*)$", TUTORIAL, re.M)
    assert command
    subprocess.run([BIN / "narrowboat", *command[1].split()], cwd=folder, check=True)
    assert len(cities(folder / "leads.xlsx")) == 5000


def test_the_server_gives_the_export_as_a_file(folder: Path) -> None:
    assert "narrowboat serve jobs:nb" in TUTORIAL
    with serving(folder, "narrowboat", "serve", "jobs:nb") as address:
        urllib.request.urlretrieve(f"{address}/exports/leads.xlsx?city=Accra", folder / "accra.xlsx")
    assert set(cities(folder / "accra.xlsx")) == {"Accra"}
    shown = subprocess.run([BIN / "narrowboat", "runs", "list", "jobs:nb"], cwd=folder, capture_output=True, text=True)
    assert "leads" in shown.stdout, shown.stderr
    assert "succeeded" in shown.stdout


@pytest.mark.parametrize("page", ["docs/tutorial/first-export.md", "README.md"])
def test_it_mounts_into_an_application_of_your_own(folder: Path, page: str) -> None:
    text = (ROOT / page).read_text()
    (folder / "app.py").write_text(block("app.py", text))
    (folder / "jobs.py").write_text(block("jobs.py", text))
    with serving(folder, "uvicorn", "app:app") as address:
        urllib.request.urlretrieve(f"{address}/bulk/exports/leads.xlsx?city=Tema", folder / "tema.xlsx")
    assert set(cities(folder / "tema.xlsx")) == {"Tema"}
