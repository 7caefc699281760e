"""The pages on sinks: their examples work, and they know every option."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from narrowboat.cli.config import SINK, build
from narrowboat.data.sinks import S3, Folder

HOWTO = Path(__file__).parents[3] / "docs/howto"
PAGES = ("store-on-s3", "limit-disk-use")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (HOWTO / f"{page}.md").read_text(), re.S)


@pytest.mark.parametrize("page", PAGES)
def test_every_example_runs(page: str, tmp_path: Path) -> None:
    for example in blocks(page, "python"):
        done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "kind"), [("store-on-s3", S3), ("limit-disk-use", Folder)])
def test_every_file_is_read(page: str, kind: type, tmp_path: Path) -> None:
    for example in blocks(page, "toml"):
        nb = build(tomllib.loads(example), tmp_path / "narrowboat.toml")
        assert isinstance(nb.sink, kind)


def test_the_limits_on_the_page_are_those_of_the_sink(tmp_path: Path) -> None:
    (example,) = blocks("limit-disk-use", "toml")
    nb = build(tomllib.loads(example), tmp_path / "narrowboat.toml")
    assert (nb.sink.room.quota, nb.sink.room.keep_free) == (20 * 10**9, 10**9)


def test_every_option_is_in_the_table() -> None:
    table = "\n".join(line for line in (HOWTO / "store-on-s3.md").read_text().splitlines() if line.startswith("|"))
    options = [name for name in inspect.signature(S3.__init__).parameters if name not in ("self", "bucket")]
    assert [name for name in options if f"`{name}`" not in table] == []
    assert [key for key in SINK if f"`{key}`" not in table and key not in ("bucket", "kms_key")] == []


def test_botocore_is_loaded_by_nobody_who_does_not_send(tmp_path: Path) -> None:
    code = (
        "import sys; from narrowboat import Narrowboat; from narrowboat.data.sinks import S3\n"
        "nb = Narrowboat('sqlite:///nb.db', sink=S3('exports')); nb.runner('w'); nb.purge()\n"
        "assert 'botocore' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
