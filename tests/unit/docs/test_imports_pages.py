"""The pages about imports: what they show works, and every code is on the page of codes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat
from narrowboat.testing import run_inline

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
CODES = (DOCS / "reference/import-codes.md").read_text()
PLACES = ("data/records", "data/targets")


def codes_in_the_source() -> set[str]:
    texts = [path.read_text() for place in PLACES for path in (ROOT / "src/narrowboat" / place).rglob("*.py")]
    made = r'(?:Problem|Refused)\(\s*"([a-z-]+)"|: \("([a-z-]+)", "|NO_PARENT: Final = "([a-z-]+)"|return "(invalid)"'
    return {code for text in texts for found in re.findall(made, text) for code in found if code}


def test_every_code_of_a_refused_row_is_on_its_page_and_no_other_is() -> None:
    documented = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", "\n".join(re.findall(r"^\| (`.*?) \|", CODES, re.M))))
    assert documented == codes_in_the_source()


def execute(text: str, names: dict[str, Any]) -> None:
    exec(compile(text, "page", "exec", dont_inherit=True), names)  # noqa: S102  what the page shows is what is run


def check_the_orders(nb: Narrowboat) -> None:
    """What the page's cells mean, and what is told of them."""
    with closing(sqlite3.connect("shop.db", isolation_level=None)) as db:
        db.execute("create table orders (customer_id int, state text, code text unique, weight numeric, 'on' date)")
        db.execute("insert into customers (id, name, phone) values (17, 'Ama', '+233201')")
        Path("orders.csv").write_text(
            "Customer,State,Code,Weight,Ordered\n+233201,Neu,gh-1,2.5,2026-01-31\n+9,lost,x,501,soon\n"
        )
        run = run_inline(nb, nb.import_file("orders", "orders.csv").run.id)
        assert db.execute("select * from orders").fetchall() == [(17, "n", "GH-1", 2.5, "2026-01-31")]
    told = nb.account(run)["rejects"][0]["problems"]
    assert {one["column"]: one["code"] for one in told} == {
        "Customer": "not-found", "Code": "wrong-form", "Weight": "out-of-range", "Ordered": "not-a-date",
    }  # fmt: skip


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("shop.db")) as db:
        db.execute(
            "create table customers (id integer primary key, name text, phone text unique, shipping_mark text unique)"
        )
    (tmp_path / "customers.xlsx").write_text("Name,Phone,Shipping mark\nAma,020 123 4567,A1\nKofi,12,A2\n")
    text = (DOCS / "howto/import-a-spreadsheet.md").read_text()
    define, start, look, cells, tenants, elsewhere = re.findall(r"```python\n(.*?)```", text, re.S)
    names: dict[str, Any] = {"__name__": "page"}
    execute(define + start, names)
    run_inline(names["nb"], names["submitted"].run.id)
    execute(look + cells + tenants + elsewhere, names)
    account = names["nb"].account(names["run"], plain=True)
    assert account["message"] == "2 rows: 1 created, 1 rejected."
    assert account["failed_customers"][0]["error"] == "Phone: '12' is no telephone number that exists"
    again = names["nb"].undo(names["run"])
    assert run_inline(names["nb"], again.run.id).counters.created == 1
    check_the_orders(names["nb"])
    assert [field.name for field in names["nb"].importing("members").asked] == ["phone", "branch_id"]
    names["nb"].store.close()
