"""Files made to do harm, or harmed on the way: each ends in a clear error or in its rows, within the child's limits."""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narrowboat.data.sheet import Book, SheetRow
from narrowboat.data.sources.spreadsheet import FileLimits, open_isolated
from narrowboat.errors import (
    FileBroken,
    FileEncrypted,
    FileNotSupported,
    FileTookTooLong,
    FileTooLarge,
    NarrowboatError,
)
from narrowboat.isolation import Confinement
from tests.golden.workbooks import MAIN, package, parts, sheet, strings, styles

MIB = 1 << 20
LIMITS = Confinement(memory=64 * MIB, cpu=20, silence=20)


def rows_of(book: Book) -> list[SheetRow]:
    try:
        return [row for place in range(len(book.sheets())) for block in book.open(place) for row in block.rows]
    finally:
        book.close()


def read(content: bytes, folder: Path, **more: FileLimits) -> list[SheetRow]:
    path = folder / "upload"
    path.write_bytes(content)
    return rows_of(open_isolated(path, confinement=LIMITS, **more))


def read_or_refuse(content: bytes, folder: Path) -> list[SheetRow] | NarrowboatError:
    try:
        return read(content, folder)
    except NarrowboatError as error:
        return error


def row(number: int, cells: str) -> str:
    return f'<row r="{number}">{cells}</row>'


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = parts(sheet(row(1, "<c><v>1</v></c>") + " " * (64 * MIB)))
    with pytest.raises(FileTooLarge, match=r"expand to 64\.\d MiB, more than 200 times"):
        read(package(bomb), tmp_path)


def test_a_member_larger_than_it_says_is_refused_while_it_is_unpacked(tmp_path: Path) -> None:
    content = sheet(row(1, "<c><v>1</v></c>") + " " * MIB)
    lying = package(parts(content)).replace(struct.pack("<I", len(content)), struct.pack("<I", 1000))
    with pytest.raises(FileBroken, match="is larger than the archive says"):
        read(lying, tmp_path)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    honest = bytearray(package({**parts(sheet("")), "xl/copy.xml": "<a/>"}))
    # The directory's entry of the copy points to the sheet.
    where = [found.start() for found in re.finditer(b"PK\x01\x02", honest)]
    names = {bytes(honest[at + 46 : at + 46 + struct.unpack_from("<H", honest, at + 28)[0]]): at for at in where}
    target = names[b"xl/worksheets/sheet1.xml"]
    honest[names[b"xl/copy.xml"] + 42 :][:4] = b""
    struct.pack_into("<I", honest, names[b"xl/copy.xml"] + 42, struct.unpack_from("<I", honest, target + 42)[0])
    with pytest.raises(FileBroken, match="overlaps another part"):
        read(bytes(honest), tmp_path)


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    made = package({**parts(sheet("")), "xl/Workbook.xml": "<workbook/>"})
    with pytest.raises(FileBroken, match=r"has xl/workbook\.xml 2 times"):
        read(made, tmp_path)


def test_an_archive_within_an_archive_is_not_unpacked_twice(tmp_path: Path) -> None:
    once = package({"data.csv": "a,b\n1,2\n"})
    assert read(once, tmp_path) == [(1, ("a", "b")), (2, ("1", "2"))]
    with pytest.raises(FileNotSupported, match="packed more than once"):
        read(package({"once.zip": once}), tmp_path)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge, match="has 101 parts"):
        read(package({f"{n}.xml": "" for n in range(101)}), tmp_path, limits=FileLimits(members=100))


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "where", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"]
)
def test_billion_laughs_are_refused(where: str, tmp_path: Path) -> None:
    made = parts(sheet(row(1, '<c t="s"><v>0</v></c>')), strings=strings("<si><t>a</t></si>"))
    made[where] = LAUGHS + str(made[where]).replace("<t>a</t>", "<t>&i;</t>")
    with pytest.raises(FileBroken, match="declares a document type"):
        read(package(made), tmp_path)


def test_an_entity_without_a_document_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileBroken, match="undefined entity"):
        read(package(parts(sheet(row(1, '<c t="inlineStr"><is><t>&i;</t></is></c>')))), tmp_path)


def test_elements_nested_too_deep_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileBroken, match="nested more than 64 deep"):
        read(package(parts(sheet("", before="<a>" * 100_000 + "</a>" * 100_000))), tmp_path)


def test_one_cell_in_the_last_corner_is_one_row(tmp_path: Path) -> None:
    ((number, cells),) = read(package(parts(sheet(row(1_048_576, '<c r="XFD1048576"><v>7</v></c>')))), tmp_path)
    assert (number, len(cells), cells[-1]) == (1_048_576, 16_384, 7)


@pytest.mark.parametrize("place", ["XFE1", "AAAA1", "A1B", "Ä1"])
def test_a_cell_beyond_the_last_column_is_refused(place: str, tmp_path: Path) -> None:
    with pytest.raises(FileBroken, match=r"more than 16,384 columns|has a cell called"):
        read(package(parts(sheet(row(1, f'<c r="{place}"><v>7</v></c>')))), tmp_path)


@pytest.mark.parametrize("number", ["1048577", "0", "-1", "x", "9" * 5000])
def test_a_row_beyond_the_last_is_refused(number: str, tmp_path: Path) -> None:
    with pytest.raises(FileBroken, match="row"):
        read(package(parts(sheet(f'<row r="{number}"><c><v>7</v></c></row>'))), tmp_path)


def test_rows_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileBroken, match="row 2 after row 2"):
        read(package(parts(sheet(row(2, "<c><v>1</v></c>") * 2))), tmp_path)


@pytest.mark.parametrize(
    "empty", ['<row r="{}" s="1" customFormat="1"/>', '<row r="{0}"><c r="A{0}" s="1"/></row>', "<row/>"]
)
def test_a_million_empty_rows_cost_next_to_nothing(empty: str, tmp_path: Path) -> None:
    rows = row(1, "<c><v>1</v></c>") + "".join(empty.format(number) for number in range(2, 1_048_577))
    assert read(package(parts(sheet(rows))), tmp_path) == [(1, (1,))]


def test_wide_rows_of_a_tall_sheet_stay_within_memory(tmp_path: Path) -> None:
    rows = "".join(row(number, f'<c r="XFD{number}"><v>1</v></c>') for number in range(1, 801))
    assert len(read(package(parts(sheet(rows))), tmp_path)) == 800


def test_many_shared_texts_stay_within_memory(tmp_path: Path) -> None:
    count = 300_000
    items = "".join(f"<si><t>text number {number} of many, and some more</t></si>" for number in range(count))
    cells = "".join(row(n + 1, f'<c t="s"><v>{count - 1 - n * 100}</v></c>') for n in range(2000))
    found = read(package(parts(sheet(cells), strings=strings(items))), tmp_path)
    assert found[0] == (1, (f"text number {count - 1} of many, and some more",))
    assert found[-1] == (2000, (f"text number {count - 1 - 1999 * 100} of many, and some more",))


def test_a_huge_style_table_stays_within_memory(tmp_path: Path) -> None:
    made = styles(*[14] * 300_000)
    found = read(package(parts(sheet(row(1, '<c s="300000"><v>45351</v></c>')), styles=made)), tmp_path)
    assert str(found[0][1][0]) == "2024-02-29"


def test_a_text_longer_than_a_cell_holds_is_refused(tmp_path: Path) -> None:
    long = "x" * 32_768
    with pytest.raises(FileBroken, match="32,768 characters"):
        read(package(parts(sheet(row(1, f'<c t="inlineStr"><is><t>{long}</t></is></c>')))), tmp_path)
    with pytest.raises(FileBroken, match="32,768 characters"):
        read(
            package(parts(sheet(row(1, '<c t="s"><v>0</v></c>')), strings=strings(f"<si><t>{long}</t></si>"))), tmp_path
        )


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ('<c r="A1" t="s"><v>5</v></c>', "names shared string 5, and the table has 0"),
        ('<c r="A1"><v>abc</v></c>', "says it is a 'n' and holds 'abc'"),
        ('<c r="A1"><v>nan</v></c>', "says it is a 'n' and holds 'nan'"),
        ('<c r="A1"><v>1.8E+308</v></c>', r"says it is a 'n' and holds '1\.8E\+308'"),
        ('<c r="A1" t="b"><v>2</v></c>', "says it is a 'b' and holds '2'"),
        ('<c r="A1" t="d"><v>today</v></c>', "says it is a 'd' and holds 'today'"),
        ('<c r="A1" t="q"><v>1</v></c>', "is of a type that nobody knows: 'q'"),
    ],
)
def test_a_cell_that_is_not_what_it_says_is_named(cell: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(FileBroken, match=f"cell A1 {why}"):
        read(package(parts(sheet(row(1, cell)))), tmp_path)


def test_macros_are_data_that_nobody_reads(tmp_path: Path) -> None:
    made = parts(sheet(row(1, "<c><v>1</v></c>")))
    made["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0" + b"Auto_Open" * 100
    assert read(package(made), tmp_path) == [(1, (1,))]


def workbook() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    page = book.add_worksheet()
    for number in range(800):
        page.write_row(number, 0, [number, f"name {number * 7919 % 1000}", number / 7, "x"])
    book.close()
    return file.getvalue()


@pytest.fixture(scope="module")
def book() -> bytes:
    return workbook()


def test_a_file_cut_off_at_any_kilobyte_is_refused(book: bytes, tmp_path: Path) -> None:
    for size in range(0, len(book), 1024):
        with pytest.raises(FileBroken, match=r"cut off|empty"):
            read(book[:size], tmp_path)


def test_a_gzip_cut_off_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n1,2\n" * 10_000)
    assert len(read(packed, tmp_path)) == 20_000
    with pytest.raises(FileBroken, match="gzip file is damaged"):
        read(packed[:-20], tmp_path)


def test_a_gzip_bomb_is_refused_while_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge, match="expand to"):
        read(gzip.compress(b"a" * (100 * MIB)), tmp_path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bits_are_found_or_harm_nothing_but_the_child(data: st.DataObject, book: bytes, tmp_path: Path) -> None:
    broken = bytearray(book)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(book) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    outcome = read_or_refuse(bytes(broken), tmp_path)
    if isinstance(outcome, NarrowboatError):
        assert type(outcome) in (FileBroken, FileNotSupported, FileEncrypted, FileTooLarge, FileTookTooLong)
    else:
        assert [number for number, _ in outcome] == list(range(1, 801))


def _parts_of(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_parts_with_other_bytes_in_them_end_in_an_error_or_in_rows(
    data: st.DataObject, book: bytes, tmp_path: Path
) -> None:
    """The zip is sound, so what is broken reaches the parsers."""
    made = dict(_parts_of(book))
    name = data.draw(st.sampled_from(sorted(made)))
    part = bytearray(made[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(part)))
        part[at : at + data.draw(st.integers(0, 8))] = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"<", b">", b"</row>", b"<row>", b"&#0;", b"<!--", b'"']))
        )
    outcome = read_or_refuse(package({**made, name: bytes(part)}), tmp_path)
    if isinstance(outcome, NarrowboatError):
        assert type(outcome) in (FileBroken, FileNotSupported)
        assert "its own process" not in str(outcome)
        assert "cannot be read: " not in str(outcome), "an error that nobody foresaw"


OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def compound(*names: str) -> bytes:
    """An OLE compound file whose root directory has these names, and nothing in them."""
    header = bytearray(OLE.ljust(512, b"\0"))
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    entries = b""
    for name in ("Root Entry", *names):
        entry = name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2)
        entries += entry.ljust(128, b"\0")
    return bytes(header) + table + entries.ljust(512, b"\0")


def locked(size: int) -> bytes:
    """An old workbook whose second record says that all others are encrypted; a small one is in the root's sectors."""
    made = bytearray(compound("Workbook"))
    small = size < 4096
    struct.pack_into("<I", made, 2 * 512 + 116, 2 if small else 0xFFFFFFFE)
    struct.pack_into("<II", made, 2 * 512 + 128 + 116, 0 if small else 2, size)
    records = struct.pack("<HH16x", 0x0809, 16) + struct.pack("<HH6x", 0x002F, 6)
    return bytes(made) + records.ljust(4096, b"\xaa")


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", FileBroken, "empty"),
        (b"%PDF-1.7\n", FileNotSupported, "PDF"),
        (b"<html><table><tr><td>1</td></tr></table></html>", FileNotSupported, "web page"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>", FileNotSupported, "web page"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            FileNotSupported,
            "2003",
        ),
        (b"MIME-Version: 1.0\n", FileNotSupported, "web archive"),
        (b"\x89PNG\r\n\x1a\n", FileNotSupported, "picture"),
        (b"SQLite format 3\0", FileNotSupported, "SQLite"),
        (b"Rar!\x1a\x07\0", FileNotSupported, "RAR"),
        (b'[{"a": 1}]', FileNotSupported, "JSON document in one piece"),
        (bytes(range(256)) * 8, FileNotSupported, "nobody here knows"),
        (package({"word/document.xml": "<w/>", "[Content_Types].xml": "<T/>"}), FileNotSupported, "Word document"),
        (package({"a.csv": "a", "b.csv": "b"}), FileNotSupported, r"2 files \(a.csv, b.csv\)"),
        (package({"mimetype": "application/vnd.oasis.opendocument.text"}), FileNotSupported, "opendocument.text"),
        (package({"[Content_Types].xml": "<Types/>"}), FileNotSupported, "no workbook"),
        (compound("EncryptedPackage", "EncryptionInfo"), FileEncrypted, "password"),
        (locked(4096), FileEncrypted, "password"),
        (locked(2634), FileEncrypted, "password"),
        (compound("WordDocument"), FileNotSupported, "Word document"),
        (compound("Workbook"), FileBroken, "xls file cannot be read"),
        (b"\x09\x04\x06\x00", FileNotSupported, "Excel 4 or older"),
    ],
)
def test_what_is_no_spreadsheet_is_named(
    content: bytes, error: type[NarrowboatError], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says):
        read(content, tmp_path)


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    made = bytearray(package(parts(sheet(""))))
    for found in re.finditer(b"PK\x01\x02", bytes(made)):
        made[found.start() + 8] |= 1
    with pytest.raises(FileEncrypted):
        read(bytes(made), tmp_path)


def test_a_wrong_check_sum_is_found_at_the_end(tmp_path: Path) -> None:
    content = sheet(row(1, "<c><v>1</v></c>")).encode()
    made = package(parts(content)).replace(struct.pack("<I", zlib.crc32(content)), b"\0\0\0\0")
    with pytest.raises(FileBroken, match="check sum"):
        read(made, tmp_path)


def test_a_sheet_that_ends_within_its_rows_is_refused(tmp_path: Path) -> None:
    begun = f'<worksheet xmlns="{MAIN}"><sheetData>' + row(1, "<c><v>1</v></c>")
    with pytest.raises(FileBroken, match="cut off after row 1"):
        read(package(parts(begun)), tmp_path)
