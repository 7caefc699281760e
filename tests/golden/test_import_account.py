"""The account of an import, word for word: other programs read it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from narrowboat import Narrowboat
from narrowboat.data.records import Field
from narrowboat.data.sources.spreadsheet import open_book
from narrowboat.data.targets import table
from narrowboat.testing import run_inline
from tests.unit.targets.places import CUSTOMERS, Sqlite


def test_the_account_of_a_simple_import_has_exactly_these_keys(tmp_path: Path) -> None:
    shop, file = Sqlite(tmp_path / "shop.db"), tmp_path / "customers.csv"
    shop.run(CUSTOMERS, "insert into customers (id, phone, name) values (17, '+233201234567', 'Kofi')")
    file.write_text("Name,Phone\nAma,+233209999999\nKofi,+233201234567\n,call me\n")
    nb = Narrowboat(f"sqlite:///{tmp_path}/runs.db")
    fields = [Field("name", required=True), Field("phone", required=True, check=digits)]
    nb.importer("customers", row=fields, into=table(shop.url, "customers"), unique=["phone"], opener=open_book)
    with closing(nb.store):
        run = run_inline(nb, nb.import_file("customers", file).run.id)
        assert nb.account(run, plain=True) == {
            "success": False,
            "message": "3 rows: 1 created, 2 rejected.",
            "total_attempted": 3,
            "total_created": 1,
            "total_failed": 2,
            "failed_customers": [
                {
                    "source_row_number": 3,
                    "error": "Phone: there is a record with this phone already: id 17",
                    "customer_data": {"Name": "Kofi", "Phone": "+233201234567"},
                },
                {
                    "source_row_number": 4,
                    "error": "Name: is required; Phone: must begin with a plus",
                    "customer_data": {"Name": None, "Phone": "call me"},
                },
            ],
        }
        assert nb.account(run) == {
            "id": run.id,
            "job": "customers",
            "kind": "import",
            "state": "partial",
            "complete": True,
            "dry_run": False,
            "message": "3 rows: 1 created, 2 rejected.",
            "rows": 3,
            "created": 1,
            "updated": 0,
            "removed": 0,
            "restored": 0,
            "skipped": 0,
            "rejected": 2,
            "columns": [
                {"header": "Name", "field": "name", "how": "name"},
                {"header": "Phone", "field": "phone", "how": "name"},
            ],
            "warnings": [],
            "rejects_kept": 2,
            "rejects": [
                {
                    "row": 3,
                    "problems": [
                        {
                            "column": "Phone",
                            "code": "exists",
                            "message": "there is a record with this phone already: id 17",
                        }
                    ],
                    "data": {"Name": "Kofi", "Phone": "+233201234567"},
                },
                {
                    "row": 4,
                    "problems": [
                        {"column": "Name", "code": "required", "message": "is required"},
                        {"column": "Phone", "code": "invalid", "message": "must begin with a plus"},
                    ],
                    "data": {"Name": None, "Phone": "call me"},
                },
            ],
        }


def digits(phone: str) -> str:
    if not phone.startswith("+"):
        raise ValueError("must begin with a plus")
    return phone
