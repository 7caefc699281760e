"""What each column type makes of each kind of value, read from the worksheet's XML as the specification says."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from openpyxl.utils.datetime import from_excel

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alteration, Table
from narrowboat.data.formats.xlsx.format import Xlsx
from narrowboat.errors import BadConfiguration, NotRepresentable

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DAY = 86_400


class Level(IntEnum):
    HIGH = 3


class Colour(StrEnum):
    RED = "red"


def xml_of(file: bytes, part: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return ElementTree.fromstring(archive.read(part))  # noqa: S314 - written here


def unspelled(text: str) -> str:
    """ECMA-376 ST_Xstring: `_x0041_` is A."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def cell_of(element: ElementTree.Element) -> tuple[str, str]:
    """The cell's kind, with the number format where there is a style, and its content."""
    kind = element.get("t", "n") + (f" s{style}" if (style := element.get("s")) else "")
    if element.get("t") == "inlineStr":
        return kind, unspelled(element.findtext(f"{MAIN}is/{MAIN}t") or "")
    return (kind, element.findtext(f"{MAIN}v") or "") if len(element) else ("null", "")


def written(column: Column, *values: Any) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """The cells made of the values, and what was altered."""
    writer = Xlsx(header=False).writer()
    file = writer.begin(Table("t", (column,)), []) + writer.block([(value,) for value in values]) + writer.end()
    cells = [cell_of(cell) for cell in xml_of(file, "xl/worksheets/sheet1.xml").iter(f"{MAIN}c")]
    return cells, writer.alterations.counts


def cell(type: Type, value: Any, **settings: Any) -> tuple[str, str]:
    """The one cell made of a value that fits."""
    cells, altered = written(Column("c", type, **settings), value)
    assert altered == {}
    return cells[0]


def misfit(type: Type, value: Any, **settings: Any) -> str:
    """The text that a value became since it did not fit."""
    cells, altered = written(Column("c", type, **settings), value)
    assert altered == {"written-as-text": 1}
    assert cells[0][0] == "inlineStr"
    return cells[0][1]


NUMERIC = [Type.INTEGER, Type.FLOAT, Type.DECIMAL, Type.MONEY]


@pytest.mark.parametrize("type", list(Type))
def test_nothing_is_nothing_in_every_column(type: Type) -> None:
    assert cell(type, None) == ("null", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("007", "007"),
        (b"007", "007"),
        (7, "7"),
        (2**63, "9223372036854775808"),
        (1.5, "1.5"),
        (True, "TRUE"),
        (Decimal("1.50"), "1.50"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 1, 2, 3), "2024-02-29 01:02:03"),
        (time(1, 2), "01:02:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        (bytearray(b"ab"), "ab"),
        (memoryview(b"ab"), "ab"),
        ("", ""),
    ],
)
def test_a_text_column_holds_anything_as_text(value: Any, text: str) -> None:
    assert cell(Type.TEXT, value) == ("inlineStr", text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", ("inlineStr", "x")),
        (b"x", ("inlineStr", "x")),
        (True, ("b", "1")),
        (False, ("b", "0")),
        (12, ("n", "12")),
        (Level.HIGH, ("n", "3")),
        (-1.5, ("n", "-1.5")),
        (Decimal("12.30"), ("n", "12.30")),
        (date(2024, 2, 29), ("n s2", "45351")),
        (datetime(2024, 2, 29, 12), ("n s3", "45351.500000000000")),
        (time(18, 0), ("n s4", "0.750000000000")),
        (UUID(int=255), ("inlineStr", "00000000-0000-0000-0000-0000000000ff")),
    ],
)
def test_an_undeclared_column_goes_by_each_value(value: Any, expected: tuple[str, str]) -> None:
    assert cell(Type.ANY, value) == expected


def test_kinds_may_be_mixed_in_one_column() -> None:
    cells, altered = written(Column("c"), 1, None, "x", 2.5, True, None, b"y", date(2024, 1, 1))
    kinds = [kind for kind, _ in cells]
    assert kinds == ["n", "null", "inlineStr", "n", "b", "null", "inlineStr", "n s2"]
    assert altered == {}


def test_a_value_of_an_unknown_class_is_written_as_its_text() -> None:
    assert misfit(Type.ANY, timedelta(hours=1)) == "1:00:00"
    assert misfit(Type.INTEGER, [1]) == "[1]"


@pytest.mark.parametrize("type", NUMERIC)
@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, "5"),
        (True, "1"),
        (1.25, "1.25"),
        (Decimal("1.25"), "1.25"),
        (b"1.25", "1.25"),
        ("-3", "-3"),
        ("1E+3", "1E+3"),
    ],
)
def test_a_column_of_numbers_takes_every_kind_of_number(type: Type, value: Any, number: str) -> None:
    kind, content = cell(type, value)
    assert kind.startswith("n")
    assert content == number


@pytest.mark.parametrize("type", [*NUMERIC, Type.ANY])
def test_whole_numbers_are_numbers_up_to_2_to_the_53(type: Type) -> None:
    for value in (2**53, -(2**53)):
        assert cell(type, value)[1] == str(value)
    for value in (2**53 + 1, -(2**53) - 1, 10**30):
        assert misfit(type, value) == str(value)


@pytest.mark.parametrize("type", [*NUMERIC, Type.ANY])
@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("123456789012.345", True),
        ("1234567890123.456", False),
        ("0.000000000000000000012", True),
        ("100000000000000000000", True),
        ("1E+299", True),
        ("1E+400", False),
        ("1E-400", False),
    ],
)
def test_decimals_are_numbers_up_to_15_digits(type: Type, number: str, fits: bool) -> None:
    if fits:
        assert Decimal(cell(type, Decimal(number))[1]) == Decimal(number)
    else:
        assert misfit(type, Decimal(number)) == number


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "007", "1_000", "1,5", "٣", "0x1", "nan", "1\x002", "one", "--1", "1."]
)
def test_text_that_is_no_number_stays_text(text: str) -> None:
    for value in (text, text.encode()):
        cells, altered = written(Column("c", Type.DECIMAL), value)
        assert cells == [("inlineStr", text)]
        assert altered["written-as-text"] == 1


@pytest.mark.parametrize("type", [*NUMERIC, Type.ANY])
@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_infinities_and_nan_are_text(type: Type, value: float) -> None:
    cells, altered = written(Column("c", type), 1.0, value, 1e308, 1e308)
    assert cells[1] == ("inlineStr", str(value))
    assert [float(content) for _, content in cells[2:]] == [1e308, 1e308]
    assert altered == {"not-finite": 1}


@pytest.mark.parametrize("type", [*NUMERIC, Type.ANY])
def test_whole_and_broken_numbers_may_be_mixed(type: Type) -> None:
    values = [1, 2.5, None, 10**15, 1e22, 2**53, 0.1 + 0.2]
    for order in (values, values[::-1]):
        cells, altered = written(Column("c", type), *order)
        assert [content for _, content in cells] == ["" if value is None else str(value) for value in order]
        assert altered == {}


@pytest.mark.parametrize("type", [*NUMERIC, Type.ANY])
def test_only_in_a_column_of_floats_a_whole_number_shows_that_it_is_one(type: Type) -> None:
    floats = type in (Type.FLOAT, Type.ANY)
    cells, altered = written(Column("c", type), 1.0, -0.0, 10.0, 1, 1e16, 10.05, -2.0, 1e-05, 2.0)
    wanted = "1.0 -0.0 10.0 1 1e+16 10.05 -2.0 1e-05 2.0" if floats else "1 0 10 1 1e+16 10.05 -2 1e-05 2"
    assert ([content for _, content in cells], altered) == (wanted.split(), {})


@pytest.mark.parametrize("type", [*NUMERIC, Type.ANY])
def test_a_number_that_does_not_fit_is_found_among_others(type: Type) -> None:
    for values in ([1.5, 2**53 + 1, 2], [2, 2**53 + 1, 1.5], [1, 2**53 + 1]):
        cells, altered = written(Column("c", type), *values)
        assert [kind == "inlineStr" for kind, _ in cells] == [value > 2**53 for value in values]
        assert [content for _, content in cells] == [str(value) for value in values]
        assert altered == {"written-as-text": 1}


def test_a_truth_among_numbers_is_a_number_only_where_numbers_are_declared() -> None:
    for values in ([1, True], [1.5, True]):
        assert written(Column("c", Type.FLOAT), *values)[0][1] == ("n", "1")
        assert written(Column("c", Type.ANY), *values)[0][1] == ("b", "1")


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (Column("c", Type.DECIMAL), None),
        (Column("c", Type.DECIMAL, scale=3), "0.000"),
        (Column("c", Type.DECIMAL, scale=0), "0"),
        (Column("c", Type.MONEY), "#,##0.00"),
        (Column("c", Type.MONEY, currency="eur"), "[$EUR] #,##0.00"),
        (Column("c", Type.MONEY, currency="JPY", scale=0), "[$JPY] #,##0"),
        (Column("c", Type.DECIMAL, scale=99), "0." + "0" * 30),
        (Column("c", Type.INTEGER), None),
    ],
)
def test_numbers_are_shown_by_scale_and_currency(column: Column, code: str | None) -> None:
    writer = Xlsx().writer()
    file = writer.begin(Table("t", (column,)), []) + writer.block([(Decimal("1.5"),)]) + writer.end()
    styles = xml_of(file, "xl/styles.xml")
    codes = {format.get("numFmtId"): format.get("formatCode") for format in styles.iter(f"{MAIN}numFmt")}
    formats = [style.get("numFmtId") for style in styles.findall(f"{MAIN}cellXfs/{MAIN}xf")]
    style = [*xml_of(file, "xl/worksheets/sheet1.xml").iter(f"{MAIN}c")][1].get("s", "0")
    assert codes.get(formats[int(style)]) == code


def test_a_currency_must_be_a_code() -> None:
    with pytest.raises(NotRepresentable, match="'price' has the currency '€'"):
        Xlsx().writer().begin(Table("t", (Column("price", Type.MONEY, currency="€"),)), [])


@pytest.mark.parametrize(
    "value", [date(2024, 2, 29), "2024-02-29", b"2024-02-29", datetime(2024, 2, 29), b"2024-02-29 00:00:00"]
)
def test_days_come_in_many_forms(value: Any) -> None:
    assert cell(Type.DATE, value) == ("n s2", "45351")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"2024-02-30", "2024-02-30"),
        ("soon", "soon"),
        (20240229, "20240229"),
        (datetime(2024, 2, 29, 1), "2024-02-29 01:00:00"),
        ("2024-02-29 10:00:00", "2024-02-29 10:00:00"),
        (date(1900, 2, 28), "1900-02-28"),
        (date(1, 1, 1), "0001-01-01"),
        ("10000-01-01", "10000-01-01"),
    ],
)
def test_what_is_no_day_or_too_early_is_text(value: Any, text: str) -> None:
    assert misfit(Type.DATE, value) == text


def test_days_are_numbered_as_excel_does_from_march_1900() -> None:
    assert cell(Type.DATE, date(1900, 3, 1)) == ("n s2", "61")
    assert cell(Type.DATE, date(9999, 12, 31)) == ("n s2", "2958465")


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 2, 29, 10, 30),
        b"2024-02-29 10:30:00",
        "2024-02-29T10:30",
        b"2024-02-29T10:30:00+00:00",
        "2024-02-29 10:30:00Z",
        b"2024-02-29 12:30:00+02",
        datetime(2024, 2, 29, 10, 30, tzinfo=UTC),
        datetime(2024, 2, 29, 12, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_moments_come_in_many_forms_and_are_shown_in_utc(value: Any) -> None:
    assert cell(Type.DATETIME, value) == ("n s3", "45351.437500000000")


def test_aware_moments_are_shown_in_the_columns_zone_and_naive_ones_as_they_are() -> None:
    half_past_ten = datetime(2024, 7, 1, 10, 30, tzinfo=UTC)
    assert cell(Type.DATETIME, half_past_ten, zone="Europe/Berlin") == ("n s3", "45474.520833333333")
    assert cell(Type.ANY, half_past_ten, zone="Europe/Berlin") == ("n s3", "45474.520833333333")
    assert cell(Type.DATETIME, datetime(2024, 7, 1, 10, 30), zone="Europe/Berlin") == ("n s3", "45474.437500000000")


def test_aware_and_naive_moments_may_be_mixed() -> None:
    cells, _ = written(Column("c", Type.DATETIME), datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC))
    assert cells[0] == cells[1]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(BadConfiguration, match="Mars/Olympus"):
        Xlsx().writer().begin(Table("t", (Column("c", Type.DATETIME, zone="Mars/Olympus"),)), [])


def test_a_day_among_moments_is_its_midnight() -> None:
    assert cell(Type.DATETIME, date(2024, 2, 29)) == cell(Type.DATETIME, "2024-02-29") == ("n s3", "45351.000000000000")


def test_microseconds_are_kept() -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, 999_999)
    serial = Decimal(cell(Type.DATETIME, moment)[1])
    assert abs((serial - 45351) * DAY - Decimal("86399.999999")) < Decimal("0.0000001")
    cells, _ = written(Column("c", Type.DATETIME), datetime(2024, 2, 29, 0, 0, 1), moment, datetime(1900, 3, 1))
    assert [text for _, text in cells] == ["45351.000011574074", str(serial), "61.000000000000"]


def test_every_second_of_a_day_is_right_to_the_last_digit() -> None:
    seconds = range(0, DAY, 7)
    cells, _ = written(Column("c", Type.DATETIME), *(datetime(2024, 2, 29) + timedelta(seconds=s) for s in seconds))
    assert [text for _, text in cells] == [f"{45351 + Decimal(s) / DAY:.12f}" for s in seconds]


@pytest.mark.parametrize("value", [datetime.max, datetime.max.replace(tzinfo=UTC), b"9999-12-31 23:59:59.999999"])
def test_the_last_moment_of_all_is_still_on_its_day_when_it_is_read(value: Any) -> None:
    assert from_excel(float(cell(Type.DATETIME, value)[1])) == datetime(9999, 12, 31, 23, 59, 59, 999_000)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("tomorrow", "tomorrow"),
        (1_700_000_000, "1700000000"),
        (datetime(1899, 12, 31), "1899-12-31 00:00:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00+00:00"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-3))), "9999-12-31 23:00:00-03:00"),
        ("2024-02-29 25:00:00", "2024-02-29 25:00:00"),
    ],
)
def test_what_is_no_moment_or_out_of_reach_is_text(value: Any, text: str) -> None:
    assert misfit(Type.DATETIME, value) == text


def test_two_moments_in_one_text_are_no_moment() -> None:
    cells, altered = written(Column("c", Type.DATETIME), b"2024-02-29\x002024-03-01", b"2024-02-29")
    assert cells == [("inlineStr", "2024-02-29\x002024-03-01"), ("n s3", "45351.000000000000")]
    assert altered == {"written-as-text": 1, "control-characters": 1}


def test_times_of_day_are_parts_of_a_day() -> None:
    assert cell(Type.TIME, time(6, 0)) == cell(Type.TIME, b"06:00") == ("n s4", "0.250000000000")
    assert cell(Type.TIME, "23:59:59.999999") == ("n s4", "0.999999999988")
    assert misfit(Type.TIME, time(6, 0, tzinfo=UTC)) == "06:00:00+00:00"
    assert misfit(Type.TIME, "24:30") == "24:30"


@pytest.mark.parametrize("value", [True, 1, "1", b"1", "t", b"TRUE", "True"])
def test_yes_comes_in_many_forms(value: Any) -> None:
    assert cell(Type.BOOLEAN, value) == ("b", "1")


@pytest.mark.parametrize("value", [False, 0, "0", b"0", "f", b"FALSE", "False"])
def test_no_comes_in_many_forms(value: Any) -> None:
    assert cell(Type.BOOLEAN, value) == ("b", "0")


@pytest.mark.parametrize("value", [2, "maybe", b"maybe", 1.0])
def test_neither_yes_nor_no_is_text(value: Any) -> None:
    assert misfit(Type.BOOLEAN, value) == (value.decode() if isinstance(value, bytes) else str(value))


def test_raw_bytes_are_base64() -> None:
    assert cell(Type.BINARY, b"\x00\xff") == cell(Type.BINARY, bytearray(b"\x00\xff")) == ("inlineStr", "AP8=")
    assert misfit(Type.BINARY, "text") == "text"


TEXTS = [
    "]]>",
    "<b>&amp;</b>",
    "a > b",
    "\"quotes\" and 'apostrophes'",
    "line\nbreak\r\nand\rreturn\ttab",
    "  spaces  ",
    "\n",
    "_x0041_",
    "_x0041_x0042_",
    "_xZZZZ_ _x41_",
    "=cmd|' /C calc'!A0",
    "🚚 ü 漢字 \u2028 \x85 \x7f",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("type", [Type.TEXT, Type.ANY])
def test_text_survives_as_it_is(text: str, type: Type) -> None:
    for value in (text, text.encode()):
        assert cell(type, value) == ("inlineStr", text)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (["a", "b c"], False),
        (["", ""], False),
        ([" a", "b"], True),
        (["a", " b"], True),
        (["a ", "b"], True),
        (["a", "b "], True),
        (["a", "b\n"], True),
        (["\ta", "b"], True),
        (["a\r", "b"], True),
        ([" "], True),
    ],
)
def test_white_space_at_an_end_is_marked_to_be_kept(values: list[str], kept: bool) -> None:
    writer = Xlsx(header=False).writer()
    file = writer.begin(Table("t", (Column("c", Type.TEXT),)), []) + writer.block([(value,) for value in values])
    with zipfile.ZipFile(io.BytesIO(file + writer.end())) as archive:
        assert (b'xml:space="preserve"' in archive.read("xl/worksheets/sheet1.xml")) is kept


def test_text_survives_beside_text_that_must_be_escaped() -> None:
    cells, altered = written(Column("c", Type.TEXT), *TEXTS)
    assert [text for _, text in cells] == TEXTS
    assert altered == {}


@pytest.mark.parametrize("character", ["\0", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_xml_cannot_hold_are_spelled_out(character: str) -> None:
    text = f"a{character}b"
    for value in (text, text.encode()):
        cells, altered = written(Column("c", Type.TEXT), "before", value, "after")
        assert [text for _, text in cells] == ["before", text, "after"]
        assert altered == {"control-characters": 1}


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    cells, altered = written(Column("c", Type.TEXT), b"good", b"b\xffd<", "é".encode(), b"\xc3", b"\xa9")
    assert [text for _, text in cells] == ["good", "b\ufffdd<", "é", "\ufffd", "\ufffd"]
    assert altered == {"not-utf-8": 3}


def test_bytes_of_several_kinds_may_be_mixed() -> None:
    values = [b"a", bytearray(b"b <"), memoryview(b"\xff"), b"a", None]
    for order in (values, values[::-1]):
        cells, altered = written(Column("c", Type.TEXT), *order)
        expected = ["a", "b <", "\ufffd", "a", ""]
        assert [text for _, text in cells] == (expected if order is values else expected[::-1])
        assert altered == {"not-utf-8": 1}


def test_lone_surrogates_are_replaced() -> None:
    cells, altered = written(Column("c", Type.TEXT), "good", "b\ud800d")
    assert [text for _, text in cells] == ["good", "b\ufffdd"]
    assert altered == {"not-utf-8": 1}


@pytest.mark.parametrize(
    ("text", "kept"),
    [("x" * 32_767, 32_767), ("é" * 32_767, 32_767), ("🚚" * 16_383, 16_383), ("&" * 32_767, 32_767)],
)
def test_text_of_32767_utf_16_units_is_kept(text: str, kept: int) -> None:
    assert cell(Type.TEXT, text) == ("inlineStr", text)
    assert len(text) == kept


@pytest.mark.parametrize(
    ("text", "cut"), [("x" * 32_768, "x" * 32_767), ("🚚" * 16_384, "🚚" * 16_383), ("&" * 40_000, "&" * 32_767)]
)
def test_longer_text_is_cut_between_characters(text: str, cut: str) -> None:
    cells, altered = written(Column("c", Type.TEXT), "a", text)
    assert [content for _, content in cells] == ["a", cut]
    assert altered == {"cut-at-32767": 1}


def test_alterations_name_row_and_column_in_order() -> None:
    writer = Xlsx().writer()
    columns = (Column("x\x01", Type.INTEGER), Column("text"))
    writer.begin(Table("t", columns), [])
    writer.block([(1, "a"), ("one", "b\x01"), (None, None), (3, "c" * 40_000)])
    writer.block([("two", None)])
    assert writer.alterations.first == [
        Alteration(0, "x\x01", "control-characters"),
        Alteration(2, "x\x01", "written-as-text"),
        Alteration(2, "text", "control-characters"),
        Alteration(4, "text", "cut-at-32767"),
        Alteration(5, "x\x01", "written-as-text"),
    ]
