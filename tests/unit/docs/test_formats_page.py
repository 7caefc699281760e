"""The page about formats names every format, option and code, and its example runs."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from narrowboat.data.format import Alteration
from narrowboat.data.formats import FORMATS, format_named
from narrowboat.data.formats.csv import DIALECTS
from narrowboat.errors import BadParameter

PAGE = (Path(__file__).parents[3] / "docs/reference/formats.md").read_text()


def test_every_format_is_in_the_table_with_its_media_type() -> None:
    for name in FORMATS:
        (line,) = [line for line in PAGE.splitlines() if line.startswith("| `") and f"`{name}`" in line.split("|")[1]]
        assert line.endswith(f"| `{format_named(name).media_type}` |")
        assert ("| yes |" in line) != format_named(name).spools
        assert ("several" in line or "all tables" in line or name == "xlsx.gz") == format_named(name).several_tables


def test_every_dialect_and_option_of_csv_is_explained() -> None:
    with pytest.raises(BadParameter) as refused:
        format_named("csv", {"unknown": True})
    options = str(refused.value).split("Options: ")[1].rstrip(".").split(", ")
    for word in [*options, *DIALECTS]:
        assert re.search(rf"^\|.*`{word}`", PAGE, re.M), word


def test_every_code_of_an_alteration_is_explained() -> None:
    (stable,) = re.findall(r'"""Stable: (.*?)"""', inspect.getsource(Alteration), re.S)
    for code in re.findall(r"`([\w-]+)`", stable):
        assert re.search(rf"^\|.*`{code}`.*\|", PAGE, re.M), code


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    subprocess.run([sys.executable, "-c", example], check=True)
