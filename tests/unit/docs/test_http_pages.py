"""The pages about HTTP: every address and figure is there, every example runs."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from narrowboat import Narrowboat, metrics
from narrowboat.data.sinks import Folder
from narrowboat.data.sources import rows
from narrowboat.jobs.output import RESERVED
from narrowboat.kernel.model import Request
from narrowboat.notify import Apprise
from narrowboat.testing import run_inline
from narrowboat.web.access import Action
from narrowboat.web.schemas import StartBody
from tests.unit.web.test_openapi import OPERATIONS

DOCS = Path(__file__).parents[3] / "docs"
HTTP = (DOCS / "reference/http.md").read_text()


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.S)


def test_every_address_is_in_the_table_and_no_other() -> None:
    assert sorted(re.findall(r"^\| `((?:GET|POST|DELETE|PATCH|PUT|OPTIONS) [^`]+)` \|", HTTP, re.M)) == sorted(
        OPERATIONS.values()
    )


def test_every_choice_about_the_file_and_member_of_a_start_is_explained() -> None:
    for name in RESERVED:
        assert re.search(rf"^\| `[^`]*\b{name}=", HTTP, re.M), name
    for name in StartBody.model_fields:
        assert f"| `{name}` |" in HTTP


def test_every_action_is_explained() -> None:
    page = (DOCS / "howto/permissions.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.M) == [action.value for action in Action]


def test_every_figure_is_in_the_table_with_its_labels(tmp_path: Path) -> None:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'nb.db'}", sink=Folder(quota=10**9))
    with closing(nb.store):
        nb.export("empty")(lambda: rows(list, columns=["a"]))
        run_inline(nb, nb.start("empty").run.id)
        nb.start("empty", priority=1)
        nb.channels = {"ops": Apprise("json://127.0.0.1/", on=["cancelled"])}
        for owner in ("ann", "ben"):
            nb.ask(nb.start("empty", owner=owner, notify=("ops",)).run.id, Request.CANCEL)
        with nb.rollout("empty").measured("new"):
            pass
        nb.outbox.sent(nb.outbox.claim("ops", seconds=1))
        exposed = metrics.render(nb).decode()
    page = (DOCS / "howto/metrics.md").read_text()
    samples = [one for family in text_string_to_metric_families(exposed) for one in family.samples]
    assert len({one.name for one in samples}) == 28
    for one in samples:
        (row,) = re.findall(rf"^\|[^|]*`{one.name}`[^|]*\|([^|]*)\|", page, re.M)
        assert sorted(re.findall(r"`(\w+)`", row)) == sorted(one.labels)
    for name in re.findall(r"narrowboat_\w+", "".join(blocks("howto/metrics.md", "yaml"))):
        assert name in {one.name for one in samples}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder as the how-to describes it."""
    with sqlite3.connect(tmp_path / "crm.db") as crm:
        crm.execute("create table leads (id integer primary key, city text)")
        crm.execute("insert into leads (city) values ('Lagos')")
    crm.close()
    _, jobs, app, *_ = blocks("howto/fastapi.md", "python")
    (tmp_path / "jobs.py").write_text(jobs)
    (tmp_path / "app.py").write_text(app)
    return tmp_path


def run(code: str, place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "page", ["fastapi", "permissions", "metrics", "links", "audit", "users", "reports", "read-rows"]
)
def test_every_example_runs(page: str, place: Path) -> None:
    for example in blocks(f"howto/{page}.md", "python"):
        run(example, place)


def test_the_mounted_application_serves_an_export(place: Path) -> None:
    run(
        """
from fastapi.testclient import TestClient
from app import app
if __name__ == "__main__":
    with TestClient(app) as client:
        assert client.get("/bulk/exports/leads.csv").status_code == 401
        got = client.get("/bulk/exports/leads.csv?city=Lagos", headers={"x-user": "ann"})
        assert (got.status_code, got.text.splitlines()[1]) == (200, "1,Lagos"), got.text
""",
        place,
    )


def test_the_route_of_a_rollout_answers_each_user_by_their_path(place: Path) -> None:
    (place / "app.py").write_text(next(one for one in blocks("howto/reports.md", "python") if "# app.py" in one))
    run(
        """
from fastapi.testclient import TestClient
from app import app, nb
if __name__ == "__main__":
    nb.workers = 0
    with TestClient(app) as client:
        for user in (f"user-{n}" for n in range(40)):
            got, path = client.get("/stock?shop=A", headers={"x-user": user}), nb.rollout("stock").path(user)
            assert got.status_code == {"old": 200, "new": 202}[path], got.text
            if path == "new":
                seen = client.get(got.headers["location"], headers={"x-user": user}).json()
                assert (seen["job"], seen["params"]) == ("stock", {"shop": "A"})
    kept = {one.path: (one.requests, one.failures) for one in nb.paths.totals()}
    assert sum(requests for requests, _ in kept.values()) == 40 and set(kept) == {"old", "new"}, kept
""",
        place,
    )
