from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import pyarrow.parquet
import pytest
from openpyxl import load_workbook

from narrowboat.data.columns import Column
from narrowboat.data.format import Alterations, Table
from narrowboat.data.formats import format_named
from narrowboat.errors import NotRepresentable
from tests.unit.formats.tables import Given, write

LEADS = Given(Table("Leads", (Column("id"), Column("name"))), ([(1, "Ama"), (2, "=x")], [(3, None)]))
CITIES = Given(Table("Cities", (Column("city"),)), ([("Accra",)], [("Kumasi",)]))


def member_names(file: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(file)).namelist()


@pytest.mark.parametrize("name", ["csv", "jsonl", "xlsx", "parquet"])
def test_gzip_holds_just_the_plain_file(name: str, tmp_path: Path) -> None:
    plain = write(format_named(name), [LEADS], tmp_path)[0]
    assert gzip.decompress(write(format_named(f"{name}.gz"), [LEADS], tmp_path)[0]) == plain


@pytest.mark.parametrize("name", ["csv", "jsonl", "xlsx", "parquet"])
def test_a_zip_of_one_table_holds_just_the_plain_file(name: str, tmp_path: Path) -> None:
    plain = write(format_named(name), [LEADS], tmp_path)[0]
    with zipfile.ZipFile(io.BytesIO(write(format_named(f"{name}.zip"), [LEADS], tmp_path)[0])) as archive:
        (member,) = archive.namelist()
        assert member.endswith(f".{name}")
        assert archive.read(member) == plain


def test_gzip_is_one_member_without_name_and_time(tmp_path: Path) -> None:
    file = write(format_named("csv.gz"), [LEADS], tmp_path)[0]
    assert file[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    inflate = zlib.decompressobj(wbits=31)
    inflate.decompress(file)
    assert (inflate.eof, inflate.unused_data) == (True, b"")


def test_every_block_can_be_read_as_soon_as_it_is_written() -> None:
    writer = format_named("csv.gz", {"bom": False}).writer()
    inflate = zlib.decompressobj(wbits=31)
    assert inflate.decompress(writer.begin(LEADS.table, ())) == b"id,name\r\n"
    assert inflate.decompress(writer.block([(1, "Ama")])) == b"1,Ama\r\n"
    assert inflate.decompress(writer.block([(2, "Kofi")])) == b"2,Kofi\r\n"


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
def test_unzip_finds_nothing_wrong(tmp_path: Path) -> None:
    made = tmp_path / "tables.zip"
    made.write_bytes(write(format_named("csv.zip"), [LEADS, CITIES], tmp_path)[0])
    ran = subprocess.run(["unzip", "-t", made], capture_output=True, text=True, check=True)
    assert "No errors detected" in ran.stdout


def test_a_zip_of_csv_holds_a_file_for_each_table(tmp_path: Path) -> None:
    file, altered = write(format_named("csv.zip"), [LEADS, CITIES], tmp_path)
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.namelist() == ["Leads.csv", "Cities.csv"]
        assert archive.read("Cities.csv") == b"\xef\xbb\xbfcity\r\nAccra\r\nKumasi\r\n"
    assert altered.counts == {"formula-escaped": 1}


def test_what_was_altered_in_one_member_is_still_noted_when_the_next_begins() -> None:
    writer = format_named("csv.zip").writer()
    writer.begin(LEADS.table, ())
    writer.block([(1, "=x")])
    writer.begin(CITIES.table, ())
    assert writer.alterations.counts == {"formula-escaped": 1}
    writer.alterations = Alterations()
    writer.block([("@y",)])
    assert writer.alterations.first == [(1, "city", "formula-escaped")]


def test_a_zip_of_xlsx_holds_one_workbook_with_all_tables(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(write(format_named("xlsx.zip"), [LEADS, CITIES], tmp_path)[0])) as archive:
        assert archive.namelist() == ["Leads.xlsx"]
        assert load_workbook(io.BytesIO(archive.read("Leads.xlsx"))).sheetnames == ["Leads", "Cities"]


@pytest.mark.parametrize("name", ["csv.gz", "jsonl.gz", "parquet.gz", "parquet.zip"])
def test_an_envelope_of_one_file_takes_one_table(name: str, tmp_path: Path) -> None:
    assert not format_named(name).several_tables
    with pytest.raises(NotRepresentable, match="one table"):
        write(format_named(name), [LEADS, CITIES], tmp_path)


@pytest.mark.parametrize(
    ("tables", "members"),
    [
        (["a/b\\c:d*e?", 'x<>|"'], ["a_b_c_d_e_.csv", "x____.csv"]),
        (["../../etc/passwd", "..", ""], ["_.._etc_passwd.csv", "table.csv", "table (2).csv"]),
        (["Same", "same", "SAME"], ["Same.csv", "same (2).csv", "SAME (3).csv"]),
        (["Größe 🚚"], ["Größe 🚚.csv"]),
        (["con", "COM1.leads", "lpt10", "control"], ["_con.csv", "_COM1.leads.csv", "lpt10.csv", "control.csv"]),
    ],
)
def test_members_are_called_after_their_tables_as_any_system_allows(
    tables: list[str], members: list[str], tmp_path: Path
) -> None:
    givens = [Given(Table(name, CITIES.table.columns), ()) for name in tables]
    file, _ = write(format_named("csv.zip"), givens, tmp_path, cuts=[1])
    assert member_names(file) == members


def test_parquet_is_wrapped_when_it_is_assembled(tmp_path: Path) -> None:
    file = write(format_named("parquet.gz"), [LEADS], tmp_path)[0]
    table = pyarrow.parquet.read_table(io.BytesIO(gzip.decompress(file)))
    assert table.to_pylist() == [{"id": 1, "name": "Ama"}, {"id": 2, "name": "=x"}, {"id": 3, "name": None}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "spool"]


def test_a_large_member_is_as_the_plain_file(tmp_path: Path) -> None:
    rows = [(number, "x" * 50) for number in range(20_000)]
    large = Given(LEADS.table, tuple(rows[start : start + 500] for start in range(0, len(rows), 500)))
    plain = write(format_named("jsonl"), [large], tmp_path)[0]
    file = write(format_named("jsonl.gz"), [large], tmp_path, cuts=range(0, 40, 7))[0]
    assert gzip.decompress(file) == plain
    assert json.loads(plain.splitlines()[-1])["id"] == 19_999
    assert len(file) < len(plain) / 5
