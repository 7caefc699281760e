from __future__ import annotations

import subprocess
import sys

import pytest

from narrowboat.data.formats import FORMATS, format_named
from narrowboat.errors import BadParameter, MissingExtra, UnknownFormat


def test_every_format_comes_plain_gzipped_and_zipped() -> None:
    plain = ["xlsx", "csv", "jsonl", "parquet"]
    assert list(FORMATS) == plain + [f"{name}.gz" for name in plain] + [f"{name}.zip" for name in plain]


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_the_extension_it_is_called_by(name: str) -> None:
    format = format_named(name)
    assert format.extension == name
    assert "/" in format.media_type


@pytest.mark.parametrize("name", ["", "xls", "CSV", "csv.bz2", ".gz", "csv.gz.zip"])
def test_an_unknown_name_lists_what_there_is(name: str) -> None:
    with pytest.raises(UnknownFormat, match=r"xlsx, csv, jsonl, parquet, xlsx\.gz"):
        format_named(name)


def test_options_reach_the_format_inside_an_envelope() -> None:
    assert format_named("csv.gz", {"dialect": "tsv"}).extension == "tsv.gz"
    with pytest.raises(BadParameter):
        format_named("csv.zip", {"dialect": "none"})


def test_the_manifest_can_name_every_build_that_made_the_bytes() -> None:
    assert format_named("csv").codec == ""
    assert format_named("csv.gz").codec.startswith("isal ")
    assert format_named("xlsx.zip").codec.count("isal ") == 1
    assert format_named("parquet.gz").codec.startswith("pyarrow ")
    assert "isal" in format_named("parquet.gz").codec


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("csv", ["xlsx", "jsonl", "compressed", "isal", "pyarrow", "decimal", "uuid", "zoneinfo"]),
        ("csv.gz", ["xlsx", "pyarrow"]),
        ("parquet", ["pyarrow", "xlsx", "isal"]),
        ("xlsx", ["formats.csv", "jsonl", "pyarrow"]),
    ],
)
def test_asking_for_one_format_imports_no_other(name: str, absent: list[str]) -> None:
    program = (  # a package without what the real one re-exports
        "import sys, types\n"
        "package = types.ModuleType('narrowboat'); package.__path__ = [sys.argv[1]]\n"
        "sys.modules['narrowboat'] = package\n"
        "from narrowboat.data.formats import format_named\n"
        "format_named(sys.argv[2])\n"
        "print(*sys.modules)\n"
    )
    source = __import__("narrowboat").__path__[0]
    ran = subprocess.run([sys.executable, "-c", program, source, name], capture_output=True, text=True, check=True)
    assert [word for word in absent if word in ran.stdout] == []


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install narrowboat\[parquet\]"):
        format_named("parquet")
