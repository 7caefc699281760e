"""What every format promises, asked of each: a new one is asked as soon as the registry lists it."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from narrowboat.data.columns import Column, Type
from narrowboat.data.format import Alterations, Format, Table
from narrowboat.data.formats import FORMATS, format_named
from narrowboat.errors import NotRepresentable
from tests.unit.formats.tables import CELLS, Altered, Given, any_table, finish, write

COLUMNS = (Column("id", Type.INTEGER), Column("name", Type.TEXT, label="Full name"), Column("when", Type.DATETIME))
ROWS = [(number, b"caf\xc3\xa9", "2026-03-01 14:30:15") for number in range(1, 8)]
SEVEN = Given(Table("Leads", COLUMNS), (ROWS[:3], ROWS[3:6], ROWS[6:]))
NO_ROWS = Given(Table("Leads", COLUMNS), ())
WILD = Given(
    Table("Wild", tuple(Column(type.value, type) for type in Type)),
    tuple([tuple(CELLS[type][(k + n) % len(CELLS[type])] for type in Type)] * 2 for k in range(40) for n in (k,)),
)


@pytest.fixture(params=FORMATS)
def format(request: pytest.FixtureRequest) -> Format:
    return format_named(request.param)


def rows_in(format: Format, file: bytes) -> int:
    """The rows that a foreign reader finds in the first table, its header not counted. Raises for a broken file."""
    plain, _, envelope = format.extension.partition(".")
    if envelope == "gz":
        file = gzip.decompress(file)
    if envelope == "zip":
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            assert archive.testzip() is None
            file = archive.read(archive.namelist()[0])
    return ROW_COUNTERS[plain](file)


ROW_COUNTERS: dict[str, Callable[[bytes], int]] = {
    "csv": lambda file: len(file.decode().splitlines()) - 1,
    "jsonl": lambda file: len([json.loads(line) for line in file.splitlines()]),
    "xlsx": lambda file: len(list(load_workbook(io.BytesIO(file)).worksheets[0].values)) - 1,
    "parquet": lambda file: pyarrow.parquet.read_table(io.BytesIO(file)).num_rows,
}


def test_every_row_arrives(format: Format, tmp_path: Path) -> None:
    file, altered = write(format, [SEVEN], tmp_path)
    assert rows_in(format, file) == 7
    assert altered == Altered({}, [])


def test_a_table_without_rows_is_a_whole_file(format: Format, tmp_path: Path) -> None:
    assert rows_in(format, write(format, [NO_ROWS], tmp_path)[0]) == 0


def test_one_row_is_a_whole_file(format: Format, tmp_path: Path) -> None:
    assert rows_in(format, write(format, [Given(SEVEN.table, (ROWS[:1],))], tmp_path)[0]) == 1


def test_no_table_is_an_empty_file_that_opens(format: Format, tmp_path: Path) -> None:
    file = write(format, [], tmp_path)[0]
    if format.extension.endswith(".zip") and not format.spools:
        assert zipfile.ZipFile(io.BytesIO(file)).namelist() == []
    elif format.extension.startswith(("xlsx", "parquet")):
        assert rows_in(format, file) <= 0
    else:
        assert (gzip.decompress(file) if format.extension.endswith(".gz") else file) == b""


def test_ending_at_any_block_gives_a_whole_file(format: Format, tmp_path: Path) -> None:
    writer = format.writer()
    out, rows = writer.begin(SEVEN.table, SEVEN.blocks[0]), 0
    for block in SEVEN.blocks:
        out, rows = out + writer.block(block), rows + len(block)
        now = out + format.writer(json.loads(json.dumps(writer.state()))).end()
        assert rows_in(format, finish(format, now, tmp_path)) == rows


@pytest.mark.parametrize("wild", [SEVEN, WILD], ids=["tame", "wild"])
def test_killed_before_every_block_the_bytes_are_the_same(format: Format, wild: Given, tmp_path: Path) -> None:
    undisturbed = write(format, [wild], tmp_path)
    assert write(format, [wild], tmp_path, cuts=range(len(wild.blocks))) == undisturbed


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(table=any_table(), cuts=st.sets(st.integers(0, 4)))
def test_any_table_killed_anywhere_has_the_same_bytes(
    format: Format, table: Given, cuts: set[int], tmp_path: Path
) -> None:
    assert write(format, [table], tmp_path, cuts=cuts) == write(format, [table], tmp_path)


def test_several_tables_are_written_or_refused(format: Format, tmp_path: Path) -> None:
    other = Given(Table("Leads", COLUMNS[:1]), ([(1,)], [(2,)]))
    if format.several_tables:
        undisturbed = write(format, [SEVEN, other, NO_ROWS], tmp_path)
        assert write(format, [SEVEN, other, NO_ROWS], tmp_path, cuts=range(5)) == undisturbed
    else:
        with pytest.raises(NotRepresentable, match="one table"):
            write(format, [SEVEN, other], tmp_path)


def test_alterations_name_row_and_column(format: Format, tmp_path: Path) -> None:
    bad = Given(Table("Bad", (Column("id"), Column("text", Type.TEXT))), ([(1, b"ok"), (2, b"\xff")], [(3, b"a\xff")]))
    _, altered = write(format, [bad], tmp_path, cuts=[1])
    assert altered.counts == {"not-utf-8": 2}
    assert altered.first == [(2, "text", "not-utf-8"), (3, "text", "not-utf-8")]


def test_alterations_can_be_taken_and_replaced(format: Format) -> None:
    writer = format.writer()
    writer.begin(Table("Bad", (Column("text"),)), ())
    writer.block([(b"\xff",)])
    taken, writer.alterations = writer.alterations, Alterations()
    writer.block([(b"fine",), (b"\xff",)])
    assert [a.row for a in taken.first] == [1]
    assert [a.row for a in writer.alterations.first] == [3]


def test_the_state_does_not_grow_with_the_rows(format: Format) -> None:
    writer, sizes = format.writer(), []
    writer.begin(SEVEN.table, ROWS)
    for _ in range(200):
        writer.block(ROWS)
        sizes.append(len(json.dumps(writer.state())))
    assert max(sizes) < 1200
    assert sizes[-1] - sizes[0] < 30  # a few digits more


def test_a_row_of_another_width_is_refused_not_cut(format: Format) -> None:
    writer = format.writer()
    writer.begin(SEVEN.table, ())
    for wrong in ((1, b"x"), (1, b"x", None, 4)):
        with pytest.raises(ValueError, match=r"cells|argument"):
            writer.block([ROWS[0], wrong])


def test_nothing_of_the_time_of_day_is_in_the_bytes(tmp_path: Path) -> None:
    before = [write(format_named(name), [SEVEN], tmp_path)[0] for name in FORMATS]
    time.sleep(2.1)  # zip counts in twos of seconds
    assert [write(format_named(name), [SEVEN], tmp_path)[0] for name in FORMATS] == before
