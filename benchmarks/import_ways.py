"""Ways to import customers, one process each: `import_ways.py WAY FILE URL`. Imports nothing but what the way needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

COPY = "copy customers (name, phone, shipping_mark, city, credit) from stdin"
INSERT = "insert into customers (name, phone, shipping_mark, city, credit) values (%s, %s, %s, %s, %s)"


def narrowboat(file: str, url: str) -> None:
    """Checked by a model, in a child process with limits for the file, with a report."""
    import gc

    gc.set_threshold(50_000, 20, 50)  # as the command does first of all
    import tempfile
    from contextlib import closing
    from decimal import Decimal

    from pydantic import BaseModel

    from narrowboat import Narrowboat
    from narrowboat.data.records import Phone
    from narrowboat.data.targets import table
    from narrowboat.testing import run_inline

    class Customer(BaseModel):
        name: str
        phone: Phone
        shipping_mark: str
        city: str
        credit: Decimal

    # In a module of its own the annotations would be found by themselves.
    Customer.model_rebuild(_types_namespace={"Phone": Phone, "Decimal": Decimal})
    with tempfile.TemporaryDirectory() as folder:
        nb = Narrowboat(f"sqlite:///{folder}/runs.db")
        nb.importer("customers", row=Customer, into=table(url, "customers"), unique=["phone", "shipping_mark"])
        with closing(nb.store):
            run = run_inline(nb, nb.import_file("customers", Path(file)).run.id)
            if nb.account(run)["rejected"] or run.error:
                raise SystemExit(run.error or "rows were refused")
    gc.freeze()  # as the command does last of all


def by_table(file: str, url: str) -> None:
    """Fields as the table declares them, however many; without a model."""
    import gc

    gc.set_threshold(50_000, 20, 50)  # as the command does first of all
    import tempfile
    from contextlib import closing

    from narrowboat import Narrowboat
    from narrowboat.data.targets import table
    from narrowboat.testing import run_inline

    into = table(url, "customers")
    with tempfile.TemporaryDirectory() as folder:
        nb = Narrowboat(f"sqlite:///{folder}/runs.db")
        nb.importer("customers", row=into.fields(), into=into, unique=["phone", "shipping_mark"])
        with closing(nb.store):
            run = run_inline(nb, nb.import_file("customers", Path(file)).run.id)
            if nb.account(run)["rejected"] or run.error:
                raise SystemExit(run.error or "rows were refused")
    gc.freeze()  # as the command does last of all


def rows_of(file: str) -> list[list[object]]:
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()[1:]


def floor(file: str, url: str) -> None:
    """Nothing is checked, and one bad row would cost all."""
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows_of(file):
            copy.write_row(row)


def row_by_row(file: str, url: str) -> None:
    """Each row in a transaction of its own, its keys looked for first."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for row in rows_of(file):
            known = "select 1 from customers where phone = %s or shipping_mark = %s"
            with connection.transaction():
                if not connection.execute(known, row[1:3]).fetchone():
                    connection.execute(INSERT, row)


WAYS: dict[str, Callable[[str, str], None]] = {
    "narrowboat": narrowboat,
    "by_table": by_table,
    "floor": floor,
    "row_by_row": row_by_row,
}

if __name__ == "__main__":
    WAYS[sys.argv[1]](*sys.argv[2:])
