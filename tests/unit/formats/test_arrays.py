"""Rows of a report as lines, and back."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alteration, Table
from narrowboat.data.formats import format_named
from narrowboat.data.formats.arrays import Arrays, decoded
from narrowboat.errors import NotRepresentable
from tests.unit.formats.tables import Colour, Given, Word, any_table


def lines(given: Given) -> bytes:
    writer = Arrays().writer()
    begun = writer.begin(given.table, given.rows)
    return begun + b"".join(map(writer.block, given.blocks)) + writer.end()


def one(value: Any, type: Type = Type.ANY) -> Any:
    """What one cell becomes in JSON."""
    ((cell,),) = json.loads(b"[%b]" % lines(Given(Table("t", (Column("a", type),)), ([(value,)],))))
    return cell


@pytest.mark.parametrize(
    ("value", "type", "cell"),
    [
        (None, Type.DECIMAL, None),
        ("<b>Zoë</b> 😀\n", Type.TEXT, "<b>Zoë</b> 😀\n"),
        (7, Type.INTEGER, 7),
        (1.5, Type.ANY, 1.5),
        (True, Type.ANY, True),
        (1, Type.BOOLEAN, True),
        (2, Type.BOOLEAN, 2),
        (2**53, Type.INTEGER, "9007199254740992"),
        (2**53, Type.ANY, {"integer": "9007199254740992"}),
        ("12", Type.INTEGER, {"text": "12"}),
        (Decimal("12.50"), Type.MONEY, "12.50"),
        (Decimal("12.50"), Type.ANY, {"decimal": "12.50"}),
        (12.5, Type.DECIMAL, 12.5),
        (date(2026, 3, 1), Type.DATE, "2026-03-01"),
        (date(2026, 3, 1), Type.TEXT, {"date": "2026-03-01"}),
        (datetime(2026, 3, 1, 14, 30, tzinfo=UTC), Type.DATETIME, "2026-03-01T14:30:00+00:00"),
        (datetime(2026, 3, 1, 14, 30), Type.DATE, {"datetime": "2026-03-01T14:30:00"}),
        (time(14, 30), Type.TIME, "14:30:00"),
        (b"\xff\x00", Type.BINARY, "/wA="),
        (b"\xff\x00", Type.ANY, {"binary": "/wA="}),
        ("text", Type.BINARY, {"text": "text"}),
        (float("nan"), Type.FLOAT, {"float": "nan"}),
        (float("-inf"), Type.FLOAT, {"float": "-inf"}),
        (UUID(int=1), Type.ANY, "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, Type.ANY, 3),
        (Word.HELLO, Type.TEXT, "hello"),
    ],
)
def test_a_cell_stands_as_json_has_it_or_says_what_it_is(value: Any, type: Type, cell: Any) -> None:
    assert one(value, type) == cell


def test_a_row_is_a_line_whatever_its_text_holds() -> None:
    given = Given(Table("t", (Column("a"), Column("b"))), ([("x\ny", 1), ("\u2028\x00\x1f", None)], [("", 2)]))
    made = lines(given)
    assert made.count(b"\n") == 3
    assert [json.loads(line) for line in made.split(b"\n") if line] == [["x\ny", 1], ["\u2028\x00\x1f", None], ["", 2]]


@pytest.mark.parametrize("text", ['],[{"":0},', '[[{"":0},', "]\n[", '"],[{"":0},"', '{"":0}', "\\", '\\"],[{"'])
def test_text_that_looks_like_the_end_of_a_row_is_none(text: str) -> None:
    given = Given(Table("t", (Column("a"), Column("b"))), ([(text, text), (text, 1)], [(None, text)]))
    assert [json.loads(line) for line in lines(given).splitlines()] == [[text, text], [text, 1], [None, text]]


def test_half_a_surrogate_pair_comes_back() -> None:
    given = Given(Table("t", (Column("a", Type.TEXT),)), ([("\ud83d",), ("é",)],))
    assert decoded(lines(given), given.table.columns) == [("\ud83d",), ("é",)]


def test_a_value_of_a_type_that_nobody_knows_is_written_as_text_and_said_so() -> None:
    writer = Arrays().writer()
    writer.begin(Table("t", (Column("a"),)), ())
    writer.block([("x",)])
    assert json.loads(writer.block([(1,), (complex(1, 2),)]).split(b"\n")[1]) == ["(1+2j)"]
    assert writer.alterations.first == [Alteration(3, "a", "written-as-text")]


def test_it_goes_on_from_its_state() -> None:
    columns = (Column("a", Type.MONEY, currency="EUR"),)
    first = Arrays().writer()
    first.begin(Table("t", columns), ())
    first.block([(1,)])
    again = Arrays().writer(json.loads(json.dumps(first.state())))
    assert again.block([(Decimal("2.5"),)]) == b'["2.5"]\n'
    assert again.state()["rows"] == 2


def test_a_report_has_one_table_which_may_have_no_columns() -> None:
    writer = Arrays().writer()
    assert writer.begin(Table("t", ()), ()) + writer.block(()) + writer.end() == b""
    with pytest.raises(NotRepresentable, match="one table"):
        Arrays().writer(writer.state()).begin(Table("u", ()), ())
    assert decoded(b"", (Column("a"),)) == []


@settings(max_examples=60, deadline=None)
@given(given=any_table(), name=st.sampled_from(["csv", "jsonl", "xlsx"]))
def test_rows_that_come_back_make_the_same_file(given: Given, name: str) -> None:
    """What a report is downloaded as is what an export of the same rows would have been."""
    again = Given(
        given.table, tuple(decoded(lines(Given(given.table, (b,))), given.table.columns) for b in given.blocks)
    )

    assert _file(name, again) == _file(name, given)


def _file(name: str, given: Given) -> Any:
    writer = format_named(name).writer()
    made = writer.begin(given.table, given.blocks[0] if given.blocks else ())
    made += b"".join(map(writer.block, given.blocks)) + writer.end()
    if name != "xlsx":
        return made
    sheet = load_workbook(io.BytesIO(made)).worksheets[0]  # which blanks it keeps is said once for values of one type
    return [[(cell.data_type, cell.value, cell.number_format) for cell in row] for row in sheet.rows]
