from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alterations, Table
from narrowboat.data.formats import format_named
from narrowboat.errors import BadConfiguration, BadParameter, NotRepresentable
from tests.unit.formats.tables import Colour, Given, Word, any_table

BOM = b"\xef\xbb\xbf"


def lines(*rows: Sequence[Any], columns: Sequence[Column] = (), **options: str | bool) -> bytes:
    """The rows without BOM and header, unless the options ask for them."""
    return written(*rows, columns=columns, **options)[0]


def written(*rows: Sequence[Any], columns: Sequence[Column] = (), **options: str | bool) -> tuple[bytes, Alterations]:
    columns = columns or [Column(f"c{k}") for k in range(len(rows[0]))]
    writer = format_named("csv", {"bom": False, "header": False, **options}).writer()
    made = writer.begin(Table("t", tuple(columns)), ()) + writer.block([tuple(row) for row in rows]) + writer.end()
    return made, writer.alterations


def cell(value: Any, type: Type = Type.ANY, **more: Any) -> str:
    """How one value is written, in a row of two so that nothing depends on its being alone."""
    made, _ = written((value, "x"), columns=[Column("a", type, **more), Column("b")], formulas="keep")
    return made.decode().removesuffix(",x\r\n")


def escaped(value: Any) -> bool:
    made, altered = written((value, "x"))
    assert altered.counts in ({}, {"formula-escaped": 1})
    assert next(csv.reader([made.decode()], strict=True))[0].startswith("'") or not altered.counts
    return bool(altered.counts)


def test_header_and_rows_with_bom_for_excel() -> None:
    writer = format_named("csv").writer()
    made = writer.begin(Table("t", (Column("id"), Column("name", label="Full name"))), ())
    assert made + writer.block([(1, "Zoë"), (2, b"Ama")]) == BOM + "id,Full name\r\n1,Zoë\r\n2,Ama\r\n".encode()


@pytest.mark.parametrize(
    ("dialect", "start", "line"),
    [
        ("excel", BOM, b"1,a;b,2.5\r\n"),
        ("excel-semicolon", BOM, b'1;"a;b";2,5\r\n'),
        ("tsv", b"", b"1\ta;b\t2.5\r\n"),
        ("unix", b"", b"1,a;b,2.5\n"),
    ],
)
def test_dialects(dialect: str, start: bytes, line: bytes) -> None:
    format = format_named("csv", {"dialect": dialect, "header": False})
    writer = format.writer()
    table = Table("t", (Column("a"), Column("b"), Column("c")))
    assert (writer.begin(table, ()), writer.block([(1, "a;b", 2.5)])) == (start, line)
    assert (format.extension, format.media_type.split(";")[0]) in [
        ("csv", "text/csv"),
        ("tsv", "text/tab-separated-values"),
    ]


def test_the_semicolon_dialect_writes_every_kind_of_number_with_a_decimal_comma() -> None:
    money = Column("m", Type.MONEY)
    row = (1.5, Decimal("2.5"), 3.5, b"4.5", "n.a.")
    columns = [Column("a"), Column("b"), money, Column("d", Type.DECIMAL), money]
    assert lines(row, columns=columns, dialect="excel-semicolon") == b"1,5;2,5;3,50;4,5;n.a.\r\n"


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a,b", '"a,b"'),
        ('say "hi"', '"say ""hi"""'),
        ("two\nlines", '"two\nlines"'),
        ("two\rlines", '"two\rlines"'),
        ("two\r\nlines", '"two\r\nlines"'),
        ('"', '""""'),
        (" padded ", " padded "),
        ("a;b\tc", "a;b\tc"),
        ("a\x1fb", "a\x1fb"),
        ("\x00", "\x00"),
        ("\x1f\x1f,", '"\x1f\x1f,"'),
    ],
)
def test_quotes_are_written_where_they_must_be(text: str, quoted: str) -> None:
    assert cell(text) == cell(text.encode()) == quoted


def test_null_is_nothing_and_empty_text_is_two_quotes() -> None:
    assert lines((None, "", b"", None)) == b',"","",\r\n'


@pytest.mark.parametrize(("quote", "written"), [("minimal", b',"",AA==\r\n'), ("all", b',"","AA=="\r\n')])
def test_no_bytes_are_two_quotes_too(quote: str, written: bytes) -> None:
    columns = tuple(Column(name, Type.BINARY) for name in "abc")
    writer = format_named("csv", {"bom": False, "header": False, "quote": quote}).writer()
    writer.begin(Table("t", columns), [])
    assert writer.block([(None, b"", b"\0")]) == written


def test_a_lone_null_is_no_empty_line_since_readers_skip_those() -> None:
    assert lines((None,), ("",), ("a",)) == b'""\r\n""\r\na\r\n'
    assert lines((None,), ("",), null="NULL") == b'NULL\r\n""\r\n'


def test_text_that_looks_like_the_null_text_is_quoted() -> None:
    assert lines((None, "NULL", b"NULL", "null", ""), null="NULL") == b'NULL,"NULL","NULL",null,""\r\n'


def test_quote_all_quotes_everything_but_null() -> None:
    row = (1, "a", None, True, "", date(2026, 2, 28), 'x"y')
    assert lines(row, quote="all") == b'"1","a",,"true","","2026-02-28","x""y"\r\n'


def test_quote_all_quotes_once_in_columns_of_several_types() -> None:
    assert lines((1, "a"), ("b", None), (None, 2.5), quote="all") == b'"1","a"\r\n"b",\r\n,"2.5"\r\n'


def test_quote_all_quotes_the_header() -> None:
    assert lines((1,), columns=[Column("id")], quote="all", header=True) == b'"id"\r\n"1"\r\n'


def test_a_file_never_begins_like_excels_sylk_format() -> None:
    assert lines((1, 2), columns=[Column("ID"), Column("b")], header=True).startswith(b'"ID",b')
    assert lines((1, 2), columns=[Column("ID"), Column("b")], header=True, bom=True).startswith(BOM + b"ID,b")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=cmd|' /C calc'!A0", "+SUM(A1)", "-1+cmd|' /C calc'!A0", "@SUM(A1:A9)", "\t=1", "\r=1", "\n=1", "-a",
     "+a", "\uff1dA1", "\uff0bA1", "\uff0dA1", "\uff20A1", "\uff0b1", "=", "@", "+1\x1fA", "+1+1\n=A1", "-1e5A"],
)  # fmt: skip
def test_text_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert escaped(text)
    assert escaped(text.encode())
    assert cell(text).strip('"') == text  # kept when asked for


@pytest.mark.parametrize(
    "text",
    ["+233 20 123-4567", "+233201234567", "+49 (0)30 / 123-45", "-12.5", "-12,5", "+1", "-1.5e-07", "-5%", "-",
     "+1.234,56", "a=b", "1+1", "mail@example.com", "'=1", " =1", "", "\uff1e", "café", "1\t2", "\u2212a"],
)  # fmt: skip
def test_numbers_phones_and_other_text_stay_as_they_are(text: str) -> None:
    assert not escaped(text)
    assert not escaped(text.encode())


@pytest.mark.parametrize("number", [-1, -2.5, float("-inf"), Decimal("-3.5"), Colour.RED])
def test_numbers_are_never_escaped(number: Any) -> None:
    assert not escaped(number)


def test_each_escape_is_noted_by_row_and_column() -> None:
    _, altered = written(("a", "=1"), ("+1", "b"), ("@x", "-1 or +2"))
    assert altered.counts == {"formula-escaped": 3}
    assert altered.first == [
        (1, "c1", "formula-escaped"),
        (3, "c0", "formula-escaped"),
        (3, "c1", "formula-escaped"),
    ]


def test_the_header_is_escaped_too() -> None:
    made, altered = written((1, 2), columns=[Column("=A1"), Column("+1")], header=True)
    assert made == b"'=A1,+1\r\n1,2\r\n"
    assert altered.first == [(0, "=A1", "formula-escaped")]


def test_text_that_is_not_utf8_is_repaired_and_noted() -> None:
    made, altered = written((b"ok", b"a\xffb"), ("lone \ud800!", b"=\xfe"))
    assert made.decode() == "ok,a\ufffdb\r\nlone \ufffd\ufffd\ufffd!,'=\ufffd\r\n"
    assert altered.counts == {"not-utf-8": 3, "formula-escaped": 1}


@pytest.mark.parametrize(
    ("value", "type", "shown"),
    [
        (True, Type.ANY, "true"),
        (1, Type.BOOLEAN, "true"),
        (0, Type.BOOLEAN, "false"),
        (2, Type.BOOLEAN, "2"),
        (1, Type.ANY, "1"),
        (2**70, Type.INTEGER, "1180591620717411303424"),
        (0.1, Type.FLOAT, "0.1"),
        (float("nan"), Type.FLOAT, "nan"),
        ("007", Type.TEXT, "007"),
        ("007", Type.ANY, "007"),
        (7, Type.TEXT, "7"),
        (date(2026, 2, 28), Type.DATE, "2026-02-28"),
        (b"2026-02-28", Type.DATE, "2026-02-28"),
        (time(9, 5), Type.TIME, "09:05:00"),
        (datetime(2026, 2, 28, 9, 5), Type.DATETIME, "2026-02-28 09:05:00"),
        ("2026-02-28T09:05:00", Type.DATETIME, "2026-02-28 09:05:00"),
        (b"2026-02-28 09:05:00", Type.DATETIME, "2026-02-28 09:05:00"),
        ("2026-02-28T09:05:00Z", Type.DATETIME, "2026-02-28 09:05:00+00:00"),
        ("2026-02-30T09:05:00Z", Type.DATETIME, "2026-02-30T09:05:00Z"),
        ("last week", Type.DATETIME, "last week"),
        (Decimal("1E+3"), Type.ANY, "1000"),
        (Decimal("1.10"), Type.DECIMAL, "1.10"),
        (Decimal("NaN"), Type.DECIMAL, "NaN"),
        (Decimal("1E+999999999"), Type.DECIMAL, "1E+999999999"),
        (5, Type.MONEY, "5.00"),
        (0.1, Type.MONEY, "0.10"),
        (0.125, Type.MONEY, "0.125"),
        (1e22, Type.MONEY, "10000000000000000000000.00"),
        (2**60, Type.MONEY, "1152921504606846976.00"),
        (float("inf"), Type.MONEY, "inf"),
        ("12.5", Type.MONEY, "12.50"),
        (b"12.55", Type.MONEY, "12.55"),
        ("n/a", Type.MONEY, "n/a"),
        (b"\x00\xff", Type.BINARY, "AP8="),
        ("text", Type.BINARY, "text"),
        (UUID(int=1), Type.ANY, "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, Type.ANY, "3"),
        (Word.HELLO, Type.ANY, "hello"),
    ],
)
def test_values_by_type(value: Any, type: Type, shown: str) -> None:
    assert cell(value, type) == shown


def test_an_int_longer_than_python_prints_is_hexadecimal() -> None:
    assert cell(10**5000) == hex(10**5000)
    assert cell(10**5000, Type.MONEY) == hex(10**5000)


def test_a_large_float_in_a_money_column_is_written_alike_beside_any_other() -> None:
    column = [Column("a", Type.MONEY)]
    assert lines((4.081763496975962e16,), columns=column) == b"40817634969759620.00\r\n"
    assert lines((4.081763496975962e16,), (0.125,), columns=column) == b"40817634969759620.00\r\n0.125\r\n"


def test_scale_adds_digits_and_never_cuts_them() -> None:
    assert cell(Decimal("1.5"), Type.DECIMAL, scale=4) == "1.5000"
    assert cell(Decimal("1.23456"), Type.DECIMAL, scale=4) == "1.23456"
    assert cell(3, Type.MONEY, scale=0) == "3"


def test_an_aware_moment_is_shown_in_the_columns_zone_with_its_offset() -> None:
    moment = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert cell(moment, Type.DATETIME, zone="Europe/Zurich") == "2026-07-01 14:00:00+02:00"
    assert cell("2026-07-01 12:00:00+00", Type.DATETIME, zone="Europe/Zurich") == "2026-07-01 14:00:00+02:00"
    assert cell(moment.astimezone(timezone(timedelta(hours=9))), Type.DATETIME) == "2026-07-01 12:00:00+00:00"
    assert cell(datetime(2026, 7, 1), Type.DATETIME, zone="Europe/Zurich") == "2026-07-01 00:00:00"
    assert cell(datetime.min.replace(tzinfo=UTC), zone="America/New_York") == "0001-01-01 00:00:00+00:00"


def test_an_unknown_zone_is_refused_before_any_row() -> None:
    with pytest.raises(BadConfiguration, match="'Nowhere/Land'"):
        lines((1,), columns=[Column("a", zone="Nowhere/Land")])


def test_a_value_of_a_type_nobody_foresaw_is_written_as_text_and_noted() -> None:
    made, altered = written((timedelta(days=2), ["=x"]))
    assert made == b"\"2 days, 0:00:00\",['=x']\r\n"
    assert altered.counts == {"written-as-text": 2}


def test_a_column_whose_cells_change_their_type_goes_on() -> None:
    made = lines((1,), ("two",), (3.5,), (None,), (b"=4",), (date(2026, 1, 1),), (True,))
    assert made == b'1\r\ntwo\r\n3.5\r\n""\r\n\'=4\r\n2026-01-01\r\ntrue\r\n'


@pytest.mark.parametrize("wrong", [(1,), (1, 2, 3)])
def test_a_row_of_another_width_is_refused_by_number(wrong: tuple[int, ...]) -> None:
    writer = format_named("csv").writer()
    writer.begin(Table("t", (Column("a"), Column("b"))), ())
    writer.block([(1, 2)] * 5)
    with pytest.raises(NotRepresentable, match=f"Row 7 has {len(wrong)} cells, the table 2 columns"):
        writer.block([(1, 2), wrong, (1, 2)])


def test_rows_that_are_all_too_wide_are_refused_too() -> None:
    with pytest.raises(NotRepresentable, match="Row 1 has 3 cells"):
        lines((1, 2, 3), columns=[Column("a"), Column("b")])


def test_a_second_table_is_refused_with_the_way_out() -> None:
    writer = format_named("csv").writer()
    writer.begin(Table("one", (Column("a"),)), ())
    with pytest.raises(NotRepresentable, match=r"'two' would be the second. Ask for csv\.zip"):
        writer.begin(Table("two", (Column("a"),)), ())


def test_a_table_without_columns_is_refused() -> None:
    with pytest.raises(NotRepresentable, match="no columns"):
        format_named("csv").writer().begin(Table("t", ()), ())


@pytest.mark.parametrize(
    "options",
    [{"dialect": "exel"}, {"bom": "maybe"}, {"bom": []}, {"dialect": {}}, {"header": 1}, {"null": 5}, {"null": "\""},
     {"null": "a,b"},
     {"quote": "some"}, {"formulas": True}, {"colour": "red"}],
)  # fmt: skip
def test_a_bad_option_is_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(BadParameter, match=f"'{next(iter(options))}'"):
        format_named("csv", options)


def test_flags_may_come_as_words_from_a_query_string() -> None:
    assert lines((1,), header="true", bom="false") == b"c0\r\n1\r\n"


STARTS = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
HARMLESS = re.compile(r"[+-][0-9 ().,/-]*|[+-][0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+|%)|[+-][0-9]+,[0-9]+%")


def expected(value: object) -> str:
    """What a reader should find, put plainly."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    return "'" + value if STARTS.match(value) and not HARMLESS.fullmatch(value) else value


simple = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(alphabet="=+-@\t\r\n\"',;\x1f 1a")
)


@settings(deadline=None)
@given(st.lists(st.tuples(simple, simple, simple), min_size=1), st.sampled_from(["excel", "tsv", "unix"]))
def test_pythons_reader_finds_what_was_written(rows: list[tuple[Any, ...]], dialect: str) -> None:
    made = lines(*rows, dialect=dialect).decode()
    reader = csv.reader(io.StringIO(made, newline=""), strict=True, delimiter="\t" if dialect == "tsv" else ",")
    assert list(reader) == [[expected(value) for value in row] for row in rows]


@settings(max_examples=300, deadline=None)
@given(any_table(), st.sampled_from(["excel", "excel-semicolon", "tsv"]), st.sampled_from(["minimal", "all"]))
def test_a_cell_is_written_the_same_whatever_its_neighbours_are(table: Given, dialect: str, quote: str) -> None:
    rows, columns = table.rows or [(None,) * len(table.table.columns)], table.table.columns
    alone = b"".join(lines(row, columns=columns, dialect=dialect, quote=quote) for row in rows)
    assert lines(*rows, columns=columns, dialect=dialect, quote=quote) == alone


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.none() | st.text()), min_size=1))
def test_text_gives_the_same_bytes_as_str_and_as_utf8(rows: list[tuple[str, str | None]]) -> None:
    as_bytes = [tuple(value if value is None else value.encode() for value in row) for row in rows]
    assert lines(*rows) == lines(*as_bytes)
