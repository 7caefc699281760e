"""Imports of narrowboat.toml: what they become, and how they say what is wrong."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat.cli.config import read
from narrowboat.data.columns import Type
from narrowboat.data.records import Rules
from narrowboat.errors import BadConfiguration
from narrowboat.testing import run_inline

PAGE = Path(__file__).parents[3] / "docs/howto/import-a-spreadsheet.md"
EXAMPLE, TENANTS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.S)
FULL = """
[sources]
shop = "sqlite:///shop.db"

[imports.prices]
into = "shop"
table = "prices"
unique = [["shop", "code"], "bar"]
mode = "upsert"
title = "Prices"
decimal_comma = true
preview = 0
limit = 2

[imports.prices.fields]
shop = {type = "integer", lookup = {table = "shops", by = "name"}}
code = {type = "text", max_length = 8, pattern = "[a-z]+"}
bar = {default = "none", values = {"-" = "none"}, label = "Bar code"}
price = {type = "decimal", required = true, aliases = ["Unit price"], min = 0, max = 99.5}
sold = {type = "boolean", default = true}
"""


def config(folder: Path, text: str) -> Path:
    path = folder / "narrowboat.toml"
    path.write_text(text)
    return path


def test_the_pages_fields_of_who_imports_are_read(tmp_path: Path) -> None:
    members = '[imports.members]\ninto = "shop"\ntable = "members"\nunique = ["phone"]\n'
    nb = read(config(tmp_path, EXAMPLE + members + TENANTS))
    tenant, phone, branch = nb.importing("members").fields
    assert (tenant.requester, phone.required, branch.lookup and dict(branch.lookup.where)) == (
        "tenant", True, {"tenant": "tenant"},
    )  # fmt: skip


def test_the_pages_import_works(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.execute(
            "create table customers (id integer primary key, name text, phone text unique, shipping_mark text unique)"
        )
        nb = read(config(tmp_path, EXAMPLE))
        file = tmp_path / "customers.csv"
        file.write_text("Name,Mobile,Shipping mark\nAma,020 123 4567,A1\nKofi,12,A2\n")
        with closing(nb.store):
            run = run_inline(nb, nb.import_file("customers", file).run.id)
            assert run.counters[:5] == (2, 1, 0, 0, 1), run.error
            assert db.execute("select name, phone from customers").fetchall() == [("Ama", "+233201234567")]
            assert run_inline(nb, nb.undo(run).run.id).counters.rejected == 0


def test_all_that_can_be_said_of_an_import_arrives(tmp_path: Path) -> None:
    job = read(config(tmp_path, FULL)).importing("prices")
    assert (job.unique, job.mode, job.title, job.preview, job.limit) == (
        (("shop", "code"), ("bar",)), "upsert", "Prices", 0, 2,
    )  # fmt: skip
    assert job.manners.decimal_comma
    shop, code, bar, price, sold = job.fields
    assert shop.lookup is not None
    assert (shop.lookup.table, shop.lookup.by, shop.lookup.gives) == ("shops", "name", "id")
    assert (code.type, bar.default, bar.values, bar.label) == (Type.TEXT, "none", {"-": "none"}, "Bar code")
    assert (price.type, price.required, price.aliases) == (Type.DECIMAL, True, ("Unit price",))
    assert (sold.type, sold.default) == (Type.BOOLEAN, True)
    assert (code.check, price.check) == (Rules(max_length=8, pattern="[a-z]+"), Rules(min=0, max=99.5))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('into = "shop"', 'into = "shed"', "imports.prices.into must be one of sources: shop"),
        ('table = "prices"', "", "imports.prices needs table"),
        ('mode = "upsert"', 'mode = "merge"', "imports.prices: mode='merge' is not known"),
        ('code = {type = "text"', 'code = {type = "words"', "imports.prices.fields.code.type must be one of any, text"),
        (
            "min = 0",
            "min_length = 0",
            "imports.prices: min_length, max_length and pattern are for text, not for decimal",
        ),
        ("max_length = 8", "phone = true", "imports.prices.fields.code: a telephone number has its own rules"),
        ("preview = 0", "previw = 0", "There is no key imports.prices.previw"),
        ('by = "name"', 'per = "name"', "There is no key imports.prices.fields.shop.lookup.per"),
        (', by = "name"', "", "imports.prices.fields.shop.lookup needs table and by"),
        ('"bar"]', '"barcode"]', "imports.prices: unique=… names 'barcode', which is no field"),
        ('"bar"]', "1]", "imports.prices.unique must be text, not 1"),
    ],
)
def test_what_is_wrong_in_an_import_is_told_by_its_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadConfiguration, match=re.escape(said)):
        read(config(tmp_path, FULL.replace(old, new)))
