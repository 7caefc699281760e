"""Files made to do harm, or harmed on the way, as people send them: a preview and a run tell what is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest

from tests.acceptance.server import Server, serving
from tests.golden.binary import xlsb
from tests.golden.test_spreadsheet_hostile import LAUGHS, compound, locked, workbook
from tests.golden.workbooks import package, parts, sheet, strings

MIB = 1 << 20
HEADER = "<row><c t='inlineStr'><is><t>Name</t></is></c><c t='inlineStr'><is><t>Mobile</t></is></c></row>"
AMA = "<row r='2'><c t='inlineStr'><is><t>Ama</t></is></c><c t='inlineStr'><is><t>+1</t></is></c></row>"
EMPTY = "".join(f'<row r="{n}" s="1" customFormat="1"/>' for n in range(3, 1_048_577))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that has imported already, so that its worker has loaded what it needs."""
    with serving(tmp_path_factory.mktemp("hostile")) as server:
        assert ended(server, sent(server, b"Name,Mobile\nKofi,+2\n", "first.csv"))["state"] == "succeeded"
        yield server


def laughing() -> bytes:
    made = parts(sheet(HEADER + "<row r='2'><c t='s'><v>0</v></c></row>"), strings=strings("<si><t>a</t></si>"))
    return package({**made, "xl/sharedStrings.xml": LAUGHS + strings("<si><t>&i;</t></si>")})


def macros(rows: str = HEADER + AMA) -> bytes:
    return package({**parts(sheet(rows)), "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"Auto_Open" * 100})


def sent(server: Server, content: bytes, name: str) -> str:
    made = server.client.put(f"/uploads/{name}", content=content)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def ended(server: Server, upload: str) -> dict[str, Any]:
    started = server.client.post("/jobs/customers/runs", json={"input": {"upload": upload, "again": True}})
    assert started.status_code == 202, started.text
    return server.until_state(started.json()["id"], "succeeded", "partial", "failed")


def memory(server: Server) -> int:
    """Of the server and the workers that it keeps."""
    processes = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    return sum(process.memory_info().rss for process in processes)


@pytest.mark.parametrize(
    ("content", "name", "code", "says"),
    [
        (package(parts(sheet(HEADER + AMA + " " * (64 * MIB)))), "bomb.xlsx", "file-too-large", "more than 200 times"),
        (laughing(), "laughs.xlsx", "file-broken", "declares a document type"),
        (
            package(parts(sheet('<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'))),
            "corner.xlsx",
            "no-header",
            "looks like a header",
        ),
        (workbook()[:5000], "cut.xlsx", "file-broken", "cut off"),
        (compound("EncryptedPackage", "EncryptionInfo"), "locked.xlsx", "file-encrypted", "password"),
        (locked(4096), "locked.xls", "file-encrypted", "password"),
        (b"%PDF-1.7\n1 0 obj", "customers.xlsx", "file-not-supported", "PDF document"),
        (b"<html><table><tr><td>Name</td></tr></table></html>", "customers.xls", "file-not-supported", "web page"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_it_is_told_what_is_wrong_before_and_after_the_start(
    server: Server, content: bytes, name: str, code: str, says: str
) -> None:
    before = memory(server)
    upload = sent(server, content, name)
    asked = server.client.get(f"/uploads/{upload}/preview?job=customers")
    assert (asked.status_code, asked.json()["code"]) == (422, code), asked.text
    assert says in asked.json()["detail"]
    run = ended(server, upload)
    assert (run["state"], run["error"]["code"]) == ("failed", code)
    assert says in run["error"]["detail"]
    assert says in server.client.get(f"/runs/{run['id']}/report").json()["message"]
    assert memory(server) - before < 32 * MIB
    assert server.client.get("/health").json()["workers"] == 1
    server.client.delete(f"/uploads/{upload}")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (package(parts(sheet(HEADER + AMA + EMPTY))), "million-empty-rows.xlsx"),
        (macros(), "macros.xlsm"),
        (b"Name,Mobile\nAma,+1\n", "really-a-csv.xlsx"),
        (package(parts(sheet(HEADER + AMA))), "really-xlsx.csv"),
        (xlsb({"Leute": {1: {0: "Name", 1: "Mobile"}, 2: {0: "Ama", 1: "+1"}}}), "customers.xlsb"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_only_looks_odd_is_imported(server: Server, content: bytes, name: str) -> None:
    before = memory(server)
    with closing(sqlite3.connect(server.folder / "crm.db")) as crm, crm:
        crm.execute("delete from customers")
    upload = sent(server, content, name)
    assert len(server.client.get(f"/uploads/{upload}/preview?job=customers").json()["rows"]) == 1
    run = ended(server, upload)
    assert (run["state"], run["rows"]["created"], run["rows"]["rejected"]) == ("succeeded", 1, 0), run
    assert memory(server) - before < 32 * MIB
