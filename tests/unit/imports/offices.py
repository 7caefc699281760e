"""An office that imports customers: files as people send them, the job, and what came of it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from narrowboat import Narrowboat
from narrowboat.data.records import Field
from narrowboat.data.sources.spreadsheet import open_book
from narrowboat.data.targets import table
from narrowboat.kernel.model import Reject, Run
from narrowboat.kernel.runner import Moment, Settings
from narrowboat.testing import run_inline
from tests.unit.targets.places import Place

HEADERS = ("Name", "Phone", "Mark", "Credit")
FIELDS = (
    Field("phone", required=True),
    Field("mark"),
    Field("name", required=True),
    Field("credit"),
)
Row = tuple[Any, ...]


def customer(row: int, **values: Any) -> Row:
    """Row n of a file is a customer of its own, but for the values given."""
    made = {"name": f"Ama {row}", "phone": f"+233{row:07}", "mark": f"M{row}", "credit": 5, **values}
    return tuple(made.values())


def customers(rows: int, **mistakes: Any) -> list[Row]:
    """Rows 2 to rows + 1 of a file. mistakes: `r5={"name": None}` for row 5."""
    return [customer(row, **mistakes.get(f"r{row}", {})) for row in range(2, rows + 2)]


@dataclass
class Office:
    """A Narrowboat with one import, `customers`, beside or in the shop's database."""

    folder: Path
    shop: Place
    nb: Narrowboat

    def file(self, rows: Sequence[Row], name: str = "customers.csv", headers: Sequence[str] = HEADERS) -> Path:
        path = self.folder / name
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([headers, *rows])
        return path

    def run(self, file: Path, *, watch: Callable[[Moment], None] | None = None, **choices: Any) -> Run:
        """Import it in this thread, to the end."""
        return run_inline(self.nb, self.nb.import_file("customers", file, **choices).run.id, watch=watch)

    def undo(self, run: Run) -> Run:
        return run_inline(self.nb, self.nb.undo(run).run.id)

    def rejects(self, run: Run) -> Sequence[Reject]:
        return self.nb.store.rejects(run.id, limit=10_000)

    def codes(self, run: Run) -> dict[int, str]:
        return {reject.row: reject.code for reject in self.rejects(run)}

    def names(self) -> dict[str, str]:
        return dict(self.shop.rows("select phone, name from customers"))  # type: ignore[arg-type]

    def artifact(self, run: Run) -> list[Row]:
        """The rows of the file of rejects, read by a reader that nobody here wrote."""
        assert run.artifact is not None
        book = openpyxl.load_workbook(self.nb.run_folder(run.id) / run.artifact.path)
        return list(book.worksheets[0].iter_rows(values_only=True))

    def marked(self, run: Run) -> set[str]:
        """The cells of the file of rejects that are pointed out."""
        assert run.artifact is not None
        sheet = openpyxl.load_workbook(self.nb.run_folder(run.id) / run.artifact.path).worksheets[0]
        return {cell.coordinate for row in sheet for cell in row if cell.fill.fill_type}


@contextmanager
def office(folder: Path, shop: Place, *, together: bool, chunk: float = 0.5, **terms: Any) -> Iterator[Office]:
    """together: the runs are in the shop's own database. Else they have one of their own, and receipts are left."""
    nb = Narrowboat(
        shop.url if together else f"sqlite:///{folder}/runs.db",
        folder=folder / "files", settings=Settings(chunk=chunk, barren_limit=1000),
    )  # fmt: skip
    fixed: dict[str, Any] = {"unique": ["phone", "mark"], "block_rows": 100, "opener": open_book, **terms}
    into = fixed.pop("into", None) or table(shop.url, "customers")
    nb.importer("customers", row=fixed.pop("row", FIELDS), into=into, **fixed)
    with closing(nb.store):
        yield Office(folder, shop, nb)
