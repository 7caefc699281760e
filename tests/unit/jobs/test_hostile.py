"""What people may ask and tables may hold that breaks exports: each has its code and a message, or does no harm."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from narrowboat import Narrowboat
from narrowboat.data.source import Source
from narrowboat.data.sources import query, rows, table
from narrowboat.errors import BadParameter
from narrowboat.jobs.output import Output
from narrowboat.kernel.model import Run, State
from narrowboat.testing import run_inline

NAMES = ["t; drop table t", 't" where 1=1 --', "t' or '1'='1", "(select * from t)", "sqlite_master; --"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db:
        db.execute("create table t (id integer primary key, v)")
        changing = (
            number if number < 500 else f"text {number}" if number % 2 else number / 3 for number in range(20_000)
        )
        db.executemany("insert into t values (?, ?)", enumerate(changing, 1))
        db.execute("create table odd (id integer primary key, v text)")
        db.executemany("insert into odd (v) values (?)", [("a\0b",), ("\x01\x1f\ufffe",), ("x" * 40_000,), ("]]>",)])
        db.commit()
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture
def export(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    nb = Narrowboat(f"sqlite:///{tmp_path / 'runs.db'}", folder=tmp_path / "files")
    chosen: list[Any] = []
    nb.export("hostile")(lambda: chosen[-1])

    def export(source: Source, format_name: str = "csv", **output: Any) -> Run:
        chosen.append(source)
        return run_inline(nb, nb.start("hostile", output=Output.parse({"format": format_name, **output})).run.id)

    with closing(nb.store):
        yield export


def told(run: Run) -> tuple[State, str | None]:
    return run.state, run.error_code


def lines(tmp_path: Path, run: Run) -> list[list[str]]:
    text = (tmp_path / "files" / "runs" / run.id / "hostile.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def intact(url: str) -> bool:
    found = table(url, "t").count()
    return found is not None and found.rows == 20_000


@pytest.mark.parametrize("name", ["nowhere", *NAMES])
def test_a_table_that_is_not_there_is_named_with_those_there_are(
    url: str, export: Callable[..., Run], name: str
) -> None:
    run = export(table(url, name))
    assert told(run) == (State.FAILED, "source-failed")
    assert name in (run.error or "")
    assert "Tables: odd, t." in (run.error or "")
    assert intact(url)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_columns_are_never_statements(url: str, export: Callable[..., Run], name: str) -> None:
    for source in (table(url, "t").columns(name), table(url, "t").where(name, "=", 1), table(url, "t").order_by(name)):
        run = export(source)
        assert told(run) == (State.FAILED, "unknown-column")
        assert "Columns: id, v." in (run.error or "")
    assert intact(url)


def test_values_of_conditions_are_never_statements(tmp_path: Path, url: str, export: Callable[..., Run]) -> None:
    for value in NAMES:
        assert lines(tmp_path, export(table(url, "t").where(v=value))) == [["id", "v"]]
    assert intact(url)


@pytest.mark.parametrize("pages", ["0", "-1", "1-0", "x", "1-2000"])
def test_a_page_that_cannot_be_is_refused_before_anything_starts(url: str, pages: str) -> None:
    with pytest.raises(BadParameter, match="is not a page or a range"):
        Output.parse({"pages": pages, "page_size": 10})


@pytest.mark.parametrize("format_name", ["xlsx", "csv"])
def test_a_statement_that_fails_at_row_9999_says_so_and_keeps_what_was_before(
    url: str, export: Callable[..., Run], format_name: str
) -> None:
    statement = "select id, case when id = 9999 then abs(-9223372036854775807 - 1) else id end as n from t"
    run = export(query(url, statement, key=("id",)), format_name)
    assert told(run) == (State.FAILED, "source-failed")
    assert "integer overflow" in (run.error or "")
    assert 0 < run.counters.rows < 9999
    assert run.artifact is None


@pytest.mark.parametrize("format_name", ["xlsx", "csv", "jsonl", "parquet"])
def test_a_column_may_change_its_type_in_the_middle(url: str, export: Callable[..., Run], format_name: str) -> None:
    run = export(table(url, "t"), format_name)
    assert (told(run), run.counters.rows, run.counters.altered) == ((State.SUCCEEDED, None), 20_000, 0)


def test_characters_that_no_cell_can_hold_are_spelled_out_and_long_text_is_cut_and_both_are_told(
    tmp_path: Path, url: str, export: Callable[..., Run]
) -> None:
    run = export(table(url, "odd"), "xlsx")
    assert run.artifact is not None
    assert run.artifact.manifest["altered"]["counts"] == {"control-characters": 2, "cut-at-32767": 1}
    book = openpyxl.load_workbook(tmp_path / "files" / "runs" / run.id / "hostile.xlsx")
    cells = [row[1] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert (len(cells[2]), cells[3]) == (32_767, "]]>")
    plain = export(table(url, "odd"))
    assert [len(line[1]) for line in lines(tmp_path, plain)[1:]] == [3, 3, 40_000, 3]


def test_more_columns_than_a_sheet_has_are_refused_and_a_text_file_takes_them(
    tmp_path: Path, export: Callable[..., Run]
) -> None:
    wide = rows([tuple(range(20_000))], columns=[f"c{number}" for number in range(20_000)])
    run = export(wide, "xlsx")
    assert told(run) == (State.FAILED, "not-representable")
    assert "16,384" in (run.error or "")
    assert [len(line) for line in lines(tmp_path, export(wide))] == [20_000, 20_000]


def test_no_rows_are_a_valid_file_with_its_header(tmp_path: Path, url: str, export: Callable[..., Run]) -> None:
    none = table(url, "t").where(id=-1)
    assert lines(tmp_path, export(none)) == [["id", "v"]]
    run = export(none, "xlsx")
    book = openpyxl.load_workbook(tmp_path / "files" / "runs" / run.id / "hostile.xlsx")
    assert list(book.active.iter_rows(values_only=True)) == [("id", "v")]
    assert (run.state, run.counters.rows, run.total) == (State.SUCCEEDED, 0, 0)
