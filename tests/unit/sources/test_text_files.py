"""csv, tsv and jsonl as people have them: any encoding, any delimiter, any damage."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from narrowboat.data.sheet import SheetInfo, SheetRow
from narrowboat.data.sources.spreadsheet import FileLimits, open_book
from narrowboat.errors import BadParameter, FileBroken, FileNotSupported, FileTooLarge, UnknownSheet


def read(
    content: bytes, folder: Path, *, after: int = 0, limits: FileLimits | None = None, encoding: str | None = None
) -> tuple[SheetInfo, list[SheetRow]]:
    path = folder / "upload.xlsx"  # its name is not asked
    path.write_bytes(content)
    book = open_book(path, limits=limits, encoding=encoding)
    try:
        (info,) = book.sheets()
        return info, [row for block in book.open(0, after=after) for row in block.rows]
    finally:
        book.close()


TABLE = [["name", "town", "amount"], ["Zoë", "Zürich", "1,5"], ["Ève", "Genève", "2,5"]]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_delimiter_is_found(delimiter: str, tmp_path: Path) -> None:
    text = "\r\n".join(delimiter.join(f'"{c}"' if delimiter in c else c for c in row) for row in TABLE)
    info, rows = read(text.encode(), tmp_path)
    assert info.guessed == {"delimiter": delimiter}
    assert rows == [(number, tuple(row)) for number, row in enumerate(TABLE, 1)]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("price;size\n1,5;2,5\n3,5;4,5\n", ";"),
        ("a,b\n1;x,2;y\n3;z,4\n", ","),
        ('name,note\nx,"a;b;c"\ny,"d;e;f"\n', ","),
        ("title\n\nname\ttown, country\nx\tRome, Italy\n", "\t"),
        ("one column\nof text, with a comma\nand without\nand again\n", ","),
        ("sep=|\na,b|c\nd,e|f\n", "|"),
    ],
)
def test_the_delimiter_is_what_cuts_the_records_alike(text: str, delimiter: str, tmp_path: Path) -> None:
    assert read(text.encode(), tmp_path)[0].guessed["delimiter"] == delimiter


def test_a_line_that_declares_the_delimiter_is_no_row(tmp_path: Path) -> None:
    assert read(b"sep=;\r\na;b\r\n", tmp_path)[1] == [(1, ("a", "b"))]


FRENCH = "Prénom;Ville\r\nÉlodie;Besançon\r\nJérôme;Orléans\r\nChloé;Nîmes\r\n"
RUSSIAN = "Имя;Город\r\nИван;Москва\r\nОльга;Казань\r\nСергей;Новосибирск\r\n"  # noqa: RUF001
POLISH = "Imię;Miasto\r\nŁukasz;Łódź\r\nGrażyna;Gdańsk\r\nZbigniew;Kraków\r\nWójcik;Dąbrowa\r\n"
GREEK = "Όνομα;Πόλη\r\nΓιώργος;Αθήνα\r\nΜαρία;Θεσσαλονίκη\r\nΝίκος;Πάτρα\r\n"  # noqa: RUF001
JAPANESE = "名前,住所\r\n山田太郎,東京都新宿区\r\n佐藤花子,大阪市北区\r\n鈴木一郎,名古屋市中区\r\n"
CHINESE = "姓名,城市\r\n张伟,北京市\r\n王芳,上海市\r\n李娜,广州市\r\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "utf-16"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        (FRENCH, "cp1252"),
        (FRENCH, "latin-1"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (POLISH, "cp1250"),
        (GREEK, "cp1253"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "utf-16"),
        (CHINESE, "gb18030"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str, tmp_path: Path) -> None:
    info, rows = read(text.encode(encoding), tmp_path)
    delimiter = info.guessed["delimiter"]
    assert rows == [(n, tuple(line.split(delimiter))) for n, line in enumerate(text.splitlines(), 1)]
    assert ("encoding" in info.guessed) == (not encoding.startswith("utf-8") and encoding != "utf-16")


def test_what_is_not_utf_8_is_noticed_wherever_it_comes(tmp_path: Path) -> None:
    text = "name,town\n" + "plain,text\n" * 200_000 + "Müller,Köln\nJürgen,Düren\nBärbel,Fürth\n"
    info, rows = read(text.encode("cp1252"), tmp_path)
    assert info.guessed["encoding"] == "cp1252"
    assert rows[-1][1] == ("Bärbel", "Fürth")


def test_an_encoding_that_is_given_is_believed(tmp_path: Path) -> None:
    assert read("ł,ą\n".encode("cp1250"), tmp_path, encoding="cp1250")[1] == [(1, ("ł", "ą"))]
    with pytest.raises(FileBroken, match="no ascii"):
        read("ł,ą\n".encode("cp1250"), tmp_path, encoding="ascii")
    with pytest.raises(BadParameter, match="no encoding 'klingon'"):
        read(b"a", tmp_path, encoding="klingon")


def test_rows_count_records_as_a_spreadsheet_program_does(tmp_path: Path) -> None:
    text = 'a,b\n\n"two\nlines",x\n,,\nlast,\n'
    assert read(text.encode(), tmp_path)[1] == [(1, ("a", "b")), (3, ("two\nlines", "x")), (5, ("last",))]


def test_reading_goes_on_below_a_row(tmp_path: Path) -> None:
    text = "".join(f'{n},"x\ny"\n' for n in range(1, 2001)).encode()
    whole = read(text, tmp_path)[1]
    for after in (0, 1, 499, 500, 501, 1999, 2000, 5000):
        assert read(text, tmp_path, after=after)[1] == [row for row in whole if row[0] > after]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ('a,b\n1,2\n"open,3\n4,5\n', FileBroken, "opened on line 3 and never closed"),
        ('sep=,\na\n"open\n', FileBroken, "opened on line 3 and never closed"),
        ("a,b\n1,\0\n", FileBroken, "Line 2 has a NUL"),
        ("a,b\n1," + "x" * 1001, FileTooLarge, "begins on line 2 has more than 1,000 characters"),
        ('a,b\n"' + "x\n" * 1000, FileTooLarge, "begins on line 2"),
        ("," * 16_384, FileBroken, "16,385 fields"),
    ],
)
def test_what_is_broken_is_named_with_its_line(text: str, error: type[Exception], says: str, tmp_path: Path) -> None:
    if says.startswith("16,385"):
        text += "x"
    with pytest.raises(error, match=says):
        read(text.encode(), tmp_path, limits=FileLimits(text=1000))


def test_an_endless_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge, match="Line 1 has more than 16,777,216 characters"):
        read(b"a," * (9 << 20), tmp_path)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge, match=r"at most 0\.0 MiB"):
        read(b"a,b\n", tmp_path, limits=FileLimits(file=3))


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n")
    book = open_book(path)
    with pytest.raises(UnknownSheet, match="no sheet 'People'"):
        book.open("People")
    book.close()


RECORDS = [{"id": 1, "name": "Zoë"}, {"name": "x", "more": [1, {"a": None}]}, {"id": None, "name": ""}, {"ok": True}]


def test_jsonl_has_names_and_no_header_row(tmp_path: Path) -> None:
    content = "\n\n".join(json.dumps(record) for record in RECORDS).encode()
    info, rows = read(b"\xef\xbb\xbf" + content, tmp_path)
    assert (info.names, info.rows) == (("id", "name", "more", "ok"), 7)
    assert rows == [(1, (1, "Zoë")), (3, (None, "x", '[1, {"a": null}]')), (7, (None, None, None, True))]
    assert read(gzip.compress(content), tmp_path, after=1)[1] == rows[1:]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "Line 2 is no JSON"),
        (b"[1]", "Line 2 is JSON, but no object"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": ' + b"[" * 100_000, "Line 2 is no JSON"),
        (b'{"a": "\xff"}', "Line 2 is no JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "Line 2 is no JSON"),
    ],
)
def test_a_broken_line_of_jsonl_is_named(line: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(FileBroken, match=says):
        read(b'{"a": 1}\n' + line, tmp_path)


def test_a_number_that_no_float_holds_is_text(tmp_path: Path) -> None:
    assert read(b'{"a": 1e999}\n{"a": -1e999}\n{"a": 1.5}', tmp_path)[1] == [(1, ("inf",)), (2, ("-inf",)), (3, (1.5,))]


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    assert read(b'{"a": "x\\ud800y"}', tmp_path)[1] == [(1, ("x\ufffdy",))]
    assert read(b'{"a": ["\\ud800"]}', tmp_path)[1] == [(1, ('["\ufffd"]',))]


def test_text_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotSupported, match="nobody here knows"):
        read(b"\x01\x02\x03abc" * 100, tmp_path)
