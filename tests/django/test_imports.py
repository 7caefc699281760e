"""7,000 customers go into the shop by its servers: sent, followed, refused rows fixed, nothing twice, whoever dies."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psutil
import pytest

from benchmarks.group import Group, unavailable
from tests.django.shop import CUSTOMERS, Person, Shop, manage, open_shop
from tests.waiting import until

ROWS = 7000
HEADERS = ("Name", "Phone", "Shipping mark", "City", "Since")
BAD: Mapping[int, Mapping[str, Any]] = {
    5: {"Phone": "020 123"},
    100: {"Name": None},
    1024: {"Shipping mark": "X-1022"},
    1027: {"Phone": "+233200000007"},
    4000: {"Since": "some day"},
    6999: {"Name": "N" * 81},
    7001: {"Shipping mark": None},
}
"""What is wrong, by row. 7 is the phone of one who is in the shop; X-1022 is the mark of row 1022."""
ERRORS = {
    5: "Phone: must be a number with its country code",
    100: "Name: is required",
    1024: "row 1022 of this file has the same shipping_mark",
    1027: "there is a record with this phone already: id 7",
    4000: "Since: must be a date",
    6999: "Name: Ensure this value has at most 80 characters",
    7001: "Shipping mark: is required",
}


def good(row: int) -> dict[str, Any]:
    return dict(zip(HEADERS, (f"Efua {row}", f"+2335{row:08}", f"X-{row}", "Tema", "2026-01-31"), strict=True))


def workbook(rows: Mapping[int, Mapping[str, Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Customers")
    sheet.append(HEADERS)
    for row in rows.values():
        sheet.append([row[name] for name in HEADERS])
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def customers() -> bytes:
    """The file, with everything that is wrong with it."""
    return workbook({row: {**good(row), **BAD.get(row, {})} for row in range(2, ROWS + 2)})


def fixed(rejects: bytes) -> bytes:
    """The file of refused rows as a person sends it again: its own columns put right, the others as they came."""
    book = openpyxl.load_workbook(BytesIO(rejects))
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[1]]
    for cells in sheet.iter_rows(min_row=2):
        number = int(cells[names.index("Import row")].value)  # type: ignore[arg-type]
        for name in BAD[number]:
            cells[names.index(name)].value = good(number)[name]
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def send(person: Person, data: bytes, name: str = "customers.xlsx") -> str:
    """An upload, as a form has it."""
    answer = person.http.post("/bulk/uploads", files={"file": (name, data)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def begin(person: Person, upload: str, **more: Any) -> httpx.Response:
    return person.http.post("/bulk/jobs/customers/runs", json={"input": {"upload": upload, **more}})


def plain_report(person: Person, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = person.http.get(f"/bulk/runs/{run_id}/report?view=compatible").raise_for_status().json()
    return found


def in_the_shop(folder: Path, **more: str) -> tuple[int, int, int]:
    """All customers, those of the file, and their different marks."""
    code = (
        "from shop.models import Customer; new = Customer.objects.filter(name__startswith='Efua'); "
        "print(Customer.objects.count(), new.count(), new.values('shipping_mark').distinct().count())"
    )
    all_of_them, new, marks = map(int, manage(folder, "shell", "-v", "0", "-c", code, **more).stdout.split()[-3:])
    return all_of_them, new, marks


def check_the_first_report(report: Mapping[str, Any]) -> None:
    assert set(report) == {
        "success", "message", "total_attempted", "total_created", "total_failed", "failed_customers",
    }  # fmt: skip
    assert (report["total_attempted"], report["total_created"]) == (ROWS, ROWS - len(BAD))
    failed = {one["source_row_number"]: one for one in report["failed_customers"]}
    assert failed.keys() == BAD.keys()
    for row, said in ERRORS.items():
        assert said in failed[row]["error"]
        assert failed[row]["customer_data"]["City"] == "Tema"


def check_the_way_of_a_file(shop: Shop) -> None:
    """Sent, refused rows fixed and sent again, the same file again: everything is in once."""
    ann, bob = shop.person("ann"), shop.person("bob")
    data = customers()
    started = begin(ann, send(ann, data))
    assert started.status_code == 202, started.text
    run = ann.until_ended(started.json()["id"])
    assert run["state"] == "partial", run
    check_the_first_report(plain_report(ann, run["id"]))
    assert bob.http.get(f"/bulk/runs/{run['id']}/report").status_code == 404
    assert begin(bob, send(ann, data)).status_code == 404
    again = begin(ann, send(ann, fixed(ann.file(run["id"])), "rejects.xlsx"))
    ended = ann.until_ended(again.json()["id"])
    assert (ended["state"], plain_report(ann, ended["id"])["total_created"]) == ("succeeded", len(BAD))
    known = begin(ann, send(ann, data))
    assert (known.status_code, known.json()["id"]) == (200, run["id"])
    assert in_the_shop(shop.folder, **shop.more) == (CUSTOMERS + ROWS, ROWS, ROWS)


@contextmanager
def polling(person: Person, watchers: int) -> Iterator[list[httpx.Response]]:
    """So many that ask for the list of runs and the state of a run every half second."""
    bad: list[httpx.Response] = []
    run = person.http.post(
        "/bulk/jobs/orders/runs", json={"output": {"format": "csv"}, "not_before": "2100-01-01T00:00:00Z"}
    ).json()
    stop = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=person.http.base_url, cookies=person.http.cookies, timeout=60) as client:
            while not stop.wait(0.5):
                bad.extend(one for one in [client.get(f"/bulk/runs/{run['id']}")] if one.status_code != 200)

    threads = [threading.Thread(target=watch) for _ in range(watchers)]
    for thread in threads:
        thread.start()
    try:
        yield bad
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


@pytest.mark.parametrize("server", ["sync", "uvicorn"])
def test_a_file_of_7000_rows_goes_all_its_way_while_twenty_watch(server: str, folder: Path) -> None:
    with open_shop(folder, server) as shop, polling(shop.person("ann"), 20) as bad:
        check_the_way_of_a_file(shop)
        assert bad == []
    assert "WORKER TIMEOUT" not in shop.log()


@pytest.mark.box
@pytest.mark.skipif(unavailable() is not None, reason=f"no box here: {unavailable()}")
def test_the_same_in_512_mb(folder: Path) -> None:
    with (
        Group("narrowboat-django-import", memory=512 * 2**20) as group,
        open_shop(folder, "sync", group=group) as shop,
        polling(shop.person("ann"), 20) as bad,
    ):
        check_the_way_of_a_file(shop)
        assert (bad, group.kills()) == ([], 0)
    assert "WORKER TIMEOUT" not in shop.log()


@pytest.mark.services
def test_the_same_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    with open_shop(tmp_path, "sync", DATABASE_URL=postgresql) as shop:
        check_the_way_of_a_file(shop)


def workers(shop: Shop) -> list[psutil.Process]:
    """Narrowboat's worker processes."""
    return [
        one
        for one in psutil.Process(shop.process.pid).children(recursive=True)
        if one.is_running() and "narrowboat.contrib.django.worker:nb" in _command(one)
    ]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


SLOWLY = """
create trigger slowly before insert on shop_customer when new.name like 'Efua%' begin
    with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 6000)
    select sum(n) from counted;
end"""
"""Each customer takes so long that the run is far from its end when its first rows are seen."""


def in_the_database(folder: Path, statement: str) -> None:
    """Waits for its turn to write, however long a chunk takes."""
    with closing(sqlite3.connect(folder / "db.sqlite3", timeout=60)) as database, database:
        database.execute(statement)


@pytest.mark.parametrize("victim", ["worker", "supervisor"])
def test_whoever_is_killed_in_the_middle_no_row_is_lost_or_doubled(victim: str, folder: Path) -> None:
    with open_shop(folder, "sync") as shop:
        ann = shop.person("ann")
        ann.http = httpx.Client(
            base_url=shop.url, cookies=ann.http.cookies, transport=httpx.HTTPTransport(retries=5), timeout=60
        )
        upload = send(ann, customers())
        until(lambda: workers(shop), "a worker")
        found = workers(shop) if victim == "worker" else shop.supervisors()
        in_the_database(folder, SLOWLY)
        run_id = begin(ann, upload).json()["id"]
        seen = until(lambda: run if (run := ann.run(run_id))["done"] else None, "rows")
        for one in found:
            one.send_signal(signal.SIGKILL)
        assert not seen["ended"]  # nor for seconds to come; asked for now, it would have to wait for a new supervisor
        in_the_database(folder, "drop trigger slowly")
        run = ann.until_ended(run_id)
        assert run["state"] == "partial", run
        check_the_first_report(plain_report(ann, run_id))
        again = begin(ann, send(ann, fixed(ann.file(run_id)))).json()["id"]
        assert ann.until_ended(again)["state"] == "succeeded"
        assert in_the_shop(folder) == (CUSTOMERS + ROWS, ROWS, ROWS)


def test_an_upload_in_chunks_goes_on_where_a_killed_server_left_it(folder: Path) -> None:
    data = customers()
    half = len(data) // 2
    tus = {"Tus-Resumable": "1.0.0"}
    with open_shop(folder, "sync") as shop:
        ann = shop.person("ann")
        made = ann.http.post("/bulk/uploads", headers={**tus, "Upload-Length": str(len(data))})
        where = made.headers["location"]
        chunk = {**tus, "Content-Type": "application/offset+octet-stream"}
        assert ann.http.patch(where, content=data[:half], headers={**chunk, "Upload-Offset": "0"}).status_code == 204
        for one in psutil.Process(shop.process.pid).children():
            one.send_signal(signal.SIGKILL)
        until(lambda: _answers(ann, where), "the server to answer again")
        at = ann.http.head(where, headers=tus).headers["upload-offset"]
        assert at == str(half)
        assert ann.http.patch(where, content=data[half:], headers={**chunk, "Upload-Offset": at}).status_code == 204
        started = begin(ann, where.rsplit("/", 1)[-1])
        ended = ann.until_ended(started.json()["id"])
        check_the_first_report(plain_report(ann, ended["id"]))


def _answers(person: Person, where: str) -> bool:
    try:
        return person.http.head(where, headers={"Tus-Resumable": "1.0.0"}).status_code == 200
    except httpx.TransportError:
        time.sleep(0.1)
        return False


def test_the_admins_page_takes_the_file_and_tells_what_became_of_it(folder: Path) -> None:
    with open_shop(folder, "sync") as shop:
        ann = shop.person("ann")
        in_the_database(folder, "alter table shop_customer rename to away")
        form = ann.http.get("/admin/shop/customer/import/")
        assert (form.status_code, "There is no table" in form.text) == (200, True), "told before anything is sent"
        assert 'href="/bulk/#/import/customers"' in form.text, "where columns can be matched by hand"
        in_the_database(folder, "alter table away rename to shop_customer")
        token = form.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        answer = ann.http.post(
            "/admin/shop/customer/import/",
            data={"csrfmiddlewaretoken": token},
            files={"file": ("customers.xlsx", customers())},
        )
        assert answer.status_code == 302, answer.text
        where = answer.headers["location"].removesuffix("change/")
        until(lambda: ann.http.get(f"{where}now/").json()["ended"], "the run to end")
        page = ann.http.get(f"{where}change/").text
        assert "7,000 rows: 6,993 created, 7 rejected." in page
        assert "<td>1024</td><td>Shipping mark: row 1022 of this file has the same shipping_mark.</td>" in page
        assert openpyxl.load_workbook(BytesIO(ann.http.get(f"{where}file/").content)).worksheets[0].max_row == 8


LIMITED = """
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from narrowboat.errors import TooManyRuns

app = apps.get_app_config("narrowboat")
app.nb.jobs["customers"] = app.nb.jobs["customers"]._replace(limit=0)
request = RequestFactory().post("/")
request.user = User.objects.get(username="ann")
try:
    app.importers["customers"]._start(request, SimpleUploadedFile("c.csv", b"Name,Phone\\n"), dry_run=False)
except TooManyRuns:
    print("refused,", len(app.nb.uploads.of_owner(str(request.user.pk))), "files")
"""


def test_a_file_whose_import_is_refused_in_the_admin_is_not_kept(folder: Path) -> None:
    assert manage(folder, "shell", "-c", LIMITED).stdout.splitlines()[-1] == "refused, 0 files"


BY_ANOTHER = """
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from narrowboat.people.audit import Which
from narrowboat.testing import run_inline

nb = apps.get_app_config("narrowboat").nb
ann, boss = (User.objects.get(username=name) for name in ("ann", "boss"))
data = b"Name,Phone,Shipping mark,City,Since\\nEfua,+233500000001,Z1,Tema,2026-01-31\\n,+233500000002,Z2,Tema,\\n"
upload = nb.uploads.create(str(ann.pk), "c.csv", len(data))
upload = nb.uploads.append(upload, 0, data)
run = run_inline(nb, nb.import_upload("customers", upload, owner=str(ann.pk)).run.id)
client = Client(headers={"Host": "127.0.0.1"})
client.force_login(boss)
for verb in ("retry", "undo"):
    asked = {"action": verb, "_selected_action": run.id, "index": "0"}
    assert client.post("/admin/narrowboat/run/", asked).status_code == 302
print(sorted((one.action, one.by == str(boss.pk)) for one in nb.audit.find(Which()) if one.action in ("retry", "undo")))
"""


def test_the_audit_log_names_who_acts_on_somebody_elses_run_in_the_admin(folder: Path) -> None:
    assert manage(folder, "shell", "-c", BY_ANOTHER).stdout.splitlines()[-1] == "[('retry', True), ('undo', True)]"


SEEN = """
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.test import Client
from narrowboat.testing import run_inline

nb = apps.get_app_config("narrowboat").nb
ann, bob = (User.objects.get(username=name) for name in ("ann", "bob"))
data = b"Name,Phone,Shipping mark,City,Since\\nEfua,+233500000001,Z1,Tema,never ever\\n"
upload = nb.uploads.create(str(ann.pk), "c.csv", len(data))
upload = nb.uploads.append(upload, 0, data)
run = run_inline(nb, nb.import_upload("customers", upload, owner=str(ann.pk)).run.id)
bob.is_staff = True
bob.save()
bob.user_permissions.add(Permission.objects.get(codename="view_run"))
for person in (ann, bob):
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person)
    page = client.get(f"/admin/narrowboat/run/{run.id}/change/")
    text = page.content.decode()
    told = ["never ever" in text, "not-a-date" in text]
    print(page.status_code, *told, client.get(f"/admin/narrowboat/run/{run.id}/file/").status_code)
"""


def test_who_may_see_runs_but_not_download_reads_no_row_in_the_admin(folder: Path) -> None:
    said = manage(folder, "shell", "-c", SEEN).stdout.splitlines()[-2:]
    assert said == ["200 True False 200", "200 False True 404"]
