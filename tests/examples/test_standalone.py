"""examples/standalone as its README says: one TOML file, users of its own, no Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from python_calamine import CalamineWorkbook

from tests.program import ROOT, Program
from tests.waiting import free_port

EXAMPLE = ROOT / "examples" / "standalone"
PASSWORD = "correct horse battery"  # noqa: S105  # of users that only these tests have


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as somebody copied it, set up by the commands of its README."""
    folder = tmp_path_factory.mktemp("standalone") / "exports"
    shutil.copytree(EXAMPLE, folder)
    (commands,) = re.findall(r"```text\n(pip install.*?)```", (folder / "README.md").read_text(), re.S)
    install, sample, user, serve = commands.splitlines()
    assert install == "pip install -r requirements.txt"
    assert serve == "narrowboat serve narrowboat.toml"
    for command in (sample, user):
        run(command, folder)
    return folder


@pytest.fixture(scope="module")
def site(place: Path) -> Iterator[str]:
    """The server as the Procfile starts it."""
    (line,) = (place / "Procfile").read_text().splitlines()
    port = free_port()
    command = line.removeprefix("web: ").replace("--host 0.0.0.0 ", "").replace("$PORT", str(port)).split()
    server = Program([str(program(command[0])), *command[1:]], port, place / "log", cwd=place)
    yield f"http://127.0.0.1:{port}"
    server.close()


def program(name: str) -> Path:
    """Of this environment."""
    return Path(sys.executable).with_name(name)


def run(command: str, folder: Path) -> str:
    """What a command of the README prints."""
    name, *rest = command.split()
    return subprocess.run(
        [program(name), *rest], cwd=folder, input=f"{PASSWORD}\n", capture_output=True, text=True, check=True
    ).stdout


@contextmanager
def signed_in(site: str, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=60, follow_redirects=True) as client:
        answer = client.post("/session", json={"user": name, "password": PASSWORD})
        assert answer.status_code < 300, answer.text
        yield client


def test_strangers_see_a_sign_in_and_nothing_else(site: str) -> None:
    assert httpx.get(f"{site}/").status_code == 200
    assert httpx.get(f"{site}/jobs").status_code == 401


def test_ann_signs_in_and_exports_a_city(site: str, tmp_path: Path) -> None:
    with signed_in(site, "ann") as ann:
        assert [job["title"] for job in ann.get("/jobs").json()["jobs"]] == ["Driver leads", "Most trips"]
        (tmp_path / "leads.xlsx").write_bytes(ann.get("/exports/leads.xlsx", params={"city": "Accra"}).content)
    header, *rows = CalamineWorkbook.from_path(str(tmp_path / "leads.xlsx")).get_sheet_by_index(0).to_python()
    assert header[1] == "Lead"
    assert {row[5] for row in rows} == {"Accra"}


def test_a_parameter_that_is_required_is_asked_for(site: str) -> None:
    with signed_in(site, "ann") as ann:
        assert ann.get("/exports/best.csv").status_code == 422
        assert len(ann.get("/exports/best.csv", params={"least": 3900}).text.splitlines()) > 1


def test_what_ben_may_not_see_is_not_there(site: str, place: Path) -> None:
    run("narrowboat users add ben narrowboat.toml", place)
    run("narrowboat users grant ben --only leads=see,start,download narrowboat.toml", place)
    with signed_in(site, "ben") as ben:
        assert [job["name"] for job in ben.get("/jobs").json()["jobs"]] == ["leads"]
        assert ben.get("/exports/best.csv", params={"least": 1}).status_code == 404


def test_a_program_downloads_by_its_token(site: str, place: Path) -> None:
    said = run("narrowboat tokens create ann --label nightly --scopes see,start,download narrowboat.toml", place)
    (token,) = re.findall(r"nb_\S+", said)
    bearer = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{site}/exports/leads.csv?city=Tema", headers=bearer, timeout=60, follow_redirects=True)
    assert answer.status_code == 200
    assert httpx.get(f"{site}/users", headers=bearer).status_code in (403, 404)
