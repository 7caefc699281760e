"""CSV files as readers that nobody here wrote understand them: Python's csv, Arrow and LibreOffice."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.csv
import pytest
from openpyxl import load_workbook

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Table
from narrowboat.data.formats import format_named
from tests.golden.office import needs_office, to_xlsx

TEXTS = [
    "plain", "007", "1e5", "2026-01-01", "TRUE", "a,b", "a;b", "a\tb", 'say "hi"', '"', '""', "two\nlines", ",",
    " padded ", "café", "🚚 日本", "e\u0301", "<b>&amp;</b>", "'quoted'", "+233 20 123-4567", "-12.5", "1/2", "50%",
    "x" * 20_000, "\u200b", "\ufeff", "null", "NULL", "#N/A", "{}", "\\", "\\n", "C:\\path\\", "a\u2028b",
    'ends with quote"', "0x1F",
]  # fmt: skip
RISKY = ["=1+1", "+SUM(A1)", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\n=1", "\uff1d1+1"]
COLUMNS = (Column("n", Type.INTEGER), Column("text, the", Type.TEXT), Column("again", Type.TEXT))
ROWS = [(n, text, text) for n, text in enumerate(TEXTS + RISKY, 1)]
EXPECTED = [[n, shown, shown] for n, shown in enumerate([*TEXTS, *("'" + text for text in RISKY)], 1)]
CHARSET = {"excel": "44,34,76", "excel-semicolon": "59,34,76", "tsv": "9,34,76"}
"""LibreOffice's words for delimiter, quote and UTF-8."""


def made(rows: list[Any], columns: tuple[Column, ...] = COLUMNS, **options: str | bool) -> bytes:
    writer = format_named("csv", options).writer()
    return writer.begin(Table("t", columns), rows) + writer.block(rows) + writer.end()


@pytest.mark.parametrize("quote", ["minimal", "all"])
@pytest.mark.parametrize(
    ("dialect", "delimiter"), [("excel", ","), ("excel-semicolon", ";"), ("tsv", "\t"), ("unix", ",")]
)
def test_python_reads_every_cell(dialect: str, delimiter: str, quote: str) -> None:
    text = made(ROWS, dialect=dialect, quote=quote).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    assert header == [column.name for column in COLUMNS]
    assert rows == [[str(cell) for cell in row] for row in EXPECTED]


@pytest.mark.parametrize("quote", ["minimal", "all"])
@pytest.mark.parametrize(("dialect", "delimiter"), [("excel", ","), ("tsv", "\t")])
def test_arrow_reads_every_cell(dialect: str, delimiter: str, quote: str) -> None:
    text = pyarrow.string()
    table = pyarrow.csv.read_csv(
        io.BytesIO(made(ROWS, dialect=dialect, quote=quote)),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types={column.name: text for column in COLUMNS[1:]}),
    )
    assert [list(row.values()) for row in table.to_pylist()] == EXPECTED


def test_arrow_tells_null_from_empty_text() -> None:
    rows = [(1, None, ""), (2, "", None), (3, None, None)]
    table = pyarrow.csv.read_csv(
        io.BytesIO(made(rows)),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={column.name: pyarrow.string() for column in COLUMNS[1:]},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


def test_arrow_finds_the_types() -> None:
    typed = (Column("money", Type.MONEY), Column("yes", Type.BOOLEAN), Column("day", Type.DATE))
    columns = (Column("int"), Column("float"), *typed, Column("at"))
    row = (5, 2.5, Decimal("1.10"), 1, date(2026, 2, 28), datetime(2026, 2, 28, 9, 5))
    (found,) = pyarrow.csv.read_csv(io.BytesIO(made([row], columns))).to_pylist()
    assert tuple(found.values()) == (5, 2.5, 1.1, True, row[4], row[5])


@needs_office
@pytest.mark.parametrize("dialect", ["excel", "excel-semicolon", "tsv"])
def test_libreoffice_reads_every_cell(dialect: str, tmp_path: Path) -> None:
    file = tmp_path / "cells.csv"
    file.write_bytes(made(ROWS, dialect=dialect))
    as_text = f"CSV:{CHARSET[dialect]},1,1/1/2/2/3/2"
    sheet = load_workbook(to_xlsx(file, filter=as_text)).active
    header, *rows = [list(row) for row in sheet.values]
    assert header == [column.name for column in COLUMNS]
    assert rows == EXPECTED


@needs_office
@pytest.mark.parametrize(
    ("dialect", "language", "yes"),
    [("excel", "1033", True), ("excel-semicolon", "1031", "true")],  # German has its own word for true
)
def test_libreoffice_finds_numbers_and_dates_and_runs_nothing(
    dialect: str, language: str, yes: bool | str, tmp_path: Path
) -> None:
    columns = tuple(Column(name) for name in ("int", "float", "day", "at", "yes", "risky"))
    row = (5, -2.5, date(2026, 2, 28), datetime(2026, 2, 28, 9, 5), True, "=1+1")
    file = tmp_path / "types.csv"
    file.write_bytes(made([row], columns, dialect=dialect))
    guessed = f"CSV:{CHARSET[dialect]},1,,{language},false,true,false,false,false,-1,true"
    found = list(load_workbook(to_xlsx(file, filter=guessed)).active.values)[1]
    assert found == (5, -2.5, datetime(2026, 2, 28), datetime(2026, 2, 28, 9, 5), yes, "'=1+1")
