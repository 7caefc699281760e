"""The xlsx writer as a machine: interrupted anywhere, ended anywhere, sheets rolled over, names and widths."""

from __future__ import annotations

import io
import json
import re
import zipfile
from base64 import b64encode
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Format, Table, Writer
from narrowboat.data.formats.xlsx.format import Xlsx
from narrowboat.data.formats.xlsx.names import sheet_name
from narrowboat.data.formats.xlsx.widths import widths
from narrowboat.data.formats.xlsx.writer import Limits, Mark
from narrowboat.data.letters import letters_of
from narrowboat.data.source import Row
from narrowboat.errors import BadParameter, NotRepresentable

COLUMNS = (Column("id", Type.INTEGER), Column("name", Type.TEXT))
PEOPLE = Table("People", COLUMNS)
GIB4 = 1 << 32

FITTING: dict[Type, st.SearchStrategy[Any]] = {
    Type.TEXT: st.text(st.characters(codec="utf-8"), max_size=30),
    Type.INTEGER: st.integers(-(2**53), 2**53),
    Type.FLOAT: st.floats(allow_nan=False, allow_infinity=False),
    Type.DECIMAL: st.decimals(-(10**9), 10**9, places=5),
    Type.MONEY: st.decimals(-(10**9), 10**9, places=2),
    Type.DATE: st.dates(date(1900, 3, 1)),
    Type.DATETIME: st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31, 23, 59, 59)),
    Type.TIME: st.times(max_value=time(23, 59, 59)),
    Type.BOOLEAN: st.booleans(),
    Type.BINARY: st.binary(max_size=10),
}
FITTING[Type.ANY] = st.one_of([FITTING[type] for type in FITTING if type is not Type.BINARY])


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[Table, list[list[Row]]]]:
    """One to three tables of columns of every type, in blocks."""
    made = []
    for _ in range(draw(st.integers(1, 3))):
        types = draw(st.lists(st.sampled_from(list(Type)), min_size=1, max_size=4))
        row = st.tuples(*(st.none() | FITTING[type] for type in types))
        blocks = draw(st.lists(st.lists(row, min_size=1, max_size=5), max_size=4))
        name = draw(st.text(st.characters(codec="utf-8"), max_size=40))
        made.append((Table(name, tuple(Column(f"c{n}", type) for n, type in enumerate(types))), blocks))
    return made


def again(format: Format, writer: Writer) -> Writer:
    """A new writer from the state of this one, as after a crash."""
    return format.writer(json.loads(json.dumps(writer.state())))


def write(
    format: Format, given: Sequence[tuple[Table, Sequence[Sequence[Row]]]], cuts: set[int] | None = None
) -> bytes:
    """The file. cuts: the steps before which another writer takes over."""
    writer, out, step = format.writer(), b"", 0
    for table, blocks in given:
        for rows in (None, *blocks):
            if step in (cuts or ()):
                writer = again(format, writer)
            out += writer.begin(table, blocks[0] if blocks else ()) if rows is None else writer.block(rows)
            step += 1
    return out + (again(format, writer) if step in (cuts or ()) else writer).end()


def people(count: int) -> list[Row]:
    return [(number, f"name {number}") for number in range(count)]


def sheets_of(file: bytes) -> dict[str, list[tuple[Any, ...]]]:
    return {sheet.title: list(sheet.values) for sheet in load_workbook(io.BytesIO(file)).worksheets}


def unspelled(text: str) -> str:
    """ECMA-376 ST_Xstring, which openpyxl hands over as it is in the file."""
    return re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), text)


def is_same(found: object, given: object, type: Type) -> bool:
    """Whether openpyxl, which rounds moments to milliseconds, found what was given."""
    match given:
        case bool() | None:
            return found is given
        case bytes():
            return type is Type.BINARY and found == b64encode(given).decode()
        case str():
            return isinstance(found, str) and unspelled(found) == given
        case datetime():
            return isinstance(found, datetime) and abs(found - given) <= timedelta(milliseconds=1)
        case date():
            return found == datetime(given.year, given.month, given.day)
        case time():
            moment = datetime.combine(date.min, given)
            return isinstance(found, time) and abs(datetime.combine(date.min, found) - moment) <= timedelta(
                milliseconds=1
            )
        case int() | float() | Decimal():
            return found == float(given) or found == given
    return False


LIMITS = [Limits(), Limits(rows=3), Limits(xml=1500)]


@given(tables(), st.sets(st.integers(0, 15)), st.sampled_from(LIMITS), st.booleans(), st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_interruptions_change_no_byte_and_every_cell_is_read_back(
    given: list[tuple[Table, list[list[Row]]]], cuts: set[int], limits: Limits, references: bool, header: bool
) -> None:
    format = Xlsx(references=references, header=header, limits=limits)
    file = write(format, given)
    assert write(format, given, cuts) == file
    sheets = list(sheets_of(file).values())
    found = [row for rows in sheets for row in rows[header:]]
    wanted = [(row, table.columns) for table, blocks in given for block in blocks for row in block]
    filled = [(row, columns) for row, columns in wanted if any(cell is not None for cell in row)]
    assert len(found) <= len(wanted)
    for cells, (row, columns) in zip(
        (row for row in found if any(cell is not None for cell in row)), filled, strict=True
    ):
        for cell, value, column in zip(cells, row, columns, strict=False):
            assert is_same(cell, value, column.type), (cell, value)


REPEATED = [None, "new", "on hold", " lead", "a < b", "\x01", "é", "x" * 300, b"new", b"raw ", 1, True, [1]]
"""What a column of text may hold: values that come again, and those that make it useless to wait for them."""
NUMBERS = [None, 1, 1.0, True, 0, 0.0, -0.0, 2.5, -2, -2.0, 10**16, 1e16, 2**53, 2.0**53, float("nan"), Decimal("1.00")]
"""What a column of numbers may hold: some are equal and look different, some are no number for a cell."""


@st.composite
def columns_of_few_values(draw: st.DrawFn, held: Sequence[Any]) -> list[list[Row]]:
    """Blocks of one column; each has one value more than the block before."""
    values = draw(st.lists(st.sampled_from(held), min_size=2, max_size=6))
    known = range(2, len(values) + 1)
    return [[(value,) for value in draw(st.lists(st.sampled_from(values[:n]), min_size=1, max_size=20))] for n in known]


@pytest.mark.parametrize(
    ("type", "held"),
    [(Type.TEXT, REPEATED), (Type.INTEGER, NUMBERS), (Type.DECIMAL, NUMBERS), (Type.MONEY, NUMBERS)],
)
@given(data=st.data())
@settings(deadline=None)
def test_what_a_column_held_before_changes_no_byte(type: Type, held: Sequence[Any], data: st.DataObject) -> None:
    """A writer that saw the blocks before makes what a fresh one makes of each."""
    blocks = data.draw(columns_of_few_values(held))
    given = [(Table("t", (Column("c", type),)), blocks)]
    assert write(Xlsx(), given) == write(Xlsx(), given, cuts=set(range(1, len(blocks) + 2)))


def test_a_column_of_few_values_is_written_like_any_other() -> None:
    rows: list[Row] = [(value,) for value in (None, "new", "on hold", " lead", "a < b")]
    blocks = [rows[:3], rows, rows[1:3], [*rows, ("\x01",)], rows]
    of_text, of_any = (Table("t", (Column("c", type),)) for type in (Type.TEXT, Type.ANY))
    file = write(Xlsx(header=False), [(of_text, blocks)])
    assert file == write(Xlsx(header=False), [(of_any, blocks)])
    assert [text and unspelled(text) for (text,) in sheets_of(file)["t"]] == [
        cell for rows in blocks for (cell,) in rows
    ]


@given(st.integers(0, 7))
@settings(deadline=None)
def test_a_writer_from_any_state_ends_a_whole_file(blocks: int) -> None:
    format = Xlsx(limits=Limits(rows=5))
    writer = format.writer()
    out = writer.begin(PEOPLE, people(2))
    for number in range(blocks):
        out += writer.block(people(14)[2 * number : 2 * number + 2])
    file = out + again(format, writer).end()
    found = [row for rows in sheets_of(file).values() for row in rows[1:]]
    assert found == people(2 * blocks)


def test_the_same_rows_in_text_and_in_bytes_give_the_same_file() -> None:
    encoded: list[Row] = [(number, name.encode()) for number, name in people(5)]
    assert write(Xlsx(), [(PEOPLE, [people(5)])]) == write(Xlsx(), [(PEOPLE, [encoded])])


def test_a_table_goes_on_in_the_next_sheet_when_one_is_full() -> None:
    file = write(Xlsx(limits=Limits(rows=4)), [(PEOPLE, [people(7)])])
    sheets = sheets_of(file)
    assert list(sheets) == ["People", "People (2)", "People (3)"]
    assert [len(rows) for rows in sheets.values()] == [4, 4, 2]
    assert [rows[0] for rows in sheets.values()] == [("id", "name")] * 3


def test_a_full_sheet_is_followed_by_another_only_if_there_are_more_rows() -> None:
    assert list(sheets_of(write(Xlsx(limits=Limits(rows=4)), [(PEOPLE, [people(3)])]))) == ["People"]


@pytest.mark.parametrize("references", [False, True])
def test_no_sheet_grows_past_the_limit_of_xml(references: bool) -> None:
    file = write(Xlsx(limits=Limits(xml=3000), references=references), [(PEOPLE, [people(3)] * 20)])
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        sizes = [part.file_size for part in archive.infolist() if part.filename.startswith("xl/worksheets/")]
    assert len(sizes) > 2
    assert max(sizes) <= 3000
    assert [row for rows in sheets_of(file).values() for row in rows[1:]] == people(3) * 20


def test_rows_are_counted_over_all_sheets_of_a_table() -> None:
    format = Xlsx(limits=Limits(rows=3))
    writer: Any = format.writer()
    writer.begin(PEOPLE, [])
    writer.block(people(5))
    writer = again(format, writer)
    writer.block([("six", "")])
    assert writer.alterations.first == [(6, "id", "written-as-text")]


def test_each_table_is_a_sheet() -> None:
    other = Table("People", (Column("price", Type.MONEY, currency="EUR"),))
    sheets = sheets_of(write(Xlsx(), [(PEOPLE, [people(2)]), (other, [[(Decimal("1.5"),)]]), (PEOPLE, [])]))
    assert list(sheets) == ["People", "People (2)", "People (3)"]
    assert sheets["People (2)"] == [("price",), (1.5,)]
    assert sheets["People (3)"] == [("id", "name")]


def test_without_header_the_first_row_is_the_first_of_the_table() -> None:
    file = write(Xlsx(header=False), [(PEOPLE, [people(2)])])
    sheet = load_workbook(io.BytesIO(file)).worksheets[0]
    assert list(sheet.values) == people(2)
    assert sheet.freeze_panes is None
    assert sheet.auto_filter.ref is None


def test_with_references_each_cell_says_where_it_stands() -> None:
    format = Xlsx(references=True, limits=Limits(rows=3))
    file = write(format, [(PEOPLE, [people(3)])])
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        first, second = (archive.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
    assert '<row r="3"><c r="A3"><v>1</v></c><c r="B3" t="inlineStr">' in first
    assert '<row r="2"><c r="A2"><v>2</v></c>' in second


def test_a_table_may_have_16384_columns_and_is_written_in_pieces() -> None:
    columns = tuple(Column(f"c{number}", Type.INTEGER) for number in range(16_384))
    rows = [tuple(range(start, start + 16_384)) for start in range(5)]
    file = write(Xlsx(), [(Table("wide", columns), [rows])])
    assert [row[-1] for row in sheets_of(file)["wide"]] == ["c16383", *range(16_383, 16_388)]


def test_more_columns_than_a_sheet_has_are_refused_before_any_byte() -> None:
    columns = tuple(Column(f"c{number}") for number in range(20_000))
    writer = Xlsx().writer()
    with pytest.raises(NotRepresentable, match="'wide' has 20,000 columns, and a sheet holds 16,384"):
        writer.begin(Table("wide", columns), [])
    assert writer.state() == Xlsx().writer().state()


def test_a_table_without_columns_is_refused() -> None:
    with pytest.raises(NotRepresentable, match="'none' has no columns"):
        Xlsx().writer().begin(Table("none", ()), [])


def test_rows_before_any_table_are_refused() -> None:
    with pytest.raises(NotRepresentable, match="call `begin` first"):
        Xlsx().writer().block(people(1))


def test_a_row_of_another_length_is_no_row_of_the_table() -> None:
    writer = Xlsx().writer()
    writer.begin(PEOPLE, [])
    with pytest.raises(ValueError, match="zip"):
        writer.block([(1, "a", "more")])


def test_the_state_does_not_grow_with_rows_and_little_with_sheets() -> None:
    writer = Xlsx(limits=Limits(rows=11)).writer()
    writer.begin(PEOPLE, [])
    writer.block(people(10))
    one = len(json.dumps(writer.state()))
    writer.block(people(1000))
    assert len(json.dumps(writer.state())) < one + 100 * 100


def test_parts_past_4_gib_are_found_by_zip64(tmp_path: Path) -> None:
    format = Xlsx(limits=Limits(rows=4))
    writer = format.writer()
    head = writer.begin(PEOPLE, []) + writer.block(people(4))
    state = writer.state()
    state["zip"]["offset"] += GIB4
    state["zip"]["open"][1] += GIB4
    tail = format.writer(state).end()
    members = state["zip"]["members"]
    start = writer.state()["zip"]["open"][1]
    path = tmp_path / "big.xlsx"
    with path.open("wb") as file:
        file.write(head[:start])
        file.seek(start + GIB4)
        file.write(head[start:] + tail)
    assert len(members) == 1
    with path.open("rb") as file:
        assert [len(list(sheet.values)) for sheet in load_workbook(file).worksheets] == [4, 2]


def test_nothing_in_the_file_tells_the_time_of_day() -> None:
    with zipfile.ZipFile(io.BytesIO(write(Xlsx(), [(PEOPLE, [people(2)])]))) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in archive.namelist() if name.startswith("docProps")]


def test_the_page_about_xlsx_runs_and_names_every_option_and_code() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/xlsx.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {}
    exec(page.split("```python")[1].split("```")[0], scope)  # noqa: S102 - our own page
    assert sheets_of(scope["file"])["People"][1:] == [(1, "Zoë", datetime(2024, 2, 29, 10, 30)), (2, None, None)]
    codes = ["written-as-text", "not-finite", "cut-at-32767", "control-characters", "not-utf-8"]
    assert [name for name in [*codes, "references", "header"] if f"`{name}`" not in page] == []


def test_options_are_checked() -> None:
    asked, meant = Xlsx.with_options({"references": "true", "header": False}), Xlsx(references=True, header=False)
    table = Table("T", (Column("n"),))
    assert [f.writer().begin(table, [(1,)]) for f in (asked, meant, Xlsx())].count(
        meant.writer().begin(table, [(1,)])
    ) == 2
    with pytest.raises(BadParameter, match="no option 'colour'"):
        Xlsx.with_options({"colour": "red"})
    with pytest.raises(BadParameter, match="'header' of the format xlsx is 'perhaps'"):
        Xlsx.with_options({"header": "perhaps"})


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("Leads", [], "Leads"),
        ("Leads", ["leads"], "Leads (2)"),
        ("Leads", ["LEADS", "Leads (2)"], "Leads (3)"),
        ("a/b\\c:d*e?f[g]", [], "a_b_c_d_e_f_g_"),
        ("tab\tnul\0", [], "tab_nul_"),
        ("'quoted'", [], "_quoted_"),
        ("", [], "Sheet"),
        ("   ", ["Sheet"], "Sheet (2)"),
        ("History", [], "History_"),
        ("x" * 40, [], "x" * 31),
        ("x" * 40, ["x" * 31], "x" * 27 + " (2)"),
        ("🚚" * 20, [], "🚚" * 15),
        ("'" * 40, [], "_" + "'" * 29 + "_"),
        ("a\ud800b", [], "a_b"),
        ("STRASSE", ["straße"], "STRASSE (2)"),
    ],
)
def test_sheet_names_are_made_valid(wanted: str, taken: list[str], name: str) -> None:
    assert sheet_name(wanted, taken) == name


def test_a_sheet_name_is_safe_in_xml() -> None:
    name = 'a <b> & "c" _x0041_'
    assert [unspelled(found) for found in sheets_of(write(Xlsx(), [(Table(name, COLUMNS), [])]))] == [name]


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
)
def test_columns_have_letters(index: int, letters: str) -> None:
    assert letters_of(index) == letters


@pytest.mark.parametrize(
    ("column", "values", "width"),
    [
        (Column("id"), [1, 22], 6),
        (Column("a long column name"), [1], 21),
        (Column("n"), ["x" * 500], 60),
        (Column("n"), ["short\n" + "y" * 20 + "\nshort", None], 22),
        (Column("n"), ["ü".encode() * 20], 22),
        (Column("n", Type.DATETIME), ["2024-01-01T00:00:00.000000+00:00"], 21),
        (Column("n", Type.MONEY), [Decimal("1234567.89")], 17),
        (Column("n"), [], 6),
    ],
)
def test_widths_follow_the_first_rows(column: Column, values: list[Any], width: int) -> None:
    assert widths((column,), [(value,) for value in values]) == [width]


@pytest.mark.parametrize("limits", LIMITS)
def test_marks_survive_interruptions_and_full_sheets(limits: Limits) -> None:
    table = Table("Mixed", (Column("any"), Column("price", Type.MONEY), Column("seen", Type.TEXT)))
    blocks = [[(kind, 1, "on hold") for kind in (None, 1, " a", date(2026, 1, 2), time(1, 2))] for _ in range(3)]
    marks = [{(0, 0), (3, 0), (4, 2)}, set[Mark](), {(2, 0), (2, 1), (3, 0)}]

    def written(*, interrupted: bool) -> bytes:
        format = Xlsx(limits=limits)
        writer: Any = format.writer()
        out = writer.begin(table, blocks[0])
        for rows, marked in zip(blocks, marks, strict=True):
            writer = again(format, writer) if interrupted else writer
            out += writer.block(rows, marked)
        return out + (again(format, writer) if interrupted else writer).end()

    file = written(interrupted=False)
    assert written(interrupted=True) == file
    sheets = load_workbook(io.BytesIO(file)).worksheets
    cells = [line for sheet in sheets for line in sheet.iter_rows(min_row=2)]
    found = {(row, at) for row, line in enumerate(cells) for at, cell in enumerate(line) if cell.fill.fill_type}
    assert found == {(5 * block + row, at) for block, marked in enumerate(marks) for row, at in marked}
    assert [line[0].value for line in cells] == [None, 1, " a", datetime(2026, 1, 2), time(1, 2)] * 3


def test_without_marks_nothing_of_them_is_in_the_workbook() -> None:
    with zipfile.ZipFile(io.BytesIO(write(Xlsx(), [(PEOPLE, [people(3)])]))) as file:
        assert b"FFFFC7CE" not in file.read("xl/styles.xml")
